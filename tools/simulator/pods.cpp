#include "tools/simulator/pods.hpp"

#include <algorithm>
#include <iterator>

namespace fenceline::tools {

void Pods::create(WorkerId worker, std::string image, Time now) {
    pods_.insert_or_assign(worker, Pod{.image = std::move(image), .created_at = now});
}

const Pod* Pods::find(WorkerId worker) const {
    const auto it = pods_.find(worker);
    return it == pods_.end() ? nullptr : &it->second;
}

bool Pods::remove(WorkerId worker) {
    const auto it = pods_.find(worker);
    if (it == pods_.end()) return true;
    if (random_.chance(conditions_.pod_delete_failure)) return false;
    if (random_.chance(conditions_.secret_delete_failure)) secrets_.push_back(worker);
    pods_.erase(it);
    return true;
}

bool Pods::remove_secret(WorkerId worker) {
    // The cluster that cannot delete a pod cannot delete a secret either.
    if (random_.chance(conditions_.pod_delete_failure)) return false;
    std::erase(secrets_, worker);
    return true;
}

Pod* Pods::any() {
    if (pods_.empty()) return nullptr;
    const auto nth = static_cast<std::ptrdiff_t>(random_.below(pods_.size()));
    return &std::next(pods_.begin(), nth)->second;
}

void Pods::crash_one() {
    if (Pod* pod = any()) pod->answers = false;
}

void Pods::lose_one() {
    if (Pod* pod = any()) {
        pod->answers = false;
        pod->node_is_gone = true;
    }
}

Duration Pods::creation_delay() {
    return random_.beyond(seconds(3), seconds(3));
}

Duration Pods::deletion_delay() {
    return random_.beyond(milliseconds(400), milliseconds(1500));
}

}  // namespace fenceline::tools
