#include "projections/durations.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Durations>);

}  // namespace

void Durations::add_call(Operation operation, Duration took) {
    if (acts_on_worker(operation)) calls_[static_cast<std::size_t>(operation)].add(took);
}

void Durations::apply(const Measurements& measured) {
    for (const Measurement& one : measured.values) add_call(one.operation, one.took);
}

void Durations::apply(const Event& event) {
    if (const auto* tallied = std::get_if<HeartbeatsTallied>(&event.payload)) {
        for (const Duration took : tallied->took) add_call(event.operation, took);
    } else if (const auto* failed = std::get_if<OperationFailed>(&event.payload)) {
        for (const Duration took : failed->took) add_call(event.operation, took);
    } else if (const auto* completed = std::get_if<ActivationCompleted>(&event.payload)) {
        // A worker that was adopted without its `reserved_at` would give a sample of half a
        // century.
        if (transitioned(event) && completed->reserved_at.given())
            activations_[event.image.value].add(between(completed->reserved_at, event.at));
    } else if (const auto* deleted = std::get_if<PodDeleted>(&event.payload)) {
        if (deleted->drain_started_at.given())
            drains_.add(between(deleted->drain_started_at, event.at));
    }
}

const Durations::Calls& Durations::calls(Operation operation) const {
    return calls_[acts_on_worker(operation) ? static_cast<std::size_t>(operation) : 0];
}

const Durations::Activations* Durations::activations(TextId image) const {
    return activations_.find(image.value);
}

std::vector<TextId> Durations::activated_images() const {
    std::vector<TextId> out;
    out.reserve(activations_.size());
    for (const auto* entry : activations_.sorted())
        out.push_back(TextId{static_cast<std::uint32_t>(entry->key)});
    return out;
}

void Durations::mark_images(ImageMarks& images) const {
    activations_.each_key([&](std::uint64_t key) { images.mark(key); });
}

// Numbers are written beside the calls' histograms, so that an operation added later leaves a
// saved fold readable.
void Durations::save(StateWriter& out) const {
    std::uint32_t used = 0;
    for (const Calls& calls : calls_) used += calls.count() > 0;
    out.u32(used);
    for (std::size_t number = 0; number < calls_.size(); ++number) {
        if (calls_[number].count() == 0) continue;
        out.u8(static_cast<std::uint8_t>(number));
        calls_[number].save(out);
    }
    drains_.save(out);
    out.u32(static_cast<std::uint32_t>(activations_.size()));
    for (const auto* entry : activations_.sorted()) {
        out.u32(static_cast<std::uint32_t>(entry->key));
        entry->value.save(out);
    }
}

bool Durations::load(StateReader& in) {
    Durations loaded;
    int before = 0;  // number 0 is `none`: it has no calls
    for (std::uint32_t left = in.count(1); left > 0; --left) {
        const int number = in.u8();
        if (number <= before || !acts_on_worker(static_cast<Operation>(number))) return false;
        Calls& calls = loaded.calls_[static_cast<std::size_t>(number)];
        if (!calls.load(in) || calls.count() == 0) return false;
        before = number;
    }
    if (!loaded.drains_.load(in)) return false;
    std::int64_t image_before = -1;
    for (std::uint32_t left = in.count(4); left > 0; --left) {
        const std::uint32_t image = in.u32();
        if (image <= image_before || !loaded.activations_[image].load(in)) return false;
        image_before = image;
    }
    if (!in.good()) return false;
    *this = std::move(loaded);
    return true;
}

std::uint64_t Durations::texts_needed() const {
    const auto images = activated_images();
    return images.empty() ? 0 : std::uint64_t{images.back().value} + 1;
}

}  // namespace fenceline
