#include "journal/lifecycle_store.hpp"

#include <algorithm>
#include <new>
#include <tuple>

#include "events/invariant.hpp"
#include "journal/answer_builder.hpp"
#include "journal/open.hpp"
#include "journal/store_core.hpp"
#include "journal/upkeep_thread.hpp"
#include "projections/metrics.hpp"
#include "statemachine/lists.hpp"
#include "statemachine/minter.hpp"

namespace fenceline {

class LifecycleStore::Impl {
  public:
    explicit Impl(std::unique_ptr<StoreCore> core)
        : core_(std::move(core)),
          queue_({.run = [this](Batch& batch) { core_->run(batch); },
                  .afterwards = [this] { core_->housekeeping(); },
                  .aside = [this] { hand_aside(); }}),
          upkeep_([this] { core_->work_aside(); }) {}

    [[nodiscard]] StoreCore& core() { return *core_; }

    // One ticket, one commit: at most limits::batch_operations commands.
    [[nodiscard]] std::vector<Result<Answer>> submit(std::span<const Command> commands) {
        Ticket ticket(commands, core_->clock().elapsed());
        // In a child nobody is there who would end the parent's batch.
        const auto here = core_->same_process();
        if (!here)
            refuse(ticket, here.error());
        else if (!queue_.submit(ticket))
            refuse(ticket, {.code = ErrorCode::busy,
                            .text = "too many callers wait for the journal already"});
        FENCELINE_INVARIANT(ticket.answers.size() == commands.size(), "one answer per command");
        clean_up(ticket);
        return std::move(ticket.answers);
    }

    [[nodiscard]] std::vector<WorkerSnapshot> snapshots(const Fold& fold,
                                                        const std::vector<const Worker*>& rows) {
        std::vector<WorkerSnapshot> out;
        out.reserve(rows.size());
        for (const Worker* row : rows)
            out.push_back(Minter::snapshot(view_of(*row, fold.world.texts)));
        return out;
    }

    // A query whose rows are a selection over the world.
    template <typename Select>
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> list(Select&& select) {
        return core_->query([&](const Fold& fold) { return snapshots(fold, select(fold.world)); });
    }

  private:
    void hand_aside() {
        if (!core_->has_work_aside()) return;
        if (!core_->options().upkeep_thread || !upkeep_.wake()) core_->work_aside();
    }

    static void refuse(Ticket& ticket, const Error& error) {
        for (std::size_t i = 0; i < ticket.commands.size(); ++i)
            ticket.answers.emplace_back(tl::unexpected<Error>(error));
    }

    // On the thread that asked, with no lock held, and only for what is durable (I5). A retry that
    // replays an answer does not repeat it. Nothing may keep the caller from its answers now.
    void clean_up(const Ticket& ticket) noexcept {
        auto cleanup = ticket.cleanups.begin();
        for (const auto& answer : ticket.answers) {
            if (!answer || !answer->cleanup_scheduled || answer->replayed) continue;
            if (cleanup == ticket.cleanups.end()) return;  // nobody wants to hear of them
            try {
                core_->options().cleanup(*cleanup++);
            } catch (...) {
                // As lifecycle_store.hpp has it.
            }
        }
    }

