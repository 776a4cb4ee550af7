#pragma once

// A journal whose history can be dropped segment by segment, and the dropping.

#include <memory>
#include <string>

#include "tests/journal/sealing_journal.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/store_journal.hpp"

namespace fenceline::testing {

inline std::unique_ptr<Journal> opened(const std::string& path, const std::string& vfs = {}) {
    return value_of(open_journal({.path = path, .wal_reserve_bytes = 0, .vfs = vfs}));
}

// A journal of small segments: about one for each fifteen events, and some rows.
inline void make_journal(const std::string& path, std::uint64_t seed = 3, int batches = 60) {
    write_store_journal(path, seed, batches);
    const auto journal = opened(path);
    const auto head = value_of(journal->head()).position.value;
    for (std::int64_t last = 15; last < head - 20; last += 15) seal_all(*journal, Position{last});
}

inline RetainStep drop(Journal& journal, RetainRequest request) {
    request.keep = 0;
    request.by = "a test";
    for (;;) {
        auto step = value_of(journal.retain(request));
        if (!step.more) return step;
    }
}

}  // namespace fenceline::testing
