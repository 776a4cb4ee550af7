#include "projections/lifecycle_counts.hpp"

#include "events/state_bytes.hpp"

namespace fenceline {

namespace {

static_assert(Projection<LifecycleCounts>);

std::size_t row_of(State state) {
    return static_cast<std::size_t>(state) - static_cast<std::size_t>(State::spawning);
}

// The worker's org after the event. Only an event that binds it names one; the others leave it.
TextId org_after(const Event& event) {
    if (const auto* spawned = std::get_if<WorkerSpawned>(&event.payload)) return spawned->org;
    if (const auto* adopted = std::get_if<WorkerAdopted>(&event.payload)) return adopted->org;
    if (const auto* claimed = std::get_if<WorkerClaimed>(&event.payload)) return claimed->org;
    if (const auto* taken = std::get_if<WorkerTakenOver>(&event.payload)) return taken->org;
    return event.org;
}

}  // namespace

void LifecycleCounts::apply(const Event& event) {
    if (!transitioned(event) || !event.image.given() || !acts_on_worker(event.operation)) return;
    const TextId org = org_after(event);
    if (event.from == event.to && event.org.given() == org.given()) return;
    Cells& cells = images_[event.image.value];
    if (is_active(event.from)) --cells.counts[row_of(event.from)][event.org.given() ? 1 : 0];
    if (is_active(event.to)) ++cells.counts[row_of(event.to)][org.given() ? 1 : 0];
}

std::int64_t LifecycleCounts::count(TextId image, State state, Binding binding) const {
    const Cells* cells = is_active(state) ? images_.find(image.value) : nullptr;
    return cells ? cells->counts[row_of(state)][static_cast<std::size_t>(binding)] : 0;
}

std::vector<LifecycleCounts::OfImage> LifecycleCounts::images() const {
    std::vector<OfImage> out;
    for (const auto* entry : images_.sorted())
        if (!entry->value.empty())
            out.push_back({TextId{static_cast<std::uint32_t>(entry->key)}, entry->value.counts});
    return out;
}

void LifecycleCounts::mark_images(ImageMarks& images) const {
    images_.each_key([&](std::uint64_t key) { images.mark(key); });
}

void LifecycleCounts::save(StateWriter& out) const {
    const auto rows = images();
    out.u32(static_cast<std::uint32_t>(rows.size()));
    for (const OfImage& row : rows) {
        out.u32(row.image.value);
        for (const auto& state : row.counts)
            for (const std::int64_t count : state) out.i64(count);
    }
}

bool LifecycleCounts::load(StateReader& in) {
    LifecycleCounts loaded;
    std::uint32_t before = 0;  // the empty image has no row
    for (std::uint32_t left = in.count(4 + active_states * bindings * 8); left > 0; --left) {
        const std::uint32_t image = in.u32();
        Cells cells;
        for (auto& state : cells.counts)
            for (std::int64_t& count : state) count = in.i64();
        if (image <= before || cells.empty()) return false;
        loaded.images_[image] = cells;
        before = image;
    }
    if (!in.good()) return false;
    *this = std::move(loaded);
    return true;
}

std::uint64_t LifecycleCounts::texts_needed() const {
    const auto rows = images();
    return rows.empty() ? 0 : std::uint64_t{rows.back().image.value} + 1;
}

}  // namespace fenceline