    std::unique_ptr<StoreCore> core_;
    TicketQueue queue_;
    UpkeepThread upkeep_;
};

// --- opening and closing

LifecycleStore::LifecycleStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LifecycleStore::~LifecycleStore() {
    try {
        (void)close();
    } catch (const std::bad_alloc&) {
        // As after any other error.
    }
}

Result<std::unique_ptr<LifecycleStore>> LifecycleStore::open(StoreOptions options,
                                                             std::unique_ptr<Journal> journal) {
    auto core = StoreCore::open(std::move(options), std::move(journal));
    if (!core) return tl::unexpected<Error>(std::move(core.error()));
    return std::unique_ptr<LifecycleStore>(
        new LifecycleStore(std::make_unique<Impl>(std::move(*core))));
}

namespace {
Result<std::unique_ptr<Journal>> open_for(const StoreOptions& options, bool create) {
    return open_journal({.path = options.path,
                         .create = create,
                         .lock_timeout = options.lock_timeout,
                         .wal_reserve_bytes = options.wal_reserve_bytes,
                         .anchor_path = options.anchor_path});
}
}  // namespace

Result<std::unique_ptr<LifecycleStore>> LifecycleStore::open(StoreOptions options) {
    auto journal = open_for(options, options.create);
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    return open(std::move(options), std::move(*journal));
}

Result<void> LifecycleStore::close() {
    return impl_->core().close();
}

Result<void> LifecycleStore::reopen() {
    const StoreOptions& options = impl_->core().options();
    if (options.path.empty())
        return fail(ErrorCode::invalid_request, "this store was given its journal; pass a new one");
    auto journal = open_for(options, false);
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    return reopen(std::move(*journal));
}

Result<void> LifecycleStore::reopen(std::unique_ptr<Journal> journal) {
    return impl_->core().reopen(std::move(journal));
}

// --- operations

Result<Answer> LifecycleStore::apply(const Command& command) {
    return std::move(impl_->submit({&command, 1}).front());
}

std::vector<Result<Answer>> LifecycleStore::apply(std::span<const Command> commands) {
    std::vector<Result<Answer>> answers;
    answers.reserve(commands.size());
    while (!commands.empty()) {
        const auto some = commands.first(std::min(commands.size(), limits::batch_operations));
        commands = commands.subspan(some.size());
        try {
            for (auto& answer : impl_->submit(some)) answers.push_back(std::move(answer));
        } catch (const std::bad_alloc&) {
            // Of these nothing was done; those before have their answers.
            const Error error{.code = ErrorCode::io, .text = "out of memory"};
            for (std::size_t i = 0; i < some.size(); ++i)
                answers.emplace_back(tl::unexpected<Error>(error));
        }
    }
    return answers;
}

Result<Answer> LifecycleStore::spawn(const Spawn& what, const Ask& ask) {
    return apply(Command{ask, what});
}
Result<Answer> LifecycleStore::adopt(const WorkerView& row, const Ask& ask) {
    return apply(Command{ask, Adopt{row}});
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type takes none.
#define FENCELINE_LEASE_OPERATION(name, Asked)                                      \
    Result<Answer> LifecycleStore::name(const WorkerLease& lease, const Ask& ask) { \
        return apply(Command{ask, Asked{lease}});                                   \
    }
FENCELINE_LEASE_OPERATION(publish_idle, PublishIdle)
FENCELINE_LEASE_OPERATION(publish_reserved, PublishReserved)
FENCELINE_LEASE_OPERATION(begin_activation, BeginActivation)
FENCELINE_LEASE_OPERATION(complete_activation, CompleteActivation)
FENCELINE_LEASE_OPERATION(park, Park)
FENCELINE_LEASE_OPERATION(unpark, Unpark)
FENCELINE_LEASE_OPERATION(heartbeat, Heartbeat)
FENCELINE_LEASE_OPERATION(refresh_lease, RefreshLease)
FENCELINE_LEASE_OPERATION(drain, Drain)
#undef FENCELINE_LEASE_OPERATION
// NOLINTEND(bugprone-macro-parentheses)

Result<Answer> LifecycleStore::credentials_refreshed(const WorkerLease& lease, Time expires_at,
                                                     const Ask& ask) {
    return apply(Command{ask, RefreshCredentials{lease, expires_at}});
}
Result<Answer> LifecycleStore::retire_drained(const WorkerLease& lease, std::string_view reason,
                                              const Ask& ask) {
    return apply(Command{ask, RetireDrained{lease, std::string(reason)}});
}
Result<Answer> LifecycleStore::mark_lost_from_lease(const WorkerLease& lease,
                                                    std::string_view reason, const Ask& ask) {
    return apply(Command{ask, MarkLost{lease, std::string(reason)}});
}
Result<Answer> LifecycleStore::retire_local(const WorkerLease& lease, std::string_view reason,
                                            const Ask& ask) {
    return apply(Command{ask, RetireLocal{lease, std::string(reason)}});
}

Result<Answer> LifecycleStore::claim_idle(const ClaimIdle& what, const Ask& ask) {
    return apply(Command{ask, what});
}
Result<Answer> LifecycleStore::claim_hot_idle(const ClaimHotIdle& what, const Ask& ask) {
    return apply(Command{ask, what});
}
Result<Answer> LifecycleStore::take_over(WorkerId worker, Epoch seen, std::string_view org,
                                         const Ask& ask) {
    return apply(Command{ask, TakeOver{worker, seen, std::string(org)}});
}

Result<Answer> LifecycleStore::retire_from_snapshot(const WorkerSnapshot& snapshot, State target,
                                                    std::string_view reason, const Ask& ask) {
    return apply(Command{ask, RetireFromSnapshot{snapshot, target, std::string(reason)}});
}
Result<Answer> LifecycleStore::retire_orphan_from_snapshot(const WorkerSnapshot& snapshot,
                                                           std::string_view reason,
                                                           const Ask& ask) {
    return apply(Command{ask, RetireOrphan{snapshot, std::string(reason)}});
}
Result<Answer> LifecycleStore::retire_idle_variant_from_snapshot(const WorkerSnapshot& snapshot,
                                                                 std::string_view reason,
                                                                 const Ask& ask) {
    return apply(Command{ask, RetireIdleVariant{snapshot, std::string(reason)}});
}

Result<Answer> LifecycleStore::cp_heartbeat(const Ask& ask) {
    return apply(Command{ask, ControlPlaneHeartbeat{}});
}
Result<Answer> LifecycleStore::cp_drain(const Ask& ask) {
    return apply(Command{ask, ControlPlaneDrain{}});
}
Result<Answer> LifecycleStore::cp_expire_stale(Time before, const Ask& ask) {
    return apply(Command{ask, ExpireStaleControlPlanes{before}});
}
Result<Answer> LifecycleStore::cp_expire_draining(Time before, const Ask& ask) {
    return apply(Command{ask, ExpireDrainingControlPlanes{before}});
}

// --- queries

Result<std::optional<WorkerSnapshot>> LifecycleStore::observe(WorkerId worker) {
    return impl_->core().query([&](const Fold& fold) -> std::optional<WorkerSnapshot> {
        const Worker* row = fold.world.find(worker);
        if (!row) return std::nullopt;
        return Minter::snapshot(view_of(*row, fold.world.texts));
    });
}

Result<std::vector<WorkerSnapshot>> LifecycleStore::orphaned(Time before) {
    return impl_->list([&](const World& world) { return lists::orphaned(world, before); });
}
Result<std::vector<WorkerSnapshot>> LifecycleStore::stuck(Time spawning_before,
                                                          Time activating_before) {
    return impl_->list([&](const World& world) {
        return lists::stuck(world, spawning_before, activating_before);
    });
}
Result<std::vector<WorkerSnapshot>> LifecycleStore::expired_hot_idle(Time before) {
    return impl_->list([&](const World& world) { return lists::expired_hot_idle(world, before); });
}
Result<std::vector<WorkerSnapshot>> LifecycleStore::by_states_before(std::span<const State> states,
                                                                     Time before) {
    return impl_->list(
        [&](const World& world) { return lists::by_states_before(world, states, before); });
}
Result<std::vector<WorkerSnapshot>> LifecycleStore::due_for_credential_refresh(
    std::string_view owner, Time cutoff) {
    return impl_->list([&](const World& world) {
        return lists::due_for_credential_refresh(world, owner, cutoff);
    });
}

Result<std::vector<LifecycleStat>> LifecycleStore::lifecycle_stats() {
    return impl_->core().query([](const Fold& fold) {
        std::vector<LifecycleStat> stats;
        for (const auto& [image, counts] : fold.pool.counts.images())
            for (std::size_t s = 0; s < counts.size(); ++s)
                for (std::size_t b = 0; b < counts[s].size(); ++b)
                    if (counts[s][b] > 0)
                        stats.push_back({std::string(fold.world.texts.text(image)),
                                         static_cast<State>(s + 1), static_cast<Binding>(b),
                                         counts[s][b]});
        std::ranges::sort(stats, {}, [](const LifecycleStat& stat) {
            return std::tie(stat.image, stat.state, stat.binding);
        });
        return stats;
    });
}

Result<std::vector<std::string>> LifecycleStore::live_control_planes() {
    return impl_->core().query([](const Fold& fold) {
        std::vector<std::string> ids;
        for (const auto& plane : fold.world.control_planes())
            if (plane.live()) ids.emplace_back(fold.world.texts.text(plane.id));
        std::ranges::sort(ids);
        return ids;
    });
}

Result<WarmTargets> LifecycleStore::warm_targets() {
    return impl_->core().query([this](const Fold& fold) {
        WarmTargets targets;
        if (impl_->core().leads()) targets.headroom = fold.pool.capacity.headroom();
        for (const auto& [image, target] : fold.pool.capacity.targets())
            targets.targets.emplace_back(std::string(fold.world.texts.text(image)), target);
        std::ranges::sort(targets.targets);
        return targets;
    });
}

Result<Position> LifecycleStore::position() {
    return impl_->core().query([](const Fold& fold) { return fold.world.position; });
}

WorkerLease LifecycleStore::lease_for(WorkerId worker, std::string_view owner, Epoch epoch,
                                      std::string_view image) {
    return Minter::lease(worker, std::string(owner), epoch, std::string(image));
}
WorkerSnapshot LifecycleStore::snapshot_for(WorkerView row) {
    return Minter::snapshot(std::move(row));
}

Result<MetricSnapshot> LifecycleStore::metrics(const MetricView& view, StoreStatus& status) {
    return impl_->core().metrics(view, status);
}
StoreStatus LifecycleStore::status() const {
    return impl_->core().status();
}

Clock& LifecycleStore::clock() const {
    return impl_->core().clock();
}

}  // namespace fenceline
