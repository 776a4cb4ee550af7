// Things that happen now and then in a healthy pool, and are an incident when they come in bursts:
// refusals by one fence or cap, orphans, losses, failures by stage, capacity misses.

#include <map>

#include "journal/answer_builder.hpp"
#include "replay/incident/burst.hpp"
#include "replay/incident/phrases.hpp"
#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

namespace {

enum class Kind : std::uint8_t {
    none,
    fence,
    cap,
    orphan,
    loss,
    spawn_failure,
    activation_failure,
    health_failure,
    pod_delete_failure,
    capacity_miss,
    store_error,
};

// One detector each: `which` is the outcome, the stage or the reason.
struct Key {
    Kind kind = Kind::none;
    std::uint8_t which = 0;
    auto operator<=>(const Key&) const = default;
};

template <typename Label>
std::uint8_t number_of(Label label) {
    return static_cast<std::uint8_t>(label);
}

Key refusal_key(const Event& event) {
    switch (event.outcome) {
        case Outcome::row_missing:
        case Outcome::fence_miss_owner:
        case Outcome::fence_miss_epoch:
        case Outcome::fence_miss_state:
        case Outcome::fence_miss_updated_at:
        case Outcome::fence_miss_cp_revived: return {Kind::fence, number_of(event.outcome)};
        case Outcome::org_cap:
        case Outcome::global_cap: return {Kind::cap, number_of(event.outcome)};
        case Outcome::store_error: return {Kind::store_error};
        default: return {};
    }
}

Key observation_key(const Event& event) {
    if (const auto* failed = std::get_if<SpawnFailed>(&event.payload))
        return {Kind::spawn_failure, number_of(failed->reason)};
    if (const auto* missed = std::get_if<WarmCapacityMissed>(&event.payload))
        return {Kind::capacity_miss, number_of(missed->reason)};
    if (const auto* checked = std::get_if<HealthChecked>(&event.payload))
        return {checked->result == HealthResult::fail ? Kind::health_failure : Kind::none};
    if (event.operation == Operation::activation_failed) return {Kind::activation_failure};
    if (event.operation == Operation::pod_delete_failed) return {Kind::pod_delete_failure};
    return {};
}

Key key_of(const Event& event) {
    if (!transitioned(event))
        return event.outcome == Outcome::recorded ? observation_key(event) : refusal_key(event);
    if (event.operation == Operation::retire_orphan_from_snapshot) return {Kind::orphan};
    if (event.to == State::lost && event.from != State::lost && event.from != State::none)
        return {Kind::loss};
    return {};
}

Rate rate_of(Kind kind, const Limits& limits) {
    switch (kind) {
        case Kind::fence: return limits.fence_misses;
        case Kind::cap: return limits.cap_refusals;
        case Kind::orphan: return limits.orphans;
        case Kind::loss: return limits.losses;
        case Kind::spawn_failure: return limits.spawn_failures;
        case Kind::activation_failure: return limits.activation_failures;
        case Kind::health_failure: return limits.health_failures;
        case Kind::pod_delete_failure: return limits.pod_delete_failures;
        case Kind::capacity_miss: return limits.capacity_misses;
        default: return limits.store_errors;
    }
}

std::string_view rule_of(Kind kind) {
    switch (kind) {
        case Kind::fence: return rule::fence_burst;
        case Kind::cap: return rule::cap_burst;
        case Kind::orphan: return rule::orphan_wave;
        case Kind::loss: return rule::loss_wave;
        case Kind::spawn_failure: return rule::spawn_failures;
        case Kind::activation_failure: return rule::activation_failures;
        case Kind::health_failure: return rule::health_failures;
        case Kind::pod_delete_failure: return rule::pod_delete_failures;
        case Kind::capacity_miss: return rule::capacity_misses;
        default: return rule::store_errors;
    }
}

// Makes the sentence of one episode.
class Teller {
  public:
    Teller(const Key& key, const Episode& episode, const World& world, std::size_t named)
        : key_(key), episode_(episode), texts_(world.texts), named_(named) {}

