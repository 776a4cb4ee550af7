// One call, three proofs. Only the lease compiles.

#include "journal/lifecycle_store.hpp"

using namespace fenceline;

#if defined(DRAIN_WITH_lease)
using Proof = WorkerLease;
#elif defined(DRAIN_WITH_snapshot)
using Proof = WorkerSnapshot;
#elif defined(DRAIN_WITH_worker)
using Proof = WorkerId;
#endif

Result<Answer> drain(LifecycleStore& store, const Proof& proof) {
    return store.drain(proof, {.origin = Origin::worker_drain});
}
