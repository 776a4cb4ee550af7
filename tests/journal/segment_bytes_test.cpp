// The varints of a segment's columns against a reader that takes a byte at a time.

#include "journal/segment_bytes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <doctest/doctest.h>

#include "tests/support/random_commands.hpp"

namespace fenceline::testing {
namespace {

using segment::ColumnReader;
using segment::put_varint;

// The next one and how many bytes it takes; none: it is cut, or more than 64 bits.
std::optional<std::pair<std::uint64_t, std::size_t>> slowly(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (i == 9 && byte > 1) return std::nullopt;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return std::pair(value, i + 1);
    }
    return std::nullopt;
}

}  // namespace

TEST_SUITE("journal/segment_bytes") {
    TEST_CASE("a number of any length comes back from any place before the end") {
        for (int bits = 0; bits <= 64; ++bits)
            for (std::size_t behind = 0; behind < 10; ++behind) {
                CAPTURE(bits);
                CAPTURE(behind);
                const std::uint64_t highest = bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits);
                std::string bytes;
                put_varint(bytes, highest);
                put_varint(bytes, highest / 3);
                bytes.append(behind, '\x07');
                ColumnReader in(bytes);
                REQUIRE(in.varint() == highest);
                REQUIRE(in.varint() == highest / 3);
                for (std::size_t i = 0; i < behind; ++i) REQUIRE(in.varint() == 7);
                REQUIRE(in.complete());
            }
    }

    TEST_CASE("any bytes are read as one at a time reads them") {
        RandomCommands random(31);
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes(random.below(40), '\0');
            // Mostly bytes that go on, so that long ones and cut ones come up.
            const auto one_in = 2 + random.below(12);
            for (char& byte : bytes)
                byte = static_cast<char>(random.below(128) | (random.chance(one_in) ? 0 : 128));
            ColumnReader in(bytes);
            std::string_view rest = bytes;
            while (!rest.empty()) {
                const auto expected = slowly(rest);
                const std::uint64_t value = in.varint();
                REQUIRE(in.good() == expected.has_value());
                if (!expected) break;
                REQUIRE(value == expected->first);
                rest.remove_prefix(expected->second);
            }
            if (in.good()) CHECK(in.complete());
        }
    }

    TEST_CASE("some at once are what one after the other gives") {
        RandomCommands random(32);
        std::array<std::uint64_t, 50> numbers{};
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes(random.below(60), '\0');
            const auto one_in = 1 + random.below(12);
            for (char& byte : bytes)
                byte = static_cast<char>(random.below(128) | (random.chance(one_in) ? 0 : 128));
            ColumnReader in(bytes), one(bytes);
            // In several calls, of which the last asks for more than there are.
            for (bool more = true; more;) {
                const std::span out(numbers.data(), random.below(numbers.size()) + 1);
                std::ranges::fill(out, 99);
                const auto sound = in.varints(out);
                REQUIRE(sound <= out.size());
                for (std::size_t i = 0; i < out.size(); ++i) {
                    REQUIRE(out[i] == one.varint());
                    REQUIRE(one.good() == (i < sound));
                }
                REQUIRE(in.good() == one.good());
                REQUIRE(in.complete() == one.complete());
                more = in.good();
            }
            REQUIRE(in.varints(numbers) == 0);
            REQUIRE(numbers.back() == 0);
        }
    }
}

}  // namespace fenceline::testing
