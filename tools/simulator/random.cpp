#include "tools/simulator/random.hpp"

#include "events/invariant.hpp"

namespace fenceline::tools {

namespace {

// The step and the finisher of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
// number generators", 2014): a counter that walks by the golden ratio, its bits then mixed.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

constexpr std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view purpose) : state_(mixed(seed + golden)) {
    for (const char c : purpose) state_ = mixed(state_ ^ static_cast<unsigned char>(c)) + golden;
}

std::uint64_t Random::next() {
    state_ += golden;
    return mixed(state_);
}

std::uint64_t Random::below(std::uint64_t bound) {
    FENCELINE_INVARIANT(bound > 0, "a draw needs something to draw from");
    // The numbers beyond the last whole multiple of the bound would favour the small ones.
    const std::uint64_t beyond = (0 - bound) % bound;
    std::uint64_t drawn = next();
    while (drawn < beyond) drawn = next();
    return drawn % bound;
}

Duration Random::between(Duration low, Duration high) {
    const auto width = static_cast<std::uint64_t>(high.ns - low.ns) + 1;
    return {low.ns + static_cast<std::int64_t>(below(width))};
}

bool Random::chance(Permille probability) {
    return static_cast<std::int64_t>(below(1000)) < probability.value;
}

// Von Neumann's way, which needs comparisons alone: the run u1 > u2 > ... has odd length with the
// probability e^-u1, so an accepted u1 has the density of the exponential between 0 and 1, and
// each rejection, of probability 1/e, moves on by one whole mean.
Duration Random::exponential(Duration mean) {
    constexpr int bits = 20;  // a mean of a day, in microseconds, times this still fits
    const auto draw = [this] { return static_cast<std::int64_t>(next() >> (64 - bits)); };
    for (std::int64_t whole = 0;; ++whole) {
        const std::int64_t first = draw();
        bool odd = true;
        for (std::int64_t last = first, u = draw(); u < last; last = u, u = draw()) odd = !odd;
        if (odd) return {whole * mean.ns + ((mean.ns / 1000 * first) >> bits) * 1000};
    }
}

std::size_t Random::weighted(std::span<const std::uint64_t> odds) {
    std::uint64_t sum = 0;
    for (const auto weight : odds) sum += weight;
    std::uint64_t drawn = below(sum);
    std::size_t index = 0;
    while (drawn >= odds[index]) drawn -= odds[index++];
    return index;
}

std::string hexadecimal(std::uint64_t bits) {
    std::string digits(16, '0');
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, bits >>= 4)
        *digit = "0123456789abcdef"[bits & 15];
    return digits;
}

}  // namespace fenceline::tools