    Words words() && {
        lead();
        say_when(words_, episode_.first, episode_.last, episode_.to - episode_.from);
        details();
        words_.add(".");
        return std::move(words_);
    }

  private:
    void lead() {
        switch (key_.kind) {
            case Kind::fence:
                count("operation was", "operations were");
                words_.add(" turned away with ").add(to_text(Outcome{key_.which}));
                break;
            case Kind::cap:
                count("operation", "operations");
                words_.add(" met the ").add(to_text(Outcome{key_.which}));
                break;
            case Kind::orphan:
                count("worker was retired as an orphan", "orphans were retired");
                break;
            case Kind::loss: count("worker was marked lost", "workers were marked lost"); break;
            case Kind::spawn_failure:
                count("spawn", "spawns");
                words_.add(" failed at the stage ").add(to_text(SpawnFailureReason{key_.which}));
                break;
            case Kind::activation_failure: count("activation failed", "activations failed"); break;
            case Kind::health_failure: count("health check failed", "health checks failed"); break;
            case Kind::pod_delete_failure:
                count("pod could not be deleted", "pod deletions failed");
                break;
            case Kind::capacity_miss:
                count("request", "requests");
                words_.add(" found no warm worker, for ").add(to_text(MissReason{key_.which}));
                break;
            default: count("operation failed", "operations failed"); words_.add(" undecided");
        }
    }

    void details() {
        const bool refused = key_.kind == Kind::fence || key_.kind == Kind::cap;
        if (refused) {
            words_.add(": ");
            say_operations(words_, episode_.operations, named_);
        }
        if (!episode_.workers.empty() && !refused && episode_.workers.size() <= named_) {
            words_.add(": ");
            say_workers(words_, {episode_.workers.begin(), episode_.workers.end()}, named_);
        }
        words_.add(", asked by ");
        say_callers(words_, episode_.callers, texts_, named_);
        if (key_.kind == Kind::fence) example();
    }

    // Who was turned away first, with what in hand, and which event had won.
    void example() {
        const auto answer = answer_of({&episode_.example, 1}, texts_);
        if (!answer.refusal || !episode_.example.worker.given()) return;
        words_.add(". The first, ").position(episode_.example.position).add(", ");
        words_.add(to_text(answer.operation)).add(" of ").worker(answer.worker);
        words_.add(", expected ").add(to_text(answer.refusal->check)).add(" ");
        words_.name(answer.refusal->expected).add(" and found ").name(answer.refusal->found);
        if (answer.refusal->winner.given())
            words_.add(", which ").position(answer.refusal->winner).add(" had set");
    }

    void count(std::string_view one, std::string_view many) {
        words_.count(episode_.count, one, many);
    }

    const Key& key_;
    const Episode& episode_;
    const Dictionary& texts_;
    std::size_t named_;
    Words words_;
};

class BurstRule final : public Rule {
  public:
    explicit BurstRule(const Limits& limits) : limits_(limits) {}

    void after(const Event& event, const World&) override {
        const Key key = key_of(event);
        if (key.kind == Kind::none) return;
        detectors_.try_emplace(key, rate_of(key.kind, limits_)).first->second.add(event);
    }

    void finish(const World& world, Time, std::vector<Finding>& out) override {
        for (const auto& [key, detector] : detectors_)
            for (const Episode& episode : detector.episodes())
                out.push_back({.rule = rule_of(key.kind),
                               .severity = severity_of(key.kind),
                               .first = episode.first,
                               .last = episode.last,
                               .from = episode.from,
                               .to = episode.to,
                               .count = episode.count,
                               .words = Teller(key, episode, world, limits_.named).words()});
    }

  private:
    static Severity severity_of(Kind kind) {
        const bool lost = kind == Kind::orphan || kind == Kind::loss || kind == Kind::store_error;
        return lost ? Severity::alarm : Severity::notice;
    }

    Limits limits_;
    std::map<Key, BurstDetector> detectors_;
};

}  // namespace

std::unique_ptr<Rule> make_burst_rule(const Limits& limits) {
    return std::make_unique<BurstRule>(limits);
}

}  // namespace fenceline::replay::incident
