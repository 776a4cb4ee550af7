// The incident page of a full window: how long it takes to make, how large it is, and how much
// memory the program took at most by then.

#include <sys/resource.h>

#include <chrono>

#include "journal/open.hpp"
#include "replay/report/model.hpp"
#include "replay/report/page.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/filled_journal.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr std::int64_t page_events = 200'000;

double peak_megabytes() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
}

}  // namespace

Result<void> measure_report(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/report.db";
    FENCELINE_TRY(fill_journal(path, page_events));
    std::vector<double> seconds;
    std::size_t bytes = 0;
    for (int round = 0; round < options.rounds; ++round) {
        auto reader = open_reader(path);
        if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
        const auto head = (*reader)->head();
        if (!head) return tl::unexpected<Error>(head.error());
        const auto start = std::chrono::steady_clock::now();
        const auto model = replay::report::model_of(**reader, {.to = head->position});
        if (!model) return tl::unexpected<Error>(model.error());
        bytes = replay::report::page_of(*model, {.title = "bench"}).size();
        seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    using enum Figure::Goal;
    figures.push_back({"report", "incident page of 200000 events, 20000 workers", "s",
                       median(seconds), 0, 5, at_most});
    figures.push_back({"report_size", "size of that page", "MB", static_cast<double>(bytes) / 1e6,
                       0, 10, at_most});
    figures.push_back(
        {"report_memory", "most memory of the program by then", "MiB", peak_megabytes()});
    return {};
}

}  // namespace fenceline::tools::bench
