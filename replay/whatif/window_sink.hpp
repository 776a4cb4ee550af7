#pragma once

// A read of a window that must bring every event of it, and texts that fit.
//
//   class Counting final : public WindowSink { void take_in(const Event&) override { ++n; } };
//   FENCELINE_TRY(read_window(reader, begin.head, to, sink));

#include "replay/replayer.hpp"

namespace fenceline::replay::whatif {

class WindowSink : public Sink {
  public:
    WindowSink(Position to, const Progress& progress) : to_(to), progress_(progress) {}

    bool event(const Event& event) final {
        ++events_;
        take_in(event);
        if (progress_ && event.position.value % progress_every == 0) progress_(event.position, to_);
        return true;
    }
    [[nodiscard]] bool wants_chain() const override { return false; }

    [[nodiscard]] std::int64_t events() const { return events_; }
    [[nodiscard]] bool consistent() const { return consistent_; }

  protected:
    virtual void take_in(const Event& event) = 0;
    // Ends the read when the journal's texts are not what its events need.
    bool consistent(bool so) { return consistent_ = so; }

  private:
    static constexpr std::int64_t progress_every = 16'384;

    Position to_;
    const Progress& progress_;
    std::int64_t events_ = 0;
    bool consistent_ = true;
};

[[nodiscard]] inline Result<void> read_window(Reader& reader, const Head& after, Position to,
                                              WindowSink& sink) {
    FENCELINE_TRY(reader.read(after, to, sink));
    if (sink.consistent() && sink.events() == to.value - after.position.value) return {};
    return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                "run fenceline verify on a copy");
}

}  // namespace fenceline::replay::whatif
