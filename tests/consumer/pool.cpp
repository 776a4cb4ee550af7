// What an embedder writes first: a store, one worker from its spawn to its end, and a look at it.
// Given the path of a journal to make; exits with 0 when each answer is the expected one.

#include <cstdio>
#include <type_traits>

#include "journal/lifecycle_store.hpp"
#include "projections/metrics.hpp"

using namespace fenceline;

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "pool: not so: %s\n", what);
    ++failures;
}

// Proofs are types: what is no lease is refused before anything runs. How many of the operations
// take this proof:
template <typename Proof>
consteval int lease_operations() {
    int count = 0;
    count += requires(LifecycleStore & store, const Proof& p) {
        store.publish_idle(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.publish_reserved(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.begin_activation(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.complete_activation(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.park(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.unpark(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.heartbeat(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.refresh_lease(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.credentials_refreshed(p, Time{});
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.drain(p);
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.retire_drained(p, "normal");
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.mark_lost_from_lease(p, "crash");
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.retire_local(p, "shutdown");
    };
    return count;
}
template <typename Proof>
consteval int snapshot_operations() {
    int count = 0;
    count += requires(LifecycleStore & store, const Proof& p) {
        store.retire_from_snapshot(p, State::lost, "crash");
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.retire_orphan_from_snapshot(p, "orphaned");
    };
    count += requires(LifecycleStore & store, const Proof& p) {
        store.retire_idle_variant_from_snapshot(p, "normal");
    };
    return count;
}

static_assert(lease_operations<WorkerLease>() == 13 && snapshot_operations<WorkerLease>() == 0);
static_assert(lease_operations<WorkerSnapshot>() == 0 &&
              snapshot_operations<WorkerSnapshot>() == 3);
static_assert(lease_operations<WorkerView>() == 0 && snapshot_operations<WorkerView>() == 0);
static_assert(!std::is_default_constructible_v<WorkerLease>);
static_assert(!std::is_default_constructible_v<WorkerSnapshot>);

void live_a_life(LifecycleStore& store) {
    const auto spawned = store.spawn({.prefix = "w", .image = "duck:1"});
    if (!spawned || !spawned->lease) return expect(false, "a spawn gives a lease");
    expect(store.publish_idle(*spawned->lease).value().transitioned(), "it is published");

    const auto claimed = store.claim_idle({.org = "acme"}, {.origin = Origin::public_api});
    if (!claimed || !claimed->lease) return expect(false, "a claim gives a lease");
    expect(claimed->worker == spawned->worker, "the claim takes the only worker");

    const auto stale = store.drain(*spawned->lease).value();
    expect(stale.outcome == Outcome::fence_miss_epoch, "the lease before the claim is fenced off");
    expect(stale.refusal && stale.refusal->winner == claimed->position, "and told by whom");

    expect(store.drain(*claimed->lease).value().transitioned(), "the owner drains it");
    const auto ended = store.retire_drained(*claimed->lease, "normal").value();
    expect(ended.to == State::retired && ended.position.value == 6, "six operations, six events");
}

}  // namespace

int main(int, char** arguments) {
    auto store =
        LifecycleStore::open({.path = arguments[1], .create = true, .instance = "cp-a:boot-1"});
    if (!store) {
        std::fprintf(stderr, "pool: %s\n", store.error().text.c_str());
        return 1;
    }
    live_a_life(**store);
    StoreStatus status;
    const auto metrics = (*store)->metrics(MetricView{}, status);
    expect(metrics && metrics->families.size() == 13, "thirteen families");
    expect(status.position.value == 6, "folded to the last event");
    expect((*store)->close().has_value(), "it closes in order");

    auto again = LifecycleStore::open({.path = arguments[1], .instance = "cp-b:boot-1"});
    const auto seen = again ? (*again)->observe(WorkerId{1}) : std::nullopt;
    expect(seen && *seen && (*seen)->row().state == State::retired, "the journal remembers");
    return failures == 0 ? 0 : 1;
}
