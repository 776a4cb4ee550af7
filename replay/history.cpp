#include "replay/history.hpp"

#include "journal/start.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

// Folds the events of one worker and keeps them.
class LifeSink final : public Sink {
  public:
    LifeSink(Life& life, WorkerId worker, Position end, const Progress& progress)
        : life_(life), worker_(worker), end_(end), progress_(progress) {}

    // What the base knows of it: the state it was in, and nothing of how it came there.
    void begin(const Start& start) {
        life_.head = start.head;
        const Worker* record = start.fold.world.find(worker_);
        if (record == nullptr) return;
        for (std::uint32_t id = 1; id < start.fold.world.texts.size(); ++id)
            world_.texts.intern(start.fold.world.texts.text(TextId{id}));
        world_.put(*record);
        life_.stays.push_back({.state = record->state,
                               .entered_by = Position{},
                               .since = start.head.at,
                               .until = std::nullopt});
    }

    bool text(TextId id, std::string_view value) override {
        consistent_ = world_.texts.intern(value) == id;
        return consistent_;
    }
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool recorder(const Recorder& recorder) override {
        life_.recorders.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        life_.head.position = event.position;
        life_.head.at = event.at;
        if (progress_ && event.position.value % progress_every == 0)
            progress_(event.position, end_);
        if (event.worker != worker_) return true;
        evolve(world_, event);
        life_.events.push_back(event);
        if (const Worker* record = world_.find(worker_)) enter(*record, event);
        return true;
    }

    // Hands over what was folded. False: the journal contradicts itself.
    [[nodiscard]] bool finish() {
        if (const Worker* record = world_.find(worker_)) life_.record = *record;
        life_.texts = std::move(world_.texts);
        return consistent_;
    }

  private:
    void enter(const Worker& record, const Event& event) {
        if (!life_.stays.empty() && life_.stays.back().state == record.state) return;
        if (!life_.stays.empty()) life_.stays.back().until = event.at;
        life_.stays.push_back({.state = record.state,
                               .entered_by = event.position,
                               .since = event.at,
                               .until = std::nullopt});
    }

    Life& life_;
    WorkerId worker_;
    Position end_;
    const Progress& progress_;
    World world_;
    bool consistent_ = true;
};

}  // namespace

std::vector<const Event*> Life::refused() const {
    std::vector<const Event*> out;
    for (const Event& event : events)
        if (acts_on_worker(event.operation) && !transitioned(event)) out.push_back(&event);
    return out;
}

Result<Life> life_of(Reader& reader, WorkerId worker, std::optional<Position> to,
                     const Progress& progress) {
    auto head = reader.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const Position end = std::min(to.value_or(head->position), head->position);
    Life life;
    LifeSink sink(life, worker, end, progress);
    const auto start = start_before(reader, end);
    if (!start) return tl::unexpected<Error>(start.error());
    sink.begin(*start);
    FENCELINE_TRY(reader.read({.position = start->head.position}, end, sink));
    if (!sink.finish())
        return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                    "run fenceline verify on a copy");
    if (progress) progress(end, end);
    if (life.events.empty() && !life.record)
        return fail(ErrorCode::not_found, "no event names worker " + std::to_string(worker.value) +
                                              " up to #" + std::to_string(end.value));
    return life;
}

}  // namespace fenceline::replay
