#include "projections/observations.hpp"

#include "projections/saturating.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Observations>);

template <typename Label>
void add(Counts& counts, TextId image, Label label, std::uint32_t by) {
    auto& count = counts[std::uint64_t{image.value} << 8 | static_cast<std::uint64_t>(label)];
    count = saturating_add(count, by);
}

template <typename Label>
Observations::Rows<Label> rows_of(const Counts& counts) {
    Observations::Rows<Label> out;
    out.reserve(counts.size());
    for (const auto* entry : counts.sorted())
        out.push_back({TextId{static_cast<std::uint32_t>(entry->key >> 8)},
                       static_cast<Label>(entry->key & 0xff), entry->value});
    return out;
}

// A key above this would name an image beyond 32 bits.
bool sound(const Counts& counts) {
    for (const auto* entry : counts.sorted())
        if (entry->key >> 40 != 0) return false;
    return true;
}

}  // namespace

void Observations::apply(const Event& event) {
    if (event.outcome == Outcome::store_error || event.count == 0) return;
    const auto& payload = event.payload;
    switch (event.operation) {
        case Operation::spawn_failed:
            if (const auto* failed = std::get_if<SpawnFailed>(&payload))
                add(spawn_failures_, event.image, failed->reason, event.count);
            break;
        case Operation::health_checked:
            if (const auto* checked = std::get_if<HealthChecked>(&payload))
                add(health_checks_, event.image, checked->result, event.count);
            break;
        case Operation::stranded_pod:
            if (const auto* stranded = std::get_if<StrandedReconciled>(&payload))
                add(stranded_pods_, TextId{}, stranded->outcome, event.count);
            break;
        case Operation::stranded_secret:
            if (const auto* stranded = std::get_if<StrandedReconciled>(&payload))
                add(stranded_secrets_, TextId{}, stranded->outcome, event.count);
            break;
        case Operation::activation_failed:
            add(activation_failures_, event.image, NoLabel{}, event.count);
            break;
        case Operation::warm_capacity_missed:
            if (const auto* missed = std::get_if<WarmCapacityMissed>(&payload))
                add(capacity_misses_, event.image, missed->reason, event.count);
            break;
        default: break;
    }
}

void Observations::make_room(std::size_t events) {
    for (Counts* counts : {&spawn_failures_, &health_checks_, &capacity_misses_,
                           &activation_failures_, &stranded_pods_, &stranded_secrets_})
        counts->make_room(events);
}

Observations::Rows<SpawnFailureReason> Observations::spawn_failures() const {
    return rows_of<SpawnFailureReason>(spawn_failures_);
}
Observations::Rows<HealthResult> Observations::health_checks() const {
    return rows_of<HealthResult>(health_checks_);
}
Observations::Rows<MissReason> Observations::capacity_misses() const {
    return rows_of<MissReason>(capacity_misses_);
}
Observations::Rows<Observations::NoLabel> Observations::activation_failures() const {
    return rows_of<NoLabel>(activation_failures_);
}
Observations::Rows<StrandedOutcome> Observations::stranded_pods() const {
    return rows_of<StrandedOutcome>(stranded_pods_);
}
Observations::Rows<StrandedOutcome> Observations::stranded_secrets() const {
    return rows_of<StrandedOutcome>(stranded_secrets_);
}

void Observations::save(StateWriter& out) const {
    for (const Counts* counts : {&spawn_failures_, &health_checks_, &capacity_misses_,
                                 &activation_failures_, &stranded_pods_, &stranded_secrets_})
        save_counts(*counts, out);
}

bool Observations::load(StateReader& in) {
    Observations loaded;
    for (Counts* counts :
         {&loaded.spawn_failures_, &loaded.health_checks_, &loaded.capacity_misses_,
          &loaded.activation_failures_, &loaded.stranded_pods_, &loaded.stranded_secrets_})
        if (!load_counts(*counts, in) || !sound(*counts)) return false;
    *this = std::move(loaded);
    return true;
}

void Observations::mark_images(ImageMarks& images) const {
    for (const Counts* counts :
         {&spawn_failures_, &health_checks_, &capacity_misses_, &activation_failures_})
        counts->each_key([&](std::uint64_t key) { images.mark(key >> 8); });
}

std::uint64_t Observations::texts_needed() const {
    std::uint64_t needed = 0;
    for (const Counts* counts : {&spawn_failures_, &health_checks_, &capacity_misses_,
                                 &activation_failures_, &stranded_pods_, &stranded_secrets_})
        for (const auto* entry : counts->sorted()) needed = std::max(needed, (entry->key >> 8) + 1);
    return needed;
}

}  // namespace fenceline
