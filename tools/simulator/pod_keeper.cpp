#include "tools/simulator/pod_keeper.hpp"

#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

constexpr int delete_attempts = 5;

constexpr Duration pause_before(int attempt) {
    return seconds(std::int64_t{1} << attempt);
}

}  // namespace

void PodKeeper::drain(WorkerId worker, Origin origin, std::string_view reason) {
    Held* held = self_.held(worker);
    if (!held) return;
    held->client.reset();
    if (!self_.settle(worker, self_.store().drain(held->lease, {.origin = origin}))) return;
    held = self_.held(worker);
    Command last{{.origin = origin}, RetireDrained{held->lease, std::string(reason)}};
    remove(worker, self_.simulation().pods.deletion_delay(), std::move(last));
}

void PodKeeper::retire(WorkerId worker, Origin origin, std::string_view reason) {
    Held* held = self_.held(worker);
    if (!held) return;
    held->client.reset();
    if (self_.settle(worker, self_.store().retire_local(held->lease, reason, {.origin = origin})))
        clean_up(worker);
}

void PodKeeper::mark_lost(WorkerId worker, Origin origin, std::string_view reason) {
    Held* held = self_.held(worker);
    if (!held) return;
    const auto client = std::exchange(held->client, std::nullopt);
    auto answer = self_.store().mark_lost_from_lease(held->lease, reason, {.origin = origin});
    if (self_.settle(worker, std::move(answer))) clean_up(worker);
    if (client) self_.simulation().reconnect(*client);
}

void PodKeeper::clean_up(WorkerId worker) {
    remove(worker, self_.simulation().pods.deletion_delay(), std::nullopt);
}

void PodKeeper::remove(WorkerId worker, Duration delay, std::optional<Command> afterwards,
                       int attempt) {
    self_.after(delay, [this, worker, afterwards = std::move(afterwards), attempt] {
        if (self_.simulation().pods.remove(worker))
            return tell(worker, ReportPodDeleted{worker}, afterwards);
        const bool gives_up = attempt == delete_attempts;
        tell(worker, ReportPodDeleteFailed{worker}, gives_up ? afterwards : std::nullopt);
        if (!gives_up) remove(worker, pause_before(attempt), afterwards, attempt + 1);
    });
}

void PodKeeper::tell(WorkerId worker, Request what, const std::optional<Command>& afterwards) {
    std::vector<Command> commands{Command{{}, std::move(what)}};
    if (afterwards) commands.push_back(*afterwards);
    auto answers = self_.store().apply(commands);
    (void)self_.take(std::move(answers.front()));
    if (afterwards) (void)self_.settle(worker, std::move(answers.back()));
}

}  // namespace fenceline::tools
