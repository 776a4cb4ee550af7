#pragma once

// The parts of decide() that its files share. Internal: everybody else includes decide.hpp.

#include <concepts>
#include <string_view>
#include <vector>

#include "events/event.hpp"
#include "statemachine/commands.hpp"
#include "statemachine/fences.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

// `retire_from_snapshot` with the target `lost`: legal in other states, so a word of its own in
// the transition table.
struct LoseFromSnapshot {};

// The label of a command, known when compiling.
template <typename CommandType, std::size_t I = 0>
consteval Operation operation_for() {
    if constexpr (std::same_as<CommandType, LoseFromSnapshot>)
        return Operation::retire_from_snapshot;
    else if constexpr (std::same_as<std::variant_alternative_t<I, Request>, CommandType>)
        return request_operations[I];
    else
        return operation_for<CommandType, I + 1>();
}

// Runs the transition table for one command. Defined in decide.cpp, the only file that knows how;
// on return `outcome` is set, and with it `to` or `failed_check`.
template <typename CommandType>
void judge(Judgement& judgement);

// One command being decided.
class Deciding {
  public:
    Deciding(World& world, const Ask& ask, Time now, std::vector<Event>& events)
        : world_(world), ask_(ask), now_(now), events_(events) {}

    [[nodiscard]] World& world() const { return world_; }

    // A new event with what every operation shares. Valid until the next one begins.
    Event& begin(Operation operation, TextId likely_caller = {});

    TextId number(std::string_view text) const { return world_.texts.intern(text); }
    // As number(), without the search when the guess is right: most callers own what they name.
    TextId number(std::string_view text, TextId guess) const {
        return world_.texts.text(guess) == text ? guess : number(text);
    }
    [[nodiscard]] Time now() const { return now_; }

  private:
    World& world_;
    const Ask& ask_;
    Time now_;
    std::vector<Event>& events_;
};

// The record as it was found: nothing is changed until the outcome says so.
void note_found(Event& event, const Worker& worker);

void decide_one(Deciding& deciding, const Spawn& asked);
void decide_one(Deciding& deciding, const Adopt& asked);

void decide_one(Deciding& deciding, const PublishIdle& asked);
void decide_one(Deciding& deciding, const PublishReserved& asked);
void decide_one(Deciding& deciding, const BeginActivation& asked);
void decide_one(Deciding& deciding, const CompleteActivation& asked);
void decide_one(Deciding& deciding, const Park& asked);
void decide_one(Deciding& deciding, const Unpark& asked);
void decide_one(Deciding& deciding, const Heartbeat& asked);
void decide_one(Deciding& deciding, const RefreshLease& asked);
void decide_one(Deciding& deciding, const RefreshCredentials& asked);
void decide_one(Deciding& deciding, const Drain& asked);
void decide_one(Deciding& deciding, const RetireDrained& asked);
void decide_one(Deciding& deciding, const MarkLost& asked);
void decide_one(Deciding& deciding, const RetireLocal& asked);

void decide_one(Deciding& deciding, const ClaimIdle& asked);
void decide_one(Deciding& deciding, const ClaimHotIdle& asked);
void decide_one(Deciding& deciding, const TakeOver& asked);

void decide_one(Deciding& deciding, const RetireFromSnapshot& asked);
void decide_one(Deciding& deciding, const RetireOrphan& asked);
void decide_one(Deciding& deciding, const RetireIdleVariant& asked);

void decide_one(Deciding& deciding, const ControlPlaneHeartbeat& asked);
void decide_one(Deciding& deciding, const ControlPlaneDrain& asked);
void decide_one(Deciding& deciding, const ExpireStaleControlPlanes& asked);
void decide_one(Deciding& deciding, const ExpireDrainingControlPlanes& asked);

void decide_one(Deciding& deciding, const ReportSpawnFailed& asked);
void decide_one(Deciding& deciding, const ReportHealthChecked& asked);
void decide_one(Deciding& deciding, const ReportPodDeleted& asked);
void decide_one(Deciding& deciding, const ReportPodDeleteFailed& asked);
void decide_one(Deciding& deciding, const ReportStrandedPod& asked);
void decide_one(Deciding& deciding, const ReportStrandedSecret& asked);
void decide_one(Deciding& deciding, const ReportActivationFailed& asked);
void decide_one(Deciding& deciding, const ReportWarmCapacityMissed& asked);
void decide_one(Deciding& deciding, const SetWarmCapacityTargets& asked);
void decide_one(Deciding& deciding, const ReportLeadership& asked);

}  // namespace fenceline
