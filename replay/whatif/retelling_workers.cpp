// What is done with a worker that somebody holds, or has seen.

#include <algorithm>

#include "replay/presented.hpp"
#include "replay/whatif/retelling.hpp"

namespace fenceline::replay::whatif {

namespace {

// What happens to a pod, whoever holds it.
bool is_loss(const Event& event) {
    if (!transitioned(event) || !is_terminal(event.to)) return false;
    switch (event.origin) {
        case Origin::health_check_crash:
        case Origin::informer_crash:
        case Origin::crash_generic:
        case Origin::spawn_failure: return true;
        default: return false;
    }
}

bool is_publish(Operation operation) {
    return operation == Operation::publish_idle || operation == Operation::publish_reserved;
}

void present(Request& request, const WorkerLease& lease) {
    std::visit(
        [&](auto& asked) {
            if constexpr (requires { asked.lease; }) asked.lease = lease;
        },
        request);
}

void show(Request& request, const WorkerSnapshot& snapshot) {
    std::visit(
        [&](auto& asked) {
            if constexpr (requires { asked.snapshot; }) asked.snapshot = snapshot;
        },
        request);
}

Held held_by_record(const Worker& worker) {
    return {worker.id, worker.owner, worker.epoch};
}

}  // namespace

// --- with a lease --------------------------------------------------------------------------------

void Retelling::exercise(const Event& event, Command command) {
    const Presented* presented = presented_by(event.payload);
    if (!presented) return;
    const Held shown{event.worker, presented->owner, presented->epoch};
    if (is_publish(event.operation) && transitioned(event)) {
        const Worker* row = recorded_.find(event.worker);
        if (row) pod_takes_ = std::min(event.at - row->created_at, spare_for);
    }
    if (is_loss(event)) return lose(event, std::move(command), shown);

    const auto stands = holdings_.of(shown);
    const bool served = transitioned(event);
    const bool refresh = event.operation == Operation::refresh_lease;
    if (!stands.as_recorded && !stands.what) {
        ++out_.unasked;
        cause_ = because(Why::held_nothing);
        if (refresh && served) grant(event, std::nullopt);
        return;
    }
    const Held held = stands.as_recorded ? shown : *stands.what;
    if (!stands.as_recorded) {
        cause_ = because(Why::held_other, held.worker);
        present(command.request, course_.lease(held));
    }
    const bool same_footing = stands.as_recorded && !differences_.differs(event.worker);
    const auto told = put(event, command, same_footing);
    if (!refresh) return;
    std::optional<Held> renewed;
    if (told && transitioned(*told))
        renewed = Held{held.worker, held.owner, std::get<LeaseRefreshed>(told->payload).new_epoch};
    if (served)
        grant(event, renewed);
    else if (renewed)
        holdings_.give(shown, renewed);
}

void Retelling::tally(const Event& event) {
    const Held shown{event.worker, event.owner, event.epoch};
    const auto stands = holdings_.of(shown);
    const auto held = stands.as_recorded ? std::optional(shown) : stands.what;
    const Worker* row = held ? course_.held(*held) : nullptr;
    if (!row) return;
    Event told = event;
    told.worker = row->id;
    told.from = told.to = row->state;
    course_.fold(told);
}

// --- on sight ------------------------------------------------------------------------------------

void Retelling::act_on_sight(const Event& event, Command command) {
    const auto& detail = std::get<SnapshotJudged>(event.payload);
    if (const auto limit = limit_of(event)) return janitor_call(event, command, *limit);
    const Worker* was = recorded_.find(event.worker);
    if (is_loss(event) && was) return lose(event, std::move(command), held_by_record(*was));

    const bool differs = differences_.differs(event.worker);
    const bool current = was && was->version == detail.observed_version;
    StandsFor<Worker> stands;
    if (!current) {
        stands = holdings_.seen(event.worker, detail.observed_version);
    } else if (differs) {
        const Worker* here = course_.world().find(event.worker);
        stands = {.as_recorded = false, .what = here ? std::optional(*here) : std::nullopt};
    }
    if (!stands.as_recorded) {
        // It would not have been on the list.
        if (!stands.what || stands.what->state != detail.observed_state) {
            ++out_.unasked;
            return;
        }
        show(command.request, course_.snapshot(*stands.what));
    }
    (void)put(event, command, stands.as_recorded && !differs);
    if (event.origin == Origin::mismatched_version_reaper && transitioned(event)) reap_with(event);
}

// The reaper ends all unused workers of an image. Those that only the policy has left there are
// on its list as well.
void Retelling::reap_with(const Event& event) {
    const auto differing = differences_.now();
    for (const WorkerId worker : differing) {
        const Worker* row = course_.world().find(worker);
        const bool unused = row && (row->state == State::idle || row->state == State::hot_idle);
        if (!unused || row->image != event.image) continue;
        const auto reason = course_.text(std::get<SnapshotJudged>(event.payload).reason);
        const Ask ask{.caller = course_.text(event.caller), .origin = event.origin};
        (void)course_.put({ask, RetireIdleVariant{course_.snapshot(*row), reason}}, event.at,
                          event.position);
    }
}

void Retelling::janitor_call(const Event& event, const Command& command, Limit limit) {
    // Our own sweeps look after what is not as recorded.
    if (differences_.differs(event.worker)) {
        ++out_.unasked;
        return;
    }
    if (limits_[limit].replaced) {
        const Worker* row = course_.world().find(event.worker);
        const auto began = row ? since(limit, course_.world(), *row) : std::nullopt;
        if (!began || event.at - *began < limits_[limit].value) {
            ++out_.unasked;
            cause_ = because(Why::limit_not_passed);
            cause_.limit = limit;
            return;
        }
    }
    (void)put(event, command, true);
}

// --- crashes and losses --------------------------------------------------------------------------

void Retelling::lose(const Event& event, Command command, const Held& holder) {
    const auto stands = holdings_.of(holder);
    if (!stands.as_recorded && stands.what && stands.what->worker != event.worker)
        let_go(*stands.what, event.at);
    const Worker* here = course_.world().find(event.worker);
    if (!here || !is_active(here->state)) {
        ++out_.unasked;
        return;
    }
    const bool same_footing = !differences_.differs(event.worker);
    if (!same_footing) {
        // A worker that is being drained ends in order even so, and by its owner's hand.
        const bool draining = here->state == State::draining;
        if (auto* sight = std::get_if<RetireFromSnapshot>(&command.request)) {
            if (draining || event.from == State::draining)
                sight->target = draining ? State::retired : State::lost;
        } else if (draining) {
            ++out_.unasked;
            return;
        }
        present(command.request, course_.lease(held_by_record(*here)));
        show(command.request, course_.snapshot(*here));
    }
    (void)put(event, command, same_footing);
}

}  // namespace fenceline::replay::whatif
