#include "tests/simulation/planted_journal.hpp"

#include <vector>

namespace fenceline::testing {

namespace {

// Hears one event of a range as something that changes nothing.
class Hush final : public Sink {
  public:
    Hush(Sink& sink, Plant plant, Position last) : sink_(sink), plant_(plant), last_(last) {}

    bool text(TextId id, std::string_view value) override { return sink_.text(id, value); }
    bool recorder(const Recorder& recorder) override { return sink_.recorder(recorder); }
    bool event(const Event& event) override {
        if (!is_hushed(event)) return sink_.event(event);
        Event hushed = event;
        hushed.outcome = Outcome::no_idle;
        return sink_.event(hushed);
    }
    bool seal(const Seal& seal) override { return sink_.seal(seal); }

  private:
    [[nodiscard]] bool is_hushed(const Event& event) const {
        if (event.outcome != Outcome::transitioned || !event.worker.given()) return false;
        const bool claim = event.operation == Operation::claim_idle;
        if (plant_ == Plant::lease_twice) return claim;
        if (plant_ == Plant::dropped_at_reopen) return event.position == last_;
        return claim || event.operation == Operation::take_over ||
               event.operation == Operation::retire_from_snapshot ||
               event.operation == Operation::retire_orphan_from_snapshot;
    }

    Sink& sink_;
    Plant plant_;
    Position last_;
};

}  // namespace

std::string_view to_text(Plant plant) {
    constexpr std::string_view names[] = {"none",
                                          "stale_world",
                                          "lease_twice",
                                          "answer_lost",
                                          "refused_yet_done",
                                          "half_commit",
                                          "dropped_at_reopen",
                                          "request_forgotten",
                                          "answer_differs",
                                          "early_sweep"};
    static_assert(std::size(names) == plant_count);
    return names[static_cast<std::size_t>(plant)];
}

Head PlantedJournal::made_up(const Commit& commit, std::int64_t fewer) const {
    Head head = before_;
    head.position.value += static_cast<std::int64_t>(commit.events.size()) - fewer;
    head.texts += static_cast<std::uint32_t>(commit.texts.size());
    head.recorders += commit.recorder != nullptr ? 1 : 0;
    return head;
}

Result<Head> PlantedJournal::begin_write() {
    auto head = PassingJournal::begin_write();
    if (head) before_ = *head;
    return head;
}

Result<Head> PlantedJournal::append(const Commit& commit) {
    if (commit.events.empty()) return PassingJournal::append(commit);
    if (goes_off(Plant::answer_lost)) {
        PassingJournal::cancel_write();
        return made_up(commit);
    }
    if (goes_off(Plant::half_commit) && commit.events.size() > 1 &&
        commit.measured.values.empty()) {
        Commit half = commit;
        half.events = commit.events.first(commit.events.size() - 1);
        auto head = PassingJournal::append(half);
        return head ? Result<Head>(made_up(commit)) : head;
    }
    std::vector<Event> altered(commit.events.begin(), commit.events.end());
    if (goes_off(Plant::answer_differs)) altered.back().at.ns += 1;
    Commit last = commit;
    last.events = altered;
    auto head = PassingJournal::append(last);
    if (!head) return head;
    if (goes_off(Plant::refused_yet_done))
        return fail(ErrorCode::no_space, "the journal is said to be full");
    if (std::exchange(orders_.lose_next_answer, false)) {
        auto unknown = Error{ErrorCode::io, Effect::unknown, "the answer of the sync was lost", {}};
        return tl::unexpected<Error>(std::move(unknown));
    }
    return head;
}

Result<void> PlantedJournal::read(const Head& after, Position to, Sink& sink) {
    const bool first = std::exchange(opening_, false);
    const bool hushed = goes_off(Plant::stale_world) || goes_off(Plant::lease_twice) ||
                        (first && goes_off(Plant::dropped_at_reopen));
    if (!hushed) return PassingJournal::read(after, to, sink);
    Hush hush(sink, orders_.plant, to);
    return PassingJournal::read(after, to, hush);
}

Result<Event> PlantedJournal::event(Position position) {
    if (goes_off(Plant::request_forgotten))
        return fail(ErrorCode::not_found, "there is no such event");
    return PassingJournal::event(position);
}

}  // namespace fenceline::testing
