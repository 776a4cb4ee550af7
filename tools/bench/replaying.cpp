// Folding a file from its first event, and opening it again, against a bare scan of its rows.

#include <chrono>
#include <filesystem>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tools/bench/bare_sqlite.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/filled_journal.hpp"

namespace fenceline::tools::bench {

namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

}  // namespace

Result<void> measure_replay(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/replay.db";
    const std::string bare_path = options.folder + "/replay-bare.db";
    FENCELINE_TRY(fill_journal(path, options.events));
    FENCELINE_TRY(BareSqlite::copy_events(path, bare_path));

    std::vector<double> ours, theirs, reopened;
    for (int round = 0; round < options.rounds; ++round) {
        auto bare = BareSqlite::open(bare_path);
        if (!bare) return tl::unexpected<Error>(std::move(bare.error()));
        auto start = Steady::now();
        auto scanned = (*bare)->scan();
        if (!scanned) return tl::unexpected<Error>(std::move(scanned.error()));
        theirs.push_back(static_cast<double>(scanned->rows) / seconds_since(start));

        auto reader = open_reader(path);
        if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
        auto head = (*reader)->head();
        if (!head) return tl::unexpected<Error>(std::move(head.error()));
        Fold fold;
        FoldSink sink(fold);
        start = Steady::now();
        FENCELINE_TRY((*reader)->read({}, head->position, sink));
        ours.push_back(static_cast<double>(head->position.value) / seconds_since(start));
        if (head->position.value != scanned->rows)
            return fail(ErrorCode::corrupt, "both sides must read the same rows");

        start = Steady::now();
        auto store = LifecycleStore::open({.path = path, .instance = "bench"});
        if (!store) return tl::unexpected<Error>(std::move(store.error()));
        reopened.push_back(seconds_since(start) * 1e3);
    }
    using enum Figure::Goal;
    figures.push_back({"replay", "replay of a file, all projections", "events/s", median(ours),
                       median(theirs), 0.5, ratio_at_least});
    figures.push_back({"reopen",
                       "opening a journal of " + std::to_string(options.events) + " events", "ms",
                       median(reopened)});
    return {};
}

}  // namespace fenceline::tools::bench
