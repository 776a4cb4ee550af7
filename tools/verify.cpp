// `fenceline verify`: the whole journal held against itself.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "journal/anchor_file.hpp"
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

Json verification_json(const replay::Verification& done, std::size_t anchors) {
    Json findings = Json::array();
    for (const auto& finding : done.findings) {
        Json one{{"position", finding.position.value}, {"what", finding.what}};
        if (finding.lasted) {
            one["until"] = finding.until ? Json(finding.until->value) : Json(nullptr);
            one["lasted_ns"] = finding.lasted->ns;
        }
        findings.push_back(std::move(one));
    }
    Json notes = Json::array();
    for (const auto& note : done.notes)
        notes.push_back({{"position", note.position.value}, {"what", note.what}});
    return {{"sound", done.sound()},
            {"begins_after", done.beginning.position.value},
            {"source", done.source},
            {"redacted", done.redacted},
            {"position", done.head.position.value},
            {"anchor", to_text(replay::Anchor{done.head.position, done.head.chain})},
            {"events", done.events},
            {"commits", done.commits},
            {"flushes", done.flushes},
            {"checkpoints", done.checkpoints},
            {"anchors", anchors},
            {"notes", std::move(notes)},
            {"found", done.found},
            {"findings", std::move(findings)}};
}

template <typename Number>
std::string counted(Number number, const char* what, const char* plural = "s") {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : plural);
}

// Where it begins, when that is not the first event.
std::string beginning_of(const replay::Verification& done) {
    std::string out;
    if (done.beginning.position.given())
        out += fmt::format("the base at #{}, ", done.beginning.position.value);
    if (!done.redacted.empty()) out += fmt::format("without {}, ", printable(done.redacted));
    return out;
}

std::string text_of(const replay::Verification& done, std::size_t anchors) {
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
    for (const auto& note : done.notes) out += "note: " + note.what + "\n";
    const auto untold = done.found - static_cast<std::int64_t>(done.findings.size());
    if (untold > 0) out += fmt::format("... and {} more\n", untold);
    const auto held = anchors - static_cast<std::size_t>(done.not_held);
    return out + fmt::format("{}: {}{} in {}, {}, {}, {}; head {}\n",
                             done.sound() ? "sound" : "NOT SOUND", beginning_of(done),
                             counted(done.events, "event"), counted(done.commits, "commit"),
                             counted(done.flushes, "flush", "es"),
                             counted(done.checkpoints, "checkpoint"),
                             held == 0 ? "no anchor" : counted(held, "anchor"),
                             to_text(replay::Anchor{done.head.position, done.head.chain}));
}

replay::Anchor anchor_of(const StoredAnchor& stored) {
    return {stored.position, stored.chain, stored.journal};
}

// POSITION:HASH, or a file: one that a store keeps, or one line as `fenceline anchor` prints it.
Result<replay::Anchor> asked_anchor(const std::string& text) {
    auto spelled = replay::parse_anchor(text);
    if (spelled || ::access(text.c_str(), F_OK) != 0) return spelled;
    const auto stored = read_anchor(text);
    if (stored && *stored) return anchor_of(**stored);
    std::string line(200, '\0');
    if (std::filesystem::is_regular_file(text))
        std::ifstream(text).getline(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(line.find('\0'));
    if (auto kept = replay::parse_anchor(line)) return kept;
    if (!stored) return tl::unexpected<Error>(stored.error());
    return fail(ErrorCode::invalid_request, "there is no anchor in the file " + text);
}

// The one that a store keeps beside the journal. A damaged one is a finding: a disk that does that
// to one file did it to others.
void add_kept_anchor(const std::string& path, replay::VerifyOptions& asked) {
    const auto kept = read_anchor(path + "-anchor");
    if (!kept)
        asked.findings.push_back({{}, kept.error().text, {}, {}});
    else if (*kept)
        asked.anchors.push_back(anchor_of(**kept));
}

// Whose names were hidden has hashes of its own: an anchor of the journal that it was taken from,
// or of any other, tells nothing of it.
Result<void> check_redacted(Reader& reader, const std::vector<replay::Anchor>& anchors) {
    const auto base = reader.base();
    const auto id = reader.id();
    if (!base || !id || base->redacted.empty()) return {};
    for (const auto& anchor : anchors)
        if (!anchor.journal.empty() && anchor.journal != anchored_name(*id))
            return fail(ErrorCode::invalid_request,
                        "the anchor at #" + std::to_string(anchor.position.value) +
                            " is of another journal, and a redacted one has hashes of its own",
                        "verify the original with it, and this one without or with its own");
    return {};
}

// Somebody who verifies is not helped by being told to.
int report_unreadable(const std::string& path, Error error) {
    if (error.hint.find("fenceline verify") != std::string::npos)
        error.hint = "restore a backup (`fenceline backup` makes them), and keep this file";
    return report(path, error);
}

int verify(const VerifyOptions& options, const Context& context) {
    replay::VerifyOptions asked;
    for (const auto& text : options.anchors) {
        const auto anchor = asked_anchor(text);
        if (!anchor) return wrong_usage("verify", anchor.error().text, anchor.error().hint);
        asked.anchors.push_back(*anchor);
    }
    if (options.anchors.empty()) add_kept_anchor(options.path, asked);
    const auto held = asked.anchors.size();
    const auto reader = open_reader(options.path);
    if (!reader) return report_unreadable(options.path, reader.error());
    if (const auto fits = check_redacted(**reader, asked.anchors); !fits)
        return report(options.path, fits.error());
    ProgressBar bar(context, "verifying");
    asked.progress = bar.callback();
    const auto done = replay::verify(**reader, asked);
    if (!done) return report_unreadable(options.path, done.error());
    write_out(context.json ? line_of(verification_json(*done, held)) : text_of(*done, held));
    return done->sound() ? exit_done : exit_differs;
}

}  // namespace

void add_verify(CommandLine& line) {
    auto options = std::make_shared<VerifyOptions>();
    line.command("verify", "hold the whole journal against itself: chain, order, legality")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--anchor", "TEXT|FILE", options->anchors,
                "a head that was kept elsewhere (JOURNAL-anchor); may be given more than once")
        .note(
            "Checks the hash chain, the order, the legality of every transition, what must hold\n"
            "after each event, and each checkpoint against a fold from the first event. A store "
            "keeps an anchor beside its\n"
            "journal: with it a tail that was cut and an older copy in its place show too. One\n"
            "that is kept where nobody can write who writes the journal shows also what was done\n"
            "on purpose. Exit code 1 when anything is found.")
        .example("fenceline verify pool.db")
        .example("fenceline verify pool.db --anchor \"$(cat /elsewhere/pool.anchor)\" --json")
        .run([options](Context& context) { return verify(*options, context); });
}

}  // namespace fenceline::tools
