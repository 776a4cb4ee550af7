#pragma once

// The numbered steps that make a journal's database. FROZEN: a released step is never edited,
// because every journal's schema is compared with the text that these steps leave behind.

#include <span>

namespace fenceline::sqlite {

struct Migration {
    int format;       // what user_version says afterwards
    const char* sql;  // run in one transaction
};

// Ascending from format 1, without a gap.
[[nodiscard]] std::span<const Migration> migrations();

}  // namespace fenceline::sqlite
