#include "replay/divergence.hpp"

#include <algorithm>

namespace fenceline::replay {

namespace {

// Positions of both journals that are in memory at once.
constexpr std::int64_t stretch = 4'096;

class StretchSink final : public Sink {
  public:
    bool text(TextId id, std::string_view value) override {
        // Each stretch is read with all texts before it.
        consistent_ = id.value < texts.size() ? texts.text(id) == value : texts.intern(value) == id;
        return consistent_;
    }
    bool event(const Event& event) override {
        events.push_back(event);
        return true;
    }
    Dictionary texts;
    std::vector<Event> events;
    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    bool consistent_ = true;
};

Result<void> read(Reader& reader, Position after, Position to, StretchSink& sink) {
    sink.events.clear();
    const Head from{.position = after, .texts = sink.texts.size()};
    FENCELINE_TRY(reader.read(from, to, sink));
    if (sink.consistent() &&
        static_cast<std::int64_t>(sink.events.size()) == to.value - after.value)
        return {};
    return fail(ErrorCode::corrupt, "the journal's events are not what they should be",
                "run fenceline verify on a copy");
}

// Numbers alone tell while both dictionaries are the same.
bool alike(const Event& one, Event other) {
    other.recorder = one.recorder;
    return one == other;
}

bool same_texts(const Dictionary& one, const Dictionary& other, std::uint32_t& checked) {
    const auto shorter = std::min(one.size(), other.size());
    for (; checked < shorter; ++checked)
        if (one.text(TextId{checked}) != other.text(TextId{checked})) return false;
    return true;
}

}  // namespace

Result<Divergence> diverging(Reader& one, Reader& other, const DivergenceOptions& options) {
    auto one_head = one.head();
    if (!one_head) return tl::unexpected<Error>(std::move(one_head.error()));
    auto other_head = other.head();
    if (!other_head) return tl::unexpected<Error>(std::move(other_head.error()));
    auto one_begin = one.beginning();
    if (!one_begin) return tl::unexpected<Error>(std::move(one_begin.error()));
    auto other_begin = other.beginning();
    if (!other_begin) return tl::unexpected<Error>(std::move(other_begin.error()));
    Divergence out{.after = std::max(one_begin->position, other_begin->position),
                   .one_end = one_head->position,
                   .other_end = other_head->position};
    if (options.to) {
        out.one_end = std::min(out.one_end, *options.to);
        out.other_end = std::min(out.other_end, *options.to);
    }
    out.compared = std::min(out.one_end, out.other_end);
    StretchSink mine, theirs;
    std::uint32_t checked = 0;
    bool numbers_tell = true;
    for (auto after = out.after.value; after < out.compared.value; after += stretch) {
        const Position to{std::min(after + stretch, out.compared.value)};
        FENCELINE_TRY(read(one, Position{after}, to, mine));
        FENCELINE_TRY(read(other, Position{after}, to, theirs));
        numbers_tell = numbers_tell && same_texts(mine.texts, theirs.texts, checked);
        for (std::size_t i = 0; i < mine.events.size(); ++i) {
            const Event& event = mine.events[i];
            if (numbers_tell && alike(event, theirs.events[i])) continue;
            if (!options.differs({event, mine.texts}, {theirs.events[i], theirs.texts})) continue;
            if (!out.first) out.first = event.position;
            ++out.different;
        }
        if (options.progress) options.progress(to, out.compared);
    }
    return out;
}

}  // namespace fenceline::replay
