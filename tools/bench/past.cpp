// A past moment of a long journal, asked for as a user asks: from the nearest checkpoint.

#include <fmt/format.h>

#include "journal/open.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/child.hpp"
#include "tools/bench/filled_journal.hpp"

namespace fenceline::tools::bench {

Result<void> measure_past(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/past.db";
    FENCELINE_TRY(fill_journal(path, options.events));
    auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    auto head = (*reader)->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));

    using enum Figure::Goal;
    std::int64_t most = 0;
    for (const int percent : {10, 50, 90}) {
        std::vector<double> took;
        for (int round = 0; round < options.rounds; ++round) {
            const auto at = fmt::format("#{}", head->position.value / 100 * percent);
            auto ran = run_self({"metrics", path, "--at", at});
            if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
            took.push_back(ran->seconds * 1e3);
            most = std::max(most, ran->most_memory_bytes);
        }
        figures.push_back(
            {fmt::format("past_{}", percent),
             fmt::format("metrics --at {} % of {} events", percent, head->position.value), "ms",
             median(took), 0, 1'000, at_most});
    }
    figures.push_back({"past_memory", "... memory at most", "MB", static_cast<double>(most) / 1e6});
    return {};
}

}  // namespace fenceline::tools::bench
