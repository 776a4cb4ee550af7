#include "tools/simulator/census.hpp"

namespace fenceline::tools {

namespace {

class CensusTaker final : public Sink {
  public:
    explicit CensusTaker(Census& census) : census_(census) {}

    [[nodiscard]] bool wants_chain() const override { return false; }
    bool event(const Event& event) override {
        if (!census_.first_at.given()) census_.first_at = event.at;
        ++census_.operations[{event.operation, event.outcome}];
        ++census_.outcomes[event.outcome];
        if (event.to != State::none) census_.workers.insert(event.worker);
        return true;
    }

  private:
    Census& census_;
};

}  // namespace

Result<Census> take_census(Reader& reader) {
    Census census;
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    census.head = *head;
    CensusTaker taker(census);
    FENCELINE_TRY(reader.read_all(head->position, taker));
    return census;
}

}  // namespace fenceline::tools
