// Bytes that nobody here wrote: none may crash, allocate beyond what it brings, or be accepted in
// more than one spelling.

#include "events/codec.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <doctest/doctest.h>

#include "events/limits.hpp"
#include "tests/support/golden.hpp"

namespace {
// The largest single allocation of this thread since it was set to 0.
thread_local std::size_t largest_allocation = 0;
}  // namespace

void* operator new(std::size_t size) {
    largest_allocation = std::max(largest_allocation, size);
    if (void* out = std::malloc(size != 0 ? size : 1)) return out;
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}

namespace fenceline {

TEST_SUITE_BEGIN("events/codec_hostile");

namespace {

struct Golden {
    std::string name;
    bool measurements = false;
    std::uint8_t kind = 0;
    std::string bytes;
};

std::vector<Golden> goldens() {
    std::vector<Golden> out;
    for (const auto& line : testing::golden_lines("payload_v1.txt")) {
        const bool measurements = line[1] == "-";
        out.push_back({line[0], measurements,
                       static_cast<std::uint8_t>(measurements ? 0 : std::stoi(line[1])),
                       testing::from_hex(line[2])});
    }
    return out;
}

enum class Verdict { accepted, corrupt, unsupported, broken };

template <typename Value, typename Decode>
Verdict judge(const Result<Value>& value, std::string_view bytes, Decode decode) {
    if (!value) {
        if (value.error().text.empty()) return Verdict::broken;
        if (value.error().code == ErrorCode::corrupt) return Verdict::corrupt;
        if (value.error().code == ErrorCode::unsupported_format) return Verdict::unsupported;
        return Verdict::broken;
    }
    std::string again;
    codec::encode(*value, again);
    if (again != bytes) return Verdict::broken;
    const auto back = decode(again);
    return back && *back == *value ? Verdict::accepted : Verdict::broken;
}

Verdict judge(const Golden& golden, std::string_view bytes) {
    if (golden.measurements)
        return judge(codec::decode_measurements(bytes), bytes, codec::decode_measurements);
    const auto decode = [&](std::string_view b) { return codec::decode(golden.kind, b); };
    return judge(decode(bytes), bytes, decode);
}

// SplitMix64: the same bytes on every machine.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        auto z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

  private:
    std::uint64_t state_;
};

}  // namespace

TEST_CASE("every truncation is corrupt") {
    for (const auto& golden : goldens())
        for (std::size_t size = 0; size < golden.bytes.size(); ++size) {
            // No bytes at all are no measurements.
            const auto expected =
                golden.measurements && size == 0 ? Verdict::accepted : Verdict::corrupt;
            CHECK_MESSAGE(judge(golden, golden.bytes.substr(0, size)) == expected, golden.name,
                          " cut to ", size);
        }
}

TEST_CASE("nothing may trail") {
    for (const auto& golden : goldens())
        for (const char byte : {'\0', '\1', '\xff'})
            CHECK_MESSAGE(judge(golden, golden.bytes + byte) == Verdict::corrupt, golden.name);
}

