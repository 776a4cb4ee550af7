// `fenceline verify`: the whole journal held against itself.

#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"

namespace fenceline::tools {

namespace {

struct VerifyOptions {
    std::string path;
    std::vector<std::string> anchors;
};

Json verification_json(const replay::Verification& done) {
    Json findings = Json::array();
    for (const auto& finding : done.findings) {
        Json one{{"position", finding.position.value}, {"what", finding.what}};
        if (finding.lasted) {
            one["until"] = finding.until ? Json(finding.until->value) : Json(nullptr);
            one["lasted_ns"] = finding.lasted->ns;
        }
        findings.push_back(std::move(one));
    }
    return {{"sound", done.sound()},
            {"position", done.head.position.value},
            {"anchor", to_text(replay::Anchor{done.head.position, done.head.chain})},
            {"events", done.events},
            {"commits", done.commits},
            {"flushes", done.flushes},
            {"checkpoints", done.checkpoints},
            {"found", done.found},
            {"findings", std::move(findings)}};
}

std::string text_of(const replay::Verification& done) {
    std::string out;
    for (const auto& finding : done.findings) {
        out += fmt::format("#{}: {}", finding.position.value, printable(finding.what));
        if (finding.until)
            out += fmt::format("; for {}, until #{}", human_duration(finding.lasted->ns),
                               finding.until->value);
        else if (finding.lasted)
            out += fmt::format("; for {}, to the end", human_duration(finding.lasted->ns));
        out += '\n';
    }
    const auto untold = done.found - static_cast<std::int64_t>(done.findings.size());
    if (untold > 0) out += fmt::format("... and {} more\n", untold);
    return out + fmt::format("{}: {} events in {} commits, {} flushes, {} checkpoints; head {}\n",
                             done.sound() ? "sound" : "NOT SOUND", done.events, done.commits,
                             done.flushes, done.checkpoints,
                             to_text(replay::Anchor{done.head.position, done.head.chain}));
}

int verify(const VerifyOptions& options, const Context& context) {
    replay::VerifyOptions asked;
    for (const auto& text : options.anchors) {
        const auto anchor = replay::parse_anchor(text);
        if (!anchor) return wrong_usage("verify", anchor.error().text, anchor.error().hint);
        asked.anchors.push_back(*anchor);
    }
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    ProgressBar bar(context, "verifying");
    asked.progress = bar.callback();
    const auto done = replay::verify(**reader, asked);
    if (!done) return report(options.path, done.error());
    write_out(context.json ? line_of(verification_json(*done)) : text_of(*done));
    return done->sound() ? exit_done : exit_differs;
}

}  // namespace

void add_verify(CommandLine& line) {
    auto options = std::make_shared<VerifyOptions>();
    line.command("verify", "hold the whole journal against itself: chain, order, legality")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--anchor", "POSITION:HASH", options->anchors,
                "a head that was kept elsewhere; may be given more than once")
        .note(
            "Checks the hash chain, the order, the legality of every transition, what must hold\n"
            "after each event, and each checkpoint against a fold from the first event. Exit code "
            "1 when anything is found.")
        .example("fenceline verify pool.db")
        .example("fenceline verify pool.db --anchor \"$(cat /elsewhere/pool.anchor)\" --json")
        .run([options](Context& context) { return verify(*options, context); });
}

}  // namespace fenceline::tools
