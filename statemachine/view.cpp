#include "statemachine/view.hpp"

namespace fenceline {

std::string pod_text(PodName pod, WorkerId worker, const Dictionary& texts) {
    std::string text(texts.text(pod.text));
    if (pod.numbered) text += "-" + std::to_string(worker.value);
    return text;
}

WorkerView view_of(const Worker& worker, const Dictionary& texts) {
    const auto text = [&](TextId id) { return std::string(texts.text(id)); };
    return {.worker = worker.id,
            .pod = pod_text(worker.pod, worker.id, texts),
            .image = text(worker.image),
            .org = text(worker.org),
            .owner = text(worker.owner),
            .retire_reason = text(worker.retire_reason),
            .state = worker.state,
            .epoch = worker.epoch,
            .created_at = worker.created_at,
            .updated_at = worker.updated_at,
            .last_heartbeat_at = worker.last_heartbeat_at,
            .reserved_at = worker.reserved_at,
            .activation_started_at = worker.activation_started_at,
            .credentials_expire_at = worker.credentials_expire_at,
            .version = worker.version};
}

}  // namespace fenceline
