#pragma once

// What the lists ask of the records, by slot: who has been in a state since when, whom an owner
// has, whose owner nobody ever heard of, whose credentials run out.
//
//   listed.move(slot, before, after);                        // with every change of a record
//   listed.in_state(State::hot_idle, before, [&](std::uint32_t slot) { ... });
//
// An index and not a judgement: a visit meets every record that a list selects, and few others.
// The lists look at each (lists.cpp). Kept by World, which is the only one that changes it.
//
// Threading: as a std::vector.

#include <cstdint>

#include "statemachine/ages.hpp"
#include "statemachine/owned.hpp"
#include "statemachine/worker.hpp"

namespace fenceline {

class Listed {
  public:
    // What the index knows of a record. The default is a record that is not there.
    struct Place {
        bool there = false;
        State state = State::none;
        TextId owner;
        bool bound = false;
        bool answered = false;  // its owner was heard of at some time
        std::uint32_t updated = 0, last_heartbeat = 0, credentials_expire = 0;
        bool operator==(const Place&) const = default;

        [[nodiscard]] bool owned() const { return there && is_active(state); }
        [[nodiscard]] bool unanswered() const { return owned() && !answered; }
        [[nodiscard]] bool serves() const { return there && bound && is_serving(state); }
    };
    static Place place_of(const Worker& worker, bool answered) {
        return {true,
                worker.state,
                worker.owner,
                worker.org.given(),
                answered,
                Ages::tick(worker.updated_at),
                Ages::tick(worker.last_heartbeat_at),
                Ages::tick(worker.credentials_expire_at)};
    }
    // The states whose workers hold credentials that are of use.
    static constexpr bool is_serving(State state) {
        return state == State::idle || state == State::hot || state == State::hot_idle;
    }

    void move(std::uint32_t slot, const Place& from, const Place& to) {
        if (from != to) really_move(slot, from, to);
    }
    // A hint that this slot will be moved soon.
    void prefetch(std::uint32_t slot) const { states_.prefetch(slot); }
    void prefetch_minima(std::uint32_t slot) const { states_.prefetch_minima(slot); }

    // Records in the state that may have been updated at or before `before`.
    template <typename Visit>
    void in_state(State state, Time before, const Visit& visit) const {
        states_.visit(class_of(state), Ages::tick(before), always(visit));
    }
    // Active ones whose owner was never heard of, with a heartbeat at or before `before`, perhaps.
    template <typename Visit>
    void unanswered(Time before, const Visit& visit) const {
        unanswered_.visit(0, Ages::tick(before), always(visit));
    }
    // Serving ones with credentials that may have run out at `cutoff`, as long as `visit` is true.
    template <typename Visit>
    [[nodiscard]] bool expiring(Time cutoff, const Visit& visit) const {
        return credentials_.visit(0, Ages::tick(cutoff), visit);
    }
    // Active workers by owner.
    [[nodiscard]] const Owned& owned() const { return owned_; }

    // The owner was heard of for the first time, or that is taken back.
    template <typename LastHeartbeat>
    void answered(TextId owner, bool answered, const LastHeartbeat& last_heartbeat_of) {
        owned_.visit(owner, [&](std::uint32_t slot) {
            if (answered)
                unanswered_.clear(slot);
            else
                unanswered_.set(slot, 0, Ages::tick(last_heartbeat_of(slot)));
        });
    }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    // A recorded state that this program does not know shares a class with others of its kind.
    static std::uint8_t class_of(State state) {
        return static_cast<std::uint8_t>(std::min(static_cast<std::size_t>(state), state_count));
    }
    template <typename Visit>
    static auto always(const Visit& visit) {
        return [&visit](std::uint32_t slot) {
            visit(slot);
            return true;
        };
    }
    void really_move(std::uint32_t slot, const Place& from, const Place& to);

    Ages states_;       // by state: updated_at
    Ages unanswered_;   // last_heartbeat_at
    Ages credentials_;  // credentials_expire_at
    Owned owned_;
};

}  // namespace fenceline
