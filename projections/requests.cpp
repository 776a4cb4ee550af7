#include "projections/requests.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "events/state_bytes.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Requests>);
static_assert(limits::request_window <= INT32_MAX, "offsets are kept in 32 bits");

constexpr std::int64_t window = limits::request_window;

// Entries wait to be indexed until there are so many. Their slots are anywhere in a table larger
// than the caches; asked for together, they arrive together.
constexpr std::size_t index_together = 64;

std::int64_t span_of(Position position) {
    return position.value / window;
}

// Multiplies a word in, and brings the well-mixed high bits down for the next one.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

}  // namespace

// First the caller's number and the id's length as one word, then the id in words of eight bytes,
// little endian, the last one filled up with zeros. The low half is the hash.
std::uint32_t request_hash(TextId caller, std::string_view id) noexcept {
    static_assert(std::endian::native == std::endian::little, "the hash is over these bytes");
    std::uint64_t hash = mix(0, std::uint64_t{caller.value} << 32 | id.size());
    while (!id.empty()) {
        const std::size_t size = std::min(id.size(), sizeof(std::uint64_t));
        std::uint64_t word = 0;
        std::memcpy(&word, id.data(), size);
        hash = mix(hash, word);
        id.remove_prefix(size);
    }
    return static_cast<std::uint32_t>(hash);
}

// --- a span --------------------------------------------------------------------------------------

void Requests::Span::index(std::uint32_t entry) {
    const std::uint32_t hash = entries_[entry].hash;
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot].newest != 0 && slots_[slot].hash != hash)
        slot = (slot + 1) & (slots_.size() - 1);
    older_.push_back(slots_[slot].newest);
    slots_[slot] = {hash, entry + 1};
}

void Requests::Span::index() {
    if (entries_.size() * 2 > slots_.size()) grow(std::max<std::size_t>(256, slots_.size() * 2));
    for (std::size_t i = older_.size(); i < entries_.size(); ++i)
        __builtin_prefetch(&slots_[entries_[i].hash & (slots_.size() - 1)], 1);
    while (older_.size() < entries_.size()) index(static_cast<std::uint32_t>(older_.size()));
}

void Requests::Span::grow(std::size_t slots) {
    slots_.assign(slots, Slot{});
    const std::size_t indexed = older_.size();
    older_.clear();
    while (older_.size() < indexed) index(static_cast<std::uint32_t>(older_.size()));
}

void Requests::Span::reserve(std::size_t entries) {
    std::size_t slots = 256;
    while (slots < (entries + index_together) * 2) slots *= 2;
    entries_.reserve(entries);
    older_.reserve(entries);
    if (slots > slots_.size()) grow(slots);
}

void Requests::Span::add(Entry entry) {
    entries_.push_back(entry);
    if (entries_.size() - older_.size() == index_together) index();
}

std::vector<std::uint32_t> Requests::Span::find(std::uint32_t hash) const {
    std::vector<std::uint32_t> offsets;
    for (std::size_t i = entries_.size(); i > older_.size(); --i)
        if (entries_[i - 1].hash == hash) offsets.push_back(entries_[i - 1].offset);
    if (!slots_.empty()) {
        std::size_t slot = hash & (slots_.size() - 1);
        while (slots_[slot].newest != 0 && slots_[slot].hash != hash)
            slot = (slot + 1) & (slots_.size() - 1);
        for (std::uint32_t entry = slots_[slot].newest; entry != 0; entry = older_[entry - 1])
            offsets.push_back(entries_[entry - 1].offset);
    }
    std::ranges::reverse(offsets);
    return offsets;
}

std::size_t Requests::Span::memory_bytes() const {
    return entries_.capacity() * sizeof(Entry) + older_.capacity() * sizeof(std::uint32_t) +
           slots_.capacity() * sizeof(Slot);
}

// --- the window ----------------------------------------------------------------------------------

void Requests::enter_span(std::int64_t number) {
    const bool adjacent = number == young_.number + 1;
    const std::size_t expected = young_.entries().size();
    old_ = adjacent ? std::move(young_) : Span{};
    old_.number = number - 1;
    young_ = Span{};
    young_.number = number;
    if (adjacent) young_.reserve(expected);
}

void Requests::apply(const Event& event) {
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
        for (const std::uint32_t offset : span->find(hash))
            if (offset >= first_offset(*span))
                out.push_back(Position{span->number * window + offset});
    }
    return out;
}

void Requests::save(StateWriter& out) const {
    out.i64(newest_.value);
    for (const Span* span : {&old_, &young_}) {
        const auto& entries = span->entries();
        const auto first =
            std::ranges::lower_bound(entries, first_offset(*span), {}, &Entry::offset);
        out.u32(static_cast<std::uint32_t>(entries.end() - first));
        for (auto entry = first; entry != entries.end(); ++entry) {
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
    return in.good();
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
    return old_.memory_bytes() + young_.memory_bytes();
}

}  // namespace fenceline
