#pragma once

// A stream of events such as a store would record: legal transitions, refusals, observations,
// bookkeeping. It keeps its own simple books of the workers, which tests hold folds against.
//
//   Dictionary texts;
//   RandomEvents random(seed, texts);
//   Event event = random.next();
//
// The same seed gives the same stream on any machine.

#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "events/text.hpp"

namespace fenceline::testing {

class RandomEvents {
  public:
    struct Row {
        TextId image, org, owner;
        State state = State::none;
        Epoch epoch;
        Position version;
        Time reserved_at, drain_started_at;
    };

    RandomEvents(std::uint64_t seed, Dictionary& texts) : random_(seed) {
        for (const char* caller : {"cp-a:1", "cp-b:1", "cp-c:1"})
            callers_.push_back(texts.intern(caller));
        images_.emplace_back();
        for (int i = 0; i < 6; ++i) images_.push_back(texts.intern("image:" + std::to_string(i)));
        orgs_.emplace_back();
        for (int i = 0; i < 5; ++i) orgs_.push_back(texts.intern("org-" + std::to_string(i)));
        reason_ = texts.intern("normal");
    }

    Event next() {
        event_ = Event{};
        event_.position = Position{++position_};
        at_ = at_ + Duration{static_cast<std::int64_t>(below(3'000'000'000))};
        event_.at = at_;
        event_.caller = one_of(callers_);
        event_.origin = static_cast<Origin>(below(22));
        event_.recorder = RecorderId{1 + static_cast<std::int64_t>(below(3))};
        if (below(3) == 0) event_.request_id = "request-" + std::to_string(below(5'000));
        switch (below(10)) {
            case 0: observe(); break;
            case 1: create(); break;
            case 2: control_plane(); break;
            default: rows_.empty() ? create() : act(); break;
        }
        return event_;
    }

    // Durations of some calls that ended before.
    Measurements measurements() {
        Measurements out{Position{position_}, {}};
        for (std::uint64_t i = below(5); i > 0; --i)
            out.values.push_back({static_cast<Operation>(below(22)),
                                  Duration{static_cast<std::int64_t>(below(12'000'000'000))}});
        return out;
    }

    [[nodiscard]] const std::map<std::int64_t, Row>& rows() const { return rows_; }

    [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }

  private:
    template <typename T>
    T one_of(const std::vector<T>& from) {
        return from[below(from.size())];
    }

    void refuse(Outcome outcome) {
        event_.outcome = outcome;
        event_.to = event_.from;
    }

    void create() {
        const bool adopts = below(3) == 0;
        event_.operation = adopts ? Operation::adopt : Operation::spawn;
        event_.image = one_of(images_);
        const TextId org = one_of(orgs_);
        const State state = adopts ? static_cast<State>(1 + below(9)) : State::spawning;
        if (adopts)
            event_.payload = WorkerAdopted{.org = org, .state = state};
        else
            event_.payload = WorkerSpawned{.org = org};
        if (below(5) == 0) return refuse(Outcome::global_cap);
        event_.worker = WorkerId{static_cast<std::int64_t>(rows_.size()) + 1};
        event_.outcome = Outcome::transitioned;
        event_.to = state;
        Row& row = rows_[event_.worker.value];
        row = {event_.image, org, event_.caller, state, {}, event_.position, {}, {}};
    }

    void act() {
        auto found = rows_.begin();
        std::advance(found, below(rows_.size()));
        Row& row = found->second;
        event_.worker = WorkerId{found->first};
        event_.image = row.image;
        event_.org = row.org;
        event_.owner = row.owner;
        event_.epoch = row.epoch;
        event_.version = row.version;
        event_.from = event_.to = row.state;
        choose(row);
        if (below(4) == 0 || is_terminal(row.state))
            return refuse(static_cast<Outcome>(2 + below(6)));
        event_.outcome = Outcome::transitioned;
        settle(row);
    }

    // An operation that is legal in this state, and where it leads.
    void choose(const Row& row) {
        using enum Operation;
        const bool bound = row.org.given();
        struct Way {
            Operation operation;
            State to;
        };
        std::vector<Way> ways{{heartbeat, row.state},
                              {retire_from_snapshot, State::retired},
                              {retire_orphan_from_snapshot, State::retired}};
        if (row.state == State::draining) {
            ways.push_back({retire_drained, State::retired});
        } else {
            ways.push_back({refresh_lease, row.state});
            ways.push_back({credentials_refreshed, row.state});
            ways.push_back({drain, State::draining});
            ways.push_back({mark_lost_from_lease, State::lost});
            ways.push_back({retire_local, State::retired});
        }
        for (int weight = 0; weight < 6; ++weight) {
            if (row.state == State::spawning)
                ways.push_back({bound ? publish_reserved : publish_idle,
                                bound ? State::reserved : State::idle});
            if (row.state == State::idle) ways.push_back({claim_idle, State::reserved});
            if (row.state == State::hot_idle) {
                ways.push_back({claim_hot_idle, State::reserved});
                ways.push_back({unpark, State::hot});
            }
            if (row.state == State::reserved) ways.push_back({begin_activation, State::activating});
            if (row.state == State::activating) ways.push_back({complete_activation, State::hot});
            if (row.state == State::hot) {
                ways.push_back({park, State::hot_idle});
                ways.push_back({take_over, State::reserved});
            }
        }
        if (row.state == State::idle || row.state == State::hot_idle)
            ways.push_back({retire_idle_variant_from_snapshot, State::retired});
        const Way way = one_of(ways);
        event_.operation = way.operation;
        event_.to = way.to;
        detail(row);
    }

    void detail(const Row& row) {
        const Presented lease{row.owner, row.epoch};
        switch (event_.operation) {
            case Operation::claim_idle:
            case Operation::claim_hot_idle:
                event_.payload = WorkerClaimed{.org = row.org.given() ? row.org : some_org(),
                                               .new_epoch = Epoch{row.epoch.value + 1}};
                break;
            case Operation::take_over:
                event_.payload = WorkerTakenOver{some_org(), row.epoch, Epoch{row.epoch.value + 1}};
                break;
            case Operation::complete_activation:
                event_.payload = ActivationCompleted{lease, row.reserved_at};
                break;
            case Operation::refresh_lease:
                event_.payload = LeaseRefreshed{lease, Epoch{row.epoch.value + 1}};
                break;
            case Operation::credentials_refreshed:
                event_.payload = CredentialsRefreshed{lease, at_ + seconds(3600)};
                break;
            case Operation::retire_drained:
            case Operation::mark_lost_from_lease:
            case Operation::retire_local: event_.payload = WorkerEnded{lease, reason_}; break;
            case Operation::retire_from_snapshot:
            case Operation::retire_orphan_from_snapshot:
            case Operation::retire_idle_variant_from_snapshot:
                event_.payload = SnapshotJudged{lease, static_cast<State>(1 + below(7)),
                                                row.version, event_.to, reason_};
                break;
            case Operation::heartbeat:
                if (below(2) == 0) {
                    event_.count = 2;
                    event_.payload = HeartbeatsTallied{at_, {Duration{1000}, Duration{2000}}};
                    break;
                }
                [[fallthrough]];
            default: event_.payload = LeaseExercised{lease}; break;
        }
    }

    TextId some_org() { return orgs_[1 + below(orgs_.size() - 1)]; }

    void settle(Row& row) {
        row.state = event_.to;
        row.version = event_.position;
        if (const auto* claimed = std::get_if<WorkerClaimed>(&event_.payload)) {
            row.org = claimed->org;
            row.reserved_at = at_;
        }
        if (const auto* taken = std::get_if<WorkerTakenOver>(&event_.payload)) {
            row.org = taken->org;
            row.reserved_at = at_;
        }
        if (event_.operation == Operation::drain) row.drain_started_at = at_;
    }

    void control_plane() {
        event_.operation = static_cast<Operation>(32 + below(4));
        event_.outcome = Outcome::transitioned;
        event_.payload = ControlPlaneMarked{event_.caller, {}};
        if (below(10) != 0) return;
        event_.outcome = Outcome::store_error;
        event_.payload = OperationFailed{ErrorCode::no_space, {Duration{5}}};
    }

    void observe() {
        event_.outcome = Outcome::recorded;
        event_.image = one_of(images_);
        event_.count = 1 + static_cast<std::uint32_t>(below(3));
        switch (event_.operation = static_cast<Operation>(48 + below(10))) {
            case Operation::spawn_failed:
                event_.payload = SpawnFailed{static_cast<SpawnFailureReason>(below(9))};
                break;
            case Operation::health_checked:
                event_.payload = HealthChecked{static_cast<HealthResult>(below(2))};
                break;
            case Operation::pod_deleted: pod_deleted(); break;
            case Operation::stranded_pod:
            case Operation::stranded_secret:
                event_.payload = StrandedReconciled{static_cast<StrandedOutcome>(below(5))};
                break;
            case Operation::warm_capacity_missed:
                event_.payload = WarmCapacityMissed{static_cast<MissReason>(below(4))};
                break;
            case Operation::warm_capacity_targets: {
                WarmCapacityTargeted targeted;
                for (const TextId image : images_)
                    if (image.given() && below(2) == 0)
                        targeted.targets.emplace_back(image, below(20));
                targeted.max_workers = static_cast<std::int64_t>(below(60));
                event_.payload = targeted;
                break;
            }
            case Operation::leadership:
                event_.payload = LeadershipChanged{static_cast<Leadership>(below(2))};
                break;
            default: break;
        }
    }

    void pod_deleted() {
        event_.payload = PodDeleted{};
        if (rows_.empty()) return;
        auto found = rows_.begin();
        std::advance(found, below(rows_.size()));
        event_.worker = WorkerId{found->first};
        event_.image = found->second.image;
        event_.payload = PodDeleted{found->second.drain_started_at};
        found->second.drain_started_at = Time{};
    }

    std::mt19937_64 random_;
    std::int64_t position_ = 0;
    Time at_{1'700'000'000'000'000'000};
    std::vector<TextId> callers_, images_, orgs_;
    TextId reason_;
    std::map<std::int64_t, Row> rows_;
    Event event_;
};

}  // namespace fenceline::testing
