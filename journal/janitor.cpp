// The janitor sweep: the leader's one call that ends what nobody answers for any more.

#include "journal/lifecycle_store.hpp"

namespace fenceline {

namespace {

// What one step of the sweep asks of the rows that it listed. Every row is judged on its own; a
// miss is an answer among the others, and an error ends the sweep.
template <typename Make>
Result<void> retire_each(LifecycleStore& store, const Result<std::vector<WorkerSnapshot>>& rows,
                         std::vector<Answer>& answers, Make&& make) {
    if (!rows) return tl::unexpected<Error>(rows.error());
    std::vector<Command> commands;
    commands.reserve(rows->size());
    for (const WorkerSnapshot& row : *rows) commands.push_back(make(row));
    for (auto& answer : store.apply(commands)) {
        if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
        answers.push_back(std::move(*answer));
    }
    return {};
}

}  // namespace

Result<SweepReport> LifecycleStore::janitor_sweep(const SweepOptions& options, const Ask& ask) {
    SweepReport report;
    const Time now = clock().now();
    const auto as = [&](Origin origin) { return Ask{.caller = ask.caller, .origin = origin}; };

    const Ask leader = as(ask.origin);
    auto stale = cp_expire_stale(now - options.instance_stale, leader);
    if (!stale) return tl::unexpected<Error>(std::move(stale.error()));
    report.expired_stale = std::move(stale->expired);
    auto draining = cp_expire_draining(now - options.instance_draining, leader);
    if (!draining) return tl::unexpected<Error>(std::move(draining.error()));
    report.expired_draining = std::move(draining->expired);

    FENCELINE_TRY(retire_each(
        *this, orphaned(now - options.orphan_grace), report.orphans, [&](const auto& row) {
            return Command{as(Origin::janitor_orphan),
                           RetireOrphan{row, std::string(retire_reason::orphaned)}};
        }));
    FENCELINE_TRY(retire_each(
        *this, stuck(now - options.stuck_spawning, now - options.stuck_activating), report.stuck,
        [&](const auto& row) {
            return Command{as(Origin::janitor_stuck_activating),
                           RetireFromSnapshot{row, State::retired,
                                              std::string(retire_reason::stuck_activating)}};
        }));
    FENCELINE_TRY(retire_each(
        *this, expired_hot_idle(now - options.hot_idle_ttl), report.hot_idle, [&](const auto& row) {
            return Command{
                as(Origin::janitor_hot_idle_ttl),
                RetireIdleVariant{row, std::string(retire_reason::hot_idle_ttl_expired)}};
        }));
    return report;
}

}  // namespace fenceline
