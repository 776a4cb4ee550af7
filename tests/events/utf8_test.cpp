#include "events/utf8.hpp"

#include <string>

#include <doctest/doctest.h>

namespace fenceline {

TEST_SUITE_BEGIN("events/utf8");

namespace {

// Encodes any number as UTF-8 would, in a given length, right or not.
std::string encode(std::uint32_t code, int length) {
    if (length == 1) return {static_cast<char>(code)};
    std::string out;
    for (int i = length - 1; i > 0; --i)
        out += static_cast<char>(0x80 | ((code >> (6 * (length - 1 - i))) & 0x3f));
    const auto lead = length == 2 ? 0xc0U : length == 3 ? 0xe0U : 0xf0U;
    out += static_cast<char>(lead | (code >> (6 * (length - 1))));
    return {out.rbegin(), out.rend()};
}

int shortest(std::uint32_t code) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

}  // namespace

TEST_CASE("every code point is valid in its shortest form only") {
    int wrong = 0;
    for (std::uint32_t code = 0; code < 0x120000; ++code) {
        const bool surrogate = code >= 0xd800 && code <= 0xdfff;
        const bool sound = code != 0 && !surrogate && code <= 0x10ffff;
        for (int length = shortest(code); length <= 4; ++length)
            wrong += is_valid_utf8(encode(code, length)) != (sound && length == shortest(code));
    }
    CHECK(wrong == 0);
}

TEST_CASE("texts are judged as a whole") {
    CHECK(is_valid_utf8(""));
    CHECK(is_valid_utf8("acme"));
    CHECK(is_valid_utf8("caf\xc3\xa9 \xf0\x9f\x90\x8c\r\n\x1b"));
    CHECK_FALSE(is_valid_utf8(std::string_view("a\0b", 3)));
    CHECK_FALSE(is_valid_utf8("ok\xff"));
    CHECK_FALSE(is_valid_utf8("\x80"));
    CHECK_FALSE(is_valid_utf8("\xc3"));
    CHECK_FALSE(is_valid_utf8("\xe2\x82"));
    CHECK_FALSE(is_valid_utf8("\xf0\x9f\x90"));
    CHECK_FALSE(is_valid_utf8("\xe2\x82z"));
    CHECK_FALSE(is_valid_utf8("\xf8\x88\x80\x80\x80"));
}

TEST_CASE("every pair of bytes is judged as the rules say") {
    int wrong = 0;
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const std::string text{static_cast<char>(a), static_cast<char>(b)};
            const bool ascii = a > 0 && a < 0x80 && b > 0 && b < 0x80;
            const bool pair = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;
            wrong += is_valid_utf8(text) != (ascii || pair);
        }
    CHECK(wrong == 0);
}

TEST_SUITE_END();

}  // namespace fenceline
