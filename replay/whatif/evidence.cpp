#include "replay/whatif/evidence.hpp"

#include "replay/whatif/window_sink.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::replay::whatif {

namespace {

class EvidenceSink final : public WindowSink {
  public:
    EvidenceSink(World world, Position to, const Progress& progress)
        : WindowSink(to, progress), world_(std::move(world)) {}

    bool text(TextId id, std::string_view value) override {
        return consistent(world_.texts.intern(value) == id);
    }

    [[nodiscard]] Evidence take() && {
        out_.highest = world_.highest_id();
        out_.texts = std::move(world_.texts);
        return std::move(out_);
    }

  private:
    void take_in(const Event& event) override {
        note_age(event);
        if (const auto limit = callers_limit_of(event))
            ++out_.by_callers[static_cast<std::size_t>(*limit)];
        evolve(world_, event);
    }
    void note_age(const Event& event) {
        const auto limit = limit_of(event);
        if (!limit || !transitioned(event)) return;
        const Worker* worker = world_.find(event.worker);
        const auto began = worker ? since(*limit, world_, *worker) : std::nullopt;
        if (!began) return;
        auto& youngest = out_.youngest[static_cast<std::size_t>(*limit)];
        const Duration age = event.at - *began;
        if (!youngest || age < *youngest) youngest = age;
    }

    World world_;
    Evidence out_;
};

}  // namespace

Result<Evidence> gather(Reader& reader, const Replayed& begin, Position to,
                        const Progress& progress) {
    EvidenceSink sink(begin.fold.world, to, progress);
    FENCELINE_TRY(read_window(reader, begin.head, to, sink));
    return std::move(sink).take();
}

}  // namespace fenceline::replay::whatif
