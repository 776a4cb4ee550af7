#pragma once

// All records, and the indexes that claims, caps and lists need.
//
// The world changes through put() alone (evolve, a checkpoint, an undo call it), which keeps
// every index in step. Reading is const and free of side effects: decide() and the lists only
// read. Internal: embedders see WorkerView and WorkerSnapshot.
//
// Threading: as a std::vector; the store guards it.

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "events/text.hpp"
#include "statemachine/claimable.hpp"
#include "statemachine/listed.hpp"
#include "statemachine/records.hpp"
#include "statemachine/worker.hpp"

namespace fenceline {

class World {
  public:
    // Texts of every record and of every event folded so far.
    Dictionary texts;

    [[nodiscard]] const Worker* find(WorkerId id) const;
    [[nodiscard]] const ControlPlane* find_control_plane(TextId id) const;
    // Hints that a record, by its place among workers(), will change soon: asks for it and what the
    // indexes have of it; and when that has come, for what it leads to, and for what that does.
    void expect(std::uint32_t slot) const {
        workers_.prefetch(slot);
        claimable_.prefetch(slot);
        if (listed_) listed_->prefetch(slot);
    }
    void expect_more(std::uint32_t slot) const {
        claimable_.prefetch_place(slot);
        if (listed_) listed_->prefetch_minima(slot);
    }
    void expect_most(std::uint32_t slot) const { claimable_.prefetch_above(slot); }

    // Puts the record in place of the one with its id, or beside the others.
    void put(const Worker& worker);
    void put(const ControlPlane& plane);
    // Changes a record where it is: `change(Worker&)` may touch anything but the id. False when
    // there is no such record.
    template <typename Change>
    bool change(WorkerId id, const Change& change);
    // Takes a record back that put() had made new, the newest first, and the highest id that was
    // before it: undo only. A record that is not there is left alone.
    void erase(WorkerId id, WorkerId highest_before);
    void erase_control_plane(TextId id);

    [[nodiscard]] WorkerId highest_id() const { return highest_id_; }
    [[nodiscard]] std::size_t size() const { return workers_.size(); }  // terminal ones included
    // Every record, in the order of first appearance.
    [[nodiscard]] const Records<Worker>& workers() const { return workers_; }
    [[nodiscard]] const Records<ControlPlane>& control_planes() const { return planes_; }

    // Whether somebody answers for it: known and not expired.
    [[nodiscard]] bool is_live(TextId control_plane) const;

    // Lowest id first; `image` empty: any. Nothing: no such worker.
    [[nodiscard]] std::optional<WorkerId> idle(TextId image) const;
    [[nodiscard]] std::optional<WorkerId> hot_idle(TextId org, TextId image) const;

    [[nodiscard]] std::int64_t active() const { return active_; }
    [[nodiscard]] std::int64_t active_of(TextId org) const;
    [[nodiscard]] std::int64_t hot_idle_of(TextId org) const;
    // Neutral `spawning` and `idle` workers; `image` empty: of any.
    [[nodiscard]] std::int64_t warm(TextId image) const;

    // Makes the index of the lists, and keeps it from then on. Only whoever lists needs it; a world
    // that is folded to be looked at would pay for it with every event. Again: nothing.
    void index_lists();
    // What the lists ask, by the place of a record among workers(). After index_lists().
    [[nodiscard]] const Listed& listed() const;

    // The position and time of the last event folded. Kept by evolve.
    Position position;
    Time at;

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    // What the indexes ask of a record. The default is "none", which no index holds.
    struct Place {
        State state = State::none;
        TextId org;
        TextId image;
        bool operator==(const Place&) const = default;

        [[nodiscard]] bool active() const { return is_active(state); }
        [[nodiscard]] bool hot_idle() const { return state == State::hot_idle; }
        [[nodiscard]] bool claimable() const {
            return org.given() ? hot_idle() : state == State::idle;
        }
        [[nodiscard]] bool warm() const {
            return !org.given() && (state == State::idle || state == State::spawning);
        }
    };
    static Place place_of(const Worker& worker) { return {worker.state, worker.org, worker.image}; }
    [[nodiscard]] Listed::Place listed_place_of(const Worker& worker) const {
        return Listed::place_of(worker, was_heard_of(worker.owner));
    }
    [[nodiscard]] bool was_heard_of(TextId owner) const {
        return owner.given() && planes_.find(owner.value) != nullptr;
    }

    // Heartbeats and renewals, the most of all events, move nothing but their time.
    void move(std::uint32_t slot, WorkerId id, const Place& from, const Place& to) {
        if (from != to) really_move(slot, id, from, to);
    }
    void really_move(std::uint32_t slot, WorkerId id, const Place& from, const Place& to);
    // A control plane came into being, or its coming is taken back.
    void heard_of(TextId owner, bool heard_of);
    struct OrgCount {
        std::int64_t active = 0;
        std::int64_t hot_idle = 0;
    };
    void count_in_org(TextId org, const OrgCount& by);
    void count_warm(const Place& place, std::int64_t by);

    Records<Worker> workers_;
    Records<ControlPlane> planes_;
    WorkerId highest_id_;
    std::int64_t active_ = 0;

    boost::unordered_flat_map<std::uint32_t, OrgCount> orgs_;
    boost::unordered_flat_map<std::uint32_t, std::int64_t> warm_;  // by image
    std::int64_t warm_any_ = 0;
    Claimable claimable_;
    std::optional<Listed> listed_;
};

template <typename Change>
bool World::change(WorkerId id, const Change& change) {
    const std::uint32_t slot = workers_.slot(id.value);
    if (slot == Records<Worker>::nowhere) return false;
    Worker& record = workers_[slot];
    const Place was = place_of(record);
    const Listed::Place was_listed = listed_ ? listed_place_of(record) : Listed::Place{};
    change(record);
    move(slot, id, was, place_of(record));
    if (listed_) listed_->move(slot, was_listed, listed_place_of(record));
    return true;
}

}  // namespace fenceline
