#include "projections/requests.hpp"

#include <algorithm>

#include "events/state_bytes.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Requests>);
static_assert(limits::request_window <= INT32_MAX, "offsets are kept in 32 bits");

constexpr std::int64_t window = limits::request_window;

std::int64_t span_of(Position position) { return position.value / window; }

}  // namespace

std::uint32_t request_hash(TextId caller, std::string_view id) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    const auto mix = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3u; };
    for (int shift = 0; shift < 32; shift += 8)
        mix(static_cast<unsigned char>(caller.value >> shift));
    for (const char byte : id) mix(static_cast<unsigned char>(byte));
    return static_cast<std::uint32_t>((hash ^ hash >> 32) * 0x9E3779B97F4A7C15u >> 32);
}

void Requests::Span::grow(std::size_t slots) {
    slots_.assign(slots, Slot{});
    for (std::size_t i = 0; i < entries.size(); ++i) {
        std::size_t slot = entries[i].hash & (slots - 1);
        while (slots_[slot].entry != 0) slot = (slot + 1) & (slots - 1);
        slots_[slot] = {entries[i].hash, static_cast<std::uint32_t>(i + 1)};
    }
}

void Requests::Span::reserve(std::size_t count) {
    std::size_t slots = 64;
    while (slots < count * 2) slots *= 2;
    entries.reserve(count);
    if (slots > slots_.size()) grow(slots);
}

void Requests::Span::add(Entry entry) {
    if (entries.size() * 2 >= slots_.size()) grow(std::max<std::size_t>(64, slots_.size() * 2));
    std::size_t slot = entry.hash & (slots_.size() - 1);
    int repeats = 0;
    for (; slots_[slot].entry != 0; slot = (slot + 1) & (slots_.size() - 1))
        if (slots_[slot].hash == entry.hash && ++repeats == limits::request_repeats) return;
    entries.push_back(entry);
    slots_[slot] = {entry.hash, static_cast<std::uint32_t>(entries.size())};
}

void Requests::Span::find(std::uint32_t hash, std::vector<std::uint32_t>& offsets) const {
    if (slots_.empty()) return;
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot].entry != 0; slot = (slot + 1) & (slots_.size() - 1))
        if (slots_[slot].hash == hash) offsets.push_back(entries[slots_[slot].entry - 1].offset);
    std::ranges::sort(offsets);
}

void Requests::enter_span(std::int64_t number) {
    const bool adjacent = number == young_.number + 1;
    const std::size_t expected = young_.entries.size();
    old_ = adjacent ? std::move(young_) : Span{};
    old_.number = number - 1;
    young_ = Span{};
    young_.number = number;
    if (adjacent) young_.reserve(expected);
}

void Requests::apply(const Event& event) noexcept {
    if (event.position <= newest_) return;
    newest_ = event.position;
    if (span_of(newest_) != young_.number) enter_span(span_of(newest_));
    if (event.request_id.empty() || std::holds_alternative<OperationFailed>(event.payload)) return;
    young_.add({request_hash(event.caller, event.request_id),
                static_cast<std::uint32_t>(newest_.value % window)});
}

std::int64_t Requests::first_offset(const Span& span) const {
    return std::max<std::int64_t>(newest_.value - window + 1 - span.number * window, 0);
}

std::vector<Position> Requests::candidates(TextId caller, std::string_view id) const {
    std::vector<Position> out;
    const std::uint32_t hash = request_hash(caller, id);
    for (const Span* span : {&old_, &young_}) {
        std::vector<std::uint32_t> offsets;
        span->find(hash, offsets);
        for (const std::uint32_t offset : offsets)
            if (offset >= first_offset(*span))
                out.push_back(Position{span->number * window + offset});
    }
    return out;
}

void Requests::save(StateWriter& out) const {
    out.i64(newest_.value);
    for (const Span* span : {&old_, &young_}) {
        const auto first = std::ranges::lower_bound(span->entries, first_offset(*span), {},
                                                    &Entry::offset);
        out.u32(static_cast<std::uint32_t>(span->entries.end() - first));
        for (auto entry = first; entry != span->entries.end(); ++entry) {
            out.u32(entry->offset);
            out.u32(entry->hash);
        }
    }
}

bool Requests::load_span(StateReader& in, Span& span, std::int64_t number) const {
    span.number = number;
    const std::uint32_t size = in.count(8);
    if (number < 0) return in.good() && size == 0;
    span.reserve(size);
    std::int64_t before = first_offset(span) - 1;
    const std::int64_t last = std::min(window - 1, newest_.value - number * window);
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint32_t offset = in.u32();
        if (offset <= before || offset > last) return false;
        span.add({in.u32(), offset});
        before = offset;
    }
    return in.good() && span.entries.size() == size;  // no more repeats than add() takes
}

bool Requests::load(StateReader& in) {
    Requests loaded;
    loaded.newest_ = Position{in.i64()};
    if (loaded.newest_.value < 0) return false;
    const std::int64_t number = span_of(loaded.newest_);
    if (!loaded.load_span(in, loaded.old_, number - 1)) return false;
    if (!loaded.load_span(in, loaded.young_, number)) return false;
    *this = std::move(loaded);
    return true;
}

std::size_t Requests::memory_bytes() const {
    std::size_t bytes = 0;
    for (const Span* span : {&old_, &young_})
        bytes += span->entries.capacity() * sizeof(Entry) +
                 span->slots_.capacity() * sizeof(Span::Slot);
    return bytes;
}

}  // namespace fenceline
