#pragma once

// The figures of GUARANTEES.md, held against the runs that give them: a page to be trusted must not
// tell of another day's code.
//
//   CHECK(is_guaranteed(figure(cuts) + " cuts, none of which lost anything"));

#include <sqlite3.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/support/extent.hpp"

namespace fenceline::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

// 1458 as 1,458.
inline std::string figure(std::int64_t number) {
    auto text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}

// Words with one space between them.
inline std::string unwrapped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\n';
        if (!space || !out.ends_with(' ')) out += space ? ' ' : c;
    }
    return out;
}

// Whether the page says this, wherever its lines break. True too where a run gives other figures
// than the page's: of another extent, with another SQLite than Debian 12's, under a sanitizer.
inline bool is_guaranteed(std::string_view sentence) {
    const Extent extent;
    if (extent.seed || extent.scale != 1 || extent.long_form || sanitized ||
        sqlite3_libversion_number() != 3'040'001)
        return true;
    std::ifstream page(std::string(FENCELINE_SOURCE_DIR) + "/GUARANTEES.md");
    const std::string text(std::istreambuf_iterator<char>(page), {});
    return unwrapped(text).find(unwrapped(sentence)) != std::string::npos;
}

}  // namespace fenceline::testing