TEST_CASE("every single bit flip is refused or spelled in one way only") {
    int accepted = 0;
    int refused = 0;
    for (const auto& golden : goldens())
        for (std::size_t bit = 0; bit < golden.bytes.size() * 8; ++bit) {
            auto bytes = golden.bytes;
            bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
            const auto verdict = judge(golden, bytes);
            CHECK_MESSAGE(verdict != Verdict::broken, golden.name, " bit ", bit);
            if (bit < 8) CHECK_MESSAGE(verdict != Verdict::accepted, golden.name, " bit ", bit);
            ++(verdict == Verdict::accepted ? accepted : refused);
        }
    CHECK(accepted > 1'000);
    CHECK(refused > 200);
}

TEST_CASE("a yes or no is 0 or 1") {
    for (const auto& golden : goldens()) {
        if (golden.name != "worker_adopted") continue;
        for (int byte = 0; byte < 256; ++byte) {
            auto bytes = golden.bytes;
            bytes[5] = static_cast<char>(byte);
            CHECK(judge(golden, bytes) == (byte < 2 ? Verdict::accepted : Verdict::corrupt));
        }
    }
}

TEST_CASE("huge counts allocate nothing") {
    struct Place {
        std::string name;
        std::size_t count_at;
    };
    const Place places[] = {{"warm_capacity_targeted", 1},   {"warm_capacity_targeted_none", 1},
                            {"heartbeats_tallied", 9},       {"operation_failed", 2},
                            {"operation_failed_at_once", 2}, {"measurements", 9}};
    int tried = 0;
    for (const auto& golden : goldens())
        for (const auto& place : places) {
            if (golden.name != place.name) continue;
            for (const std::uint32_t count :
                 {3U, 1'000U, 1'001U, 8'000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
                auto bytes = golden.bytes;
                for (int i = 0; i < 4; ++i)
                    bytes[place.count_at + static_cast<std::size_t>(i)] =
                        static_cast<char>(count >> (8 * i));
                if (bytes == golden.bytes) continue;
                largest_allocation = 0;
                const auto verdict = judge(golden, bytes);
                const auto largest = largest_allocation;
                CHECK_MESSAGE(verdict == Verdict::corrupt, golden.name, " ", count);
                CHECK_MESSAGE(largest < 256, golden.name, " ", count);
                ++tried;
            }
        }
    CHECK(tried >= 40);
}

TEST_CASE("a list beyond its limit is corrupt though its bytes are there") {
    std::string bytes("\x01\xe9\x03\x00\x00", 5);  // 1001 targets
    bytes.append(1'001 * 12 + 8, '\0');
    CHECK(judge({"", false, 17, ""}, bytes) == Verdict::corrupt);
    bytes = std::string("\x01\xe8\x03\x00\x00", 5);  // 1000
    bytes.append(1'000 * 12 + 8, '\0');
    CHECK(judge({"", false, 17, ""}, bytes) == Verdict::accepted);
}

TEST_CASE("bytes beyond the limit are refused before they are read") {
    std::string bytes(limits::payload_bytes + 1, '\1');
    for (std::uint8_t kind = 0; kind < std::variant_size_v<Payload>; ++kind)
        CHECK(codec::decode(kind, bytes).error().text.find("too long") != std::string::npos);
    bytes.assign(limits::measurement_bytes + 1, '\1');
    CHECK(codec::decode_measurements(bytes).error().text.find("too long") != std::string::npos);
}

TEST_CASE("measurements without values have no bytes") {
    std::string bytes("\x01", 1);
    bytes.append(12, '\0');
    CHECK(judge({"", true, 0, ""}, bytes) == Verdict::corrupt);
}

TEST_CASE("a million random inputs break nothing") {
    constexpr std::uint64_t seed = 20'260'524;
    Random random(seed);
    const auto known = goldens();
    int counts[4] = {};
    for (int i = 0; i < 1'000'000; ++i) {
        const auto& golden = known[random.below(known.size())];
        std::string bytes = golden.bytes;
        if (i % 2 == 0) {  // noise behind a sound version
            bytes.assign(1 + random.below(60), '\1');
            for (std::size_t k = 1; k < bytes.size(); ++k)
                bytes[k] = static_cast<char>(random.next());
        } else {  // released bytes with a few wounds
            for (auto wounds = 1 + random.below(3); wounds > 0 && !bytes.empty(); --wounds)
                bytes[random.below(bytes.size())] = static_cast<char>(random.next());
            if (random.below(8) == 0) bytes.resize(random.below(bytes.size() + 2));
        }
        ++counts[static_cast<int>(judge(golden, bytes))];
    }
    CHECK_MESSAGE(counts[static_cast<int>(Verdict::broken)] == 0, "seed ", seed);
    CHECK(counts[static_cast<int>(Verdict::accepted)] > 100'000);
    CHECK(counts[static_cast<int>(Verdict::corrupt)] > 100'000);
    CHECK(counts[static_cast<int>(Verdict::unsupported)] > 1'000);
}

TEST_SUITE_END();

}  // namespace fenceline
