// Folding a file from its first event, and opening it again, against a bare scan of its rows.

#include <chrono>
#include <filesystem>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tools/bench/bare_sqlite.hpp"
#include "tools/bench/bench.hpp"

namespace fenceline::tools::bench {

namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

// A journal of about `events` events: a pool whose workers are claimed, used, parked and drained.
Result<void> fill(const std::string& path, std::int64_t events) {
    auto store = LifecycleStore::open(
        {.path = path, .create = true, .instance = "bench", .heartbeat_resolution = {}});
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    const Ask ask{.caller = "cp-a:boot-1", .origin = Origin::public_api};
    std::vector<Command> commands;
    const auto run = [&]() -> Result<void> {
        for (auto& answer : (*store)->apply(commands))
            if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
        commands.clear();
        return {};
    };
    constexpr std::int64_t events_per_life = 10;
    for (std::int64_t id = 1; id * events_per_life <= events; ++id) {
        const std::string image = "registry/duck:v1." + std::to_string(id % 4);
        const auto lease = [&](std::int64_t epoch) {
            return LifecycleStore::lease_for(WorkerId{id}, ask.caller, Epoch{epoch}, image);
        };
        const std::string org = "org-" + std::to_string(id % 1'000);
        commands.push_back({ask, Spawn{.prefix = "worker", .image = image}});
        commands.push_back({ask, PublishIdle{lease(0)}});
        commands.push_back({ask, ClaimIdle{.org = org, .image = image}});
        commands.push_back({ask, BeginActivation{lease(1)}});
        commands.push_back({ask, CompleteActivation{lease(1)}});
        commands.push_back({ask, Drain{lease(0)}});  // a stale owner
        commands.push_back({ask, Park{lease(1)}});
        commands.push_back({ask, Drain{lease(1)}});
        commands.push_back({ask, ReportPodDeleted{WorkerId{id}}});
        commands.push_back({ask, RetireDrained{lease(1), "normal"}});
        if (commands.size() >= limits::batch_operations - events_per_life) FENCELINE_TRY(run());
    }
    FENCELINE_TRY(run());
    return (*store)->close();
}

}  // namespace

Result<void> measure_replay(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/replay.db";
    const std::string bare_path = options.folder + "/replay-bare.db";
    FENCELINE_TRY(fill(path, options.events));
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
