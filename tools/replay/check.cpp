// `fenceline replay --check`: journals decided again with today's transition table.

#include <array>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/decision_check.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/replay/corpus.hpp"
#include "tools/replay/modes.hpp"
#include "tools/report_window.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

using replay::Coverage;
using replay::Divergence;
using replay::Ending;
using replay::Judged;

constexpr std::array skip_keys{"senseless", "journal_failing", "tally_outdated", "unknown", "cut"};
static_assert(skip_keys.size() == replay::skips.size());

struct JudgedJournal {
    std::string path;
    Judged judged;
};

// All of them together.
struct Corpus {
    std::vector<JudgedJournal> journals;
    std::int64_t events = 0, decided = 0, diverged = 0;
    std::array<std::int64_t, replay::skips.size()> skipped{};
    Coverage coverage;
    int unreadable = 0;

    void add(std::string path, Judged judged) {
        events += judged.events;
        decided += judged.decided;
        diverged += judged.diverged;
        for (std::size_t i = 0; i < skipped.size(); ++i) skipped[i] += judged.skipped[i];
        coverage.add(judged.coverage);
        journals.push_back({std::move(path), std::move(judged)});
    }
};

std::string text_of(State state) {
    return std::string(to_text(state));
}

// --- JSON ----------------------------------------------------------------------------------------

Json state_json(State state) {
    return state == State::none ? Json(nullptr) : Json(to_text(state));
}

Json json_of(const TransitionRow& row) {
    return {{"state", state_json(row.from)},
            {"operation", to_text(row.operation)},
            {"to", to_text(row.to)},
            {"fences", row.fences}};
}

Json json_of(const Ending& ending) {
    if (ending.outcome == Outcome::none) return nullptr;  // no event at all
    Json out{
        {"outcome", to_text(ending.outcome)},
        {"failed_check",
         ending.failed_check == Check::none ? Json(nullptr) : Json(to_text(ending.failed_check))},
        {"worker", ending.worker.given() ? Json(ending.worker.value) : Json(nullptr)},
        {"from", state_json(ending.from)},
        {"to", state_json(ending.to)}};
    out["new_epoch"] = ending.new_epoch.given() ? Json(ending.new_epoch.value) : Json(nullptr);
    return out;
}

Json json_of(const Divergence& d) {
    Json out{{"position", d.position.value},
             {"at", tools::json_of(d.at)},
             {"operation", to_text(d.operation)},
             {"origin", to_text(d.origin)},
             {"caller", d.caller},
             {"recorded", json_of(d.recorded)},
             {"today", json_of(d.today)},
             {"row", d.row ? json_of(*d.row) : Json(nullptr)}};
    if (!d.instance.empty()) out["instance"] = d.instance;
    out["note"] = d.note;
    return out;
}

Json skipped_json(const std::array<std::int64_t, replay::skips.size()>& skipped) {
    Json out = Json::object();
    for (std::size_t i = 0; i < skipped.size(); ++i) out[skip_keys[i]] = skipped[i];
    return out;
}

Json json_of(const Coverage& coverage) {
    Json met = Json::array(), rows = Json::array(), refusals = Json::array();
    for (const auto& [what, count] : coverage.met()) {
        const auto [state, operation, outcome] = what;
        met.push_back({{"state", state_json(state)},
                       {"operation", to_text(operation)},
                       {"outcome", to_text(outcome)},
                       {"count", count}});
    }
    for (const auto& row : coverage.rows_never_taken()) rows.push_back(json_of(row));
    for (const auto& refusal : coverage.refusals_never_met())
        refusals.push_back(
            {{"operation", to_text(refusal.operation)}, {"check", to_text(refusal.check)}});
    return {{"met", std::move(met)},
            {"rows", transition_rows().size()},
            {"rows_never_taken", std::move(rows)},
            {"refusals", Coverage::possible_refusals().size()},
            {"refusals_never_met", std::move(refusals)}};
}

Json json_of(const Corpus& corpus) {
    Json journals = Json::array();
    for (const auto& [path, judged] : corpus.journals) {
        Json divergences = Json::array();
        for (const auto& d : judged.divergences) divergences.push_back(json_of(d));
        journals.push_back({{"journal", path},
                            {"position", judged.head.position.value},
                            {"events", judged.events},
                            {"decided", judged.decided},
                            {"skipped", skipped_json(judged.skipped)},
                            {"diverged", judged.diverged},
                            {"divergences", std::move(divergences)}});
    }
    return {{"same", corpus.diverged == 0},    {"events", corpus.events},
            {"decided", corpus.decided},       {"skipped", skipped_json(corpus.skipped)},
            {"diverged", corpus.diverged},     {"unreadable", corpus.unreadable},
            {"journals", std::move(journals)}, {"coverage", json_of(corpus.coverage)}};
}

// --- for people ----------------------------------------------------------------------------------

std::string text_of(const Ending& ending) {
    if (ending.outcome == Outcome::none) return "nothing";
    std::string text(to_text(ending.outcome));
    if (ending.failed_check != Check::none)
        text += fmt::format(" ({})", to_text(ending.failed_check));
    if (ending.outcome == Outcome::transitioned && ending.to != State::none)
        text += ending.from == ending.to ? " in " + text_of(ending.to)
                : ending.from == State::none
                    ? " to " + text_of(ending.to)
                    : " " + text_of(ending.from) + " -> " + text_of(ending.to);
    if (ending.new_epoch.given()) text += fmt::format(", epoch {}", ending.new_epoch.value);
    return text;
}

