// A large page against its journal, as a user compares them: the same, and with one number wrong,
// whose events are then found.

#include <fmt/format.h>

#include <fstream>

#include "journal/open.hpp"
#include "metrics/exposition.hpp"
#include "replay/replayer.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/filled_journal.hpp"
#include "tools/command_line.hpp"
#include "tools/metric_view.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr std::int64_t events = 100'000;
// Each image has ten series: its operations with their outcomes, its states, what is timed by it.
constexpr std::int64_t images = 1'000;

Result<std::string> page_of(const std::string& path) {
    auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    const auto head = (*reader)->head();
    if (!head) return tl::unexpected<Error>(head.error());
    const auto past = replay::replay(**reader, {.to = head->position});
    if (!past) return tl::unexpected<Error>(past.error());
    return expose_text(snapshot(past->fold.pool, past->tallies, past->fold.world.texts, {}),
                       info_of(*past, {}));
}

std::size_t series_of(const std::string& page) {
    const auto scrape = parse_exposition(page);
    std::size_t series = 0;
    if (scrape)
        for (const auto& family : scrape->families) series += family.series.size();
    return series;
}

Result<void> write_page(const std::string& path, const std::string& page) {
    std::ofstream out(path, std::ios::binary);
    out << page << std::flush;
    if (!out) return fail(ErrorCode::io, path + " could not be written");
    return {};
}

// The first count of operations, with a digit more.
Result<std::string> miscounted(std::string page) {
    const auto line = page.find("\nduckgres_worker_lifecycle_transitions_total{");
    const auto end = page.find('\n', line + 1);
    if (line == std::string::npos || end == std::string::npos)
        return fail(ErrorCode::io, "the page to compare has no count of operations");
    return page.insert(end, "1");
}

struct Measured {
    double milliseconds = 0, megabytes = 0;
};

Result<Measured> compared(const Options& options, const std::string& journal,
                          const std::string& page, int expected) {
    std::vector<double> took;
    std::int64_t most = 0;
    for (int round = 0; round < options.rounds; ++round) {
        auto ran = run_self({"diff", journal, "--against", page}, expected);
        if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
        took.push_back(ran->seconds * 1e3);
        most = std::max(most, ran->most_memory_bytes);
    }
    return Measured{median(took), static_cast<double>(most) / 1e6};
}

}  // namespace

Result<void> measure_diff(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/diff.db";
    FENCELINE_TRY(fill_journal(path, events, images));
    const auto page = page_of(path);
    if (!page) return tl::unexpected<Error>(page.error());
    const auto wrong = miscounted(*page);
    if (!wrong) return tl::unexpected<Error>(wrong.error());
    FENCELINE_TRY(write_page(path + ".same", *page));
    FENCELINE_TRY(write_page(path + ".wrong", *wrong));

    const auto same = compared(options, path, path + ".same", exit_done);
    if (!same) return tl::unexpected<Error>(same.error());
    const auto differs = compared(options, path, path + ".wrong", exit_differs);
    if (!differs) return tl::unexpected<Error>(differs.error());
    figures.push_back({"diff",
                       fmt::format("diff of {} series, {} events", series_of(*page), events), "ms",
                       same->milliseconds});
    figures.push_back({"diff_memory", "... memory at most", "MB", same->megabytes});
    figures.push_back(
        {"diff_found", "... one number wrong, its events found", "ms", differs->milliseconds});
    figures.push_back({"diff_found_memory", "... memory at most", "MB", differs->megabytes});
    return {};
}

}  // namespace fenceline::tools::bench
