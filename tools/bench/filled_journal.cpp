#include "tools/bench/filled_journal.hpp"

#include "events/limits.hpp"
#include "journal/lifecycle_store.hpp"

namespace fenceline::tools::bench {

Result<void> fill(LifecycleStore& store, std::int64_t events, std::int64_t images) {
    const Ask ask{.caller = "cp-a:boot-1", .origin = Origin::public_api};
    std::vector<Command> commands;
    const auto run = [&]() -> Result<void> {
        for (auto& answer : store.apply(commands))
            if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
        commands.clear();
        return {};
    };
    constexpr std::int64_t events_per_life = 10;
    for (std::int64_t id = 1; id * events_per_life <= events; ++id) {
        const std::string image = "registry/duck:v1." + std::to_string(id % images);
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
    return run();
}

Result<void> fill_journal(const std::string& path, std::int64_t events, std::int64_t images) {
    auto store = LifecycleStore::open(
        {.path = path, .create = true, .instance = "bench", .heartbeat_resolution = {}});
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    FENCELINE_TRY(fill(**store, events, images));
    return (*store)->close();
}

}  // namespace fenceline::tools::bench