std::string row_text(const TransitionRow& row) {
    return fmt::format("{} {} -> {}", row.from == State::none ? "-" : text_of(row.from),
                       to_text(row.operation), to_text(row.to));
}

std::string row_of(const Divergence& d) {
    if (d.row) return row_text(*d.row) + (d.row->fences.empty() ? "" : " [" + d.row->fences + "]");
    if (!acts_on_worker(d.operation)) return "none: not of the table";
    return fmt::format("none for {} {}", text_of(d.today.from), to_text(d.operation));
}

std::string divergences_text(const Corpus& corpus, const Context& context) {
    using enum Table::Align;
    std::string out;
    for (const auto& [path, judged] : corpus.journals) {
        if (judged.diverged == 0) continue;
        Table table({{"POSITION", right},
                     {"OPERATION"},
                     {"WORKER", right},
                     {"CALLER"},
                     {"RECORDED"},
                     {"TODAY"},
                     {"ROW"},
                     {"NOTE"}});
        for (const auto& d : judged.divergences) {
            const auto worker = d.today.worker.given() ? d.today.worker : d.recorded.worker;
            table.row({std::to_string(d.position.value), std::string(to_text(d.operation)),
                       worker.given() ? std::to_string(worker.value) : "", d.caller,
                       text_of(d.recorded), text_of(d.today), row_of(d),
                       d.instance.empty() ? d.note : d.instance + " " + d.note});
        }
        if (corpus.journals.size() > 1) out += printable(path) + "\n";
        out += table.text(context);
        if (const auto more = judged.diverged - std::ssize(judged.divergences); more > 0)
            out += fmt::format("and {} more\n", more);
        out += "\n";
    }
    return out;
}

std::string met_text(const Coverage& coverage, const Context& context) {
    using enum Table::Align;
    Table table({{"STATE"}, {"OPERATION"}, {"OUTCOME"}, {"COUNT", right}});
    for (const auto& [what, count] : coverage.met()) {
        const auto [state, operation, outcome] = what;
        table.row({state == State::none ? "-" : text_of(state), std::string(to_text(operation)),
                   std::string(to_text(outcome)), std::to_string(count)});
    }
    return table.text(context);
}

std::string coverage_text(const Coverage& coverage) {
    const auto rows = coverage.rows_never_taken();
    const auto refusals = coverage.refusals_never_met();
    const auto all_rows = transition_rows().size();
    const auto all_refusals = Coverage::possible_refusals().size();
    std::string out = fmt::format(
        "{} combinations of state, operation and outcome\n{} of {} rows of the table were taken",
        coverage.met().size(), all_rows - rows.size(), all_rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
        out += (i == 0 ? "; never:\n  " : "\n  ") + row_text(rows[i]);
    out += fmt::format("\n{} of {} checks turned somebody away", all_refusals - refusals.size(),
                       all_refusals);
    Operation last = Operation::none;
    for (const auto& refusal : refusals) {
        if (last == Operation::none) out += "; never:";
        out +=
            refusal.operation == last ? ", " : fmt::format("\n  {}: ", to_text(refusal.operation));
        out += to_text(refusal.check);
        last = refusal.operation;
    }
    return out + "\n";
}

std::string text_of(const Corpus& corpus, const ReplayCommand& options, const Context& context) {
    std::string out = divergences_text(corpus, context);
    out += fmt::format("{} of {} events decided again", corpus.decided, corpus.events);
    if (corpus.journals.size() != 1) out += fmt::format(", in {} journals", corpus.journals.size());
    out += corpus.diverged == 0 ? ": all end as they were recorded\n"
                                : fmt::format(": {} end otherwise\n", corpus.diverged);
    for (std::size_t i = 0; i < corpus.skipped.size(); ++i)
        if (corpus.skipped[i] > 0)
            out += fmt::format("{} skipped: {}\n", corpus.skipped[i], to_text(replay::skips[i]));
    out += coverage_text(corpus.coverage);
    if (options.coverage) out += "\n" + met_text(corpus.coverage, context);
    return out;
}

// The exit code of what kept it from being judged, or none.
int judge(const std::string& path, const ReplayCommand& options, const Context& context,
          Corpus& corpus) {
    const auto reader = open_reader(path);
    if (!reader) return report(path, reader.error());
    // Nothing judged is not "same": a window that holds nothing is an error.
    const bool part = !options.from.empty() || !options.to.empty();
    const auto window =
        part ? report_window(**reader, options.from, options.to) : window_of(**reader, "", "");
    if (!window) return report_source(path, window.error());
    ProgressBar bar(context, "deciding " + path);
    auto judged = replay::check_decisions(
        **reader, {.after = window->after, .to = window->to, .progress = bar.callback()});
    if (!judged) return report(path, judged.error());
    corpus.add(path, std::move(*judged));
    return exit_done;
}

}  // namespace

int replay_check(const ReplayCommand& options, const Context& context) {
    const auto paths = corpus_of(options.paths);
    if (!paths) {
        print_error("replay", paths.error().text, paths.error().hint);
        return exit_journal;
    }
    Corpus corpus;
    int failed = exit_done;
    for (const auto& path : *paths) {
        const int code = judge(path, options, context, corpus);
        if (code == exit_usage) return code;
        if (code == exit_done) continue;
        ++corpus.unreadable;
        failed = code;
    }
    if (!corpus.journals.empty())
        write_out(context.json ? line_of(json_of(corpus)) : text_of(corpus, options, context));
    if (failed != exit_done) return failed;
    return corpus.diverged == 0 ? exit_done : exit_differs;
}

}  // namespace fenceline::tools
