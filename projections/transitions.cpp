#include "projections/transitions.hpp"

#include "projections/counts_bytes.hpp"
#include "projections/saturating.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Transitions>);

// image (32 bits), operation, outcome, origin, observed (8 bits each). The order of the fields is
// the order of saved rows.
std::uint64_t pack(const Transitions::Row& row) {
    return std::uint64_t{row.image.value} << 32 | static_cast<std::uint64_t>(row.operation) << 24 |
           static_cast<std::uint64_t>(row.outcome) << 16 |
           static_cast<std::uint64_t>(row.origin) << 8 | static_cast<std::uint64_t>(row.observed);
}

Transitions::Row unpack(std::uint64_t key, std::int64_t count) {
    Transitions::Row row;
    row.image = TextId{static_cast<std::uint32_t>(key >> 32)};
    row.operation = static_cast<Operation>(key >> 24 & 0xff);
    row.outcome = static_cast<Outcome>(key >> 16 & 0xff);
    row.origin = static_cast<Origin>(key >> 8 & 0xff);
    row.observed = static_cast<State>(key & 0xff);
    row.count = count;
    return row;
}

State observed_state(const Event& event) {
    if (event.operation != Operation::retire_idle_variant_from_snapshot) return State::none;
    const auto* judged = std::get_if<SnapshotJudged>(&event.payload);
    if (!judged) return State::none;
    const bool idle =
        judged->observed_state == State::idle || judged->observed_state == State::hot_idle;
    return idle ? State::idle : State::none;
}

}  // namespace

void Transitions::apply(const Event& event) {
    if (!acts_on_worker(event.operation)) return;
    if (event.outcome == Outcome::none || event.outcome == Outcome::recorded) return;
    if (event.count == 0) return;
    Row row;
    row.operation = event.operation;
    row.outcome = event.outcome;
    row.origin = event.origin;
    row.observed = observed_state(event);
    row.image = event.image;
    std::int64_t& count = counts_[pack(row)];
    count = saturating_add(count, event.count);
}

std::vector<Transitions::Row> Transitions::rows() const {
    std::vector<Row> out;
    out.reserve(counts_.size());
    for (const auto* entry : counts_.sorted()) out.push_back(unpack(entry->key, entry->value));
    return out;
}

void Transitions::mark_images(ImageMarks& images) const {
    counts_.each_key([&](std::uint64_t key) { images.mark(key >> 32); });
}

void Transitions::save(StateWriter& out) const {
    save_counts(counts_, out);
}

bool Transitions::load(StateReader& in) {
    return load_counts(counts_, in);
}

std::uint64_t Transitions::texts_needed() const {
    std::uint64_t needed = 0;
    for (const Row& row : rows()) needed = std::max(needed, std::uint64_t{row.image.value} + 1);
    return needed;
}

}  // namespace fenceline
