#include "journal/sqlite/retaining.hpp"

#include "events/limits.hpp"
#include "journal/sqlite/checkpoint_row.hpp"

namespace fenceline::sqlite {

namespace {

// What the journal's pages hold, those that are free for what comes next left out.
Result<std::int64_t> used_bytes(Connection& database) {
    std::int64_t numbers[3]{};
    std::size_t at = 0;
    for (const char* sql : {"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"}) {
        auto number = database.number(sql);
        if (!number) return number;
        numbers[at++] = *number;
    }
    return (numbers[0] - numbers[1]) * numbers[2];
}

struct Candidate {
    Position first, last;
    Time at_last;
};

bool may_go(const Candidate& segment, const RetainRequest& request, Position newest,
            std::int64_t used) {
    if (segment.last.value > newest.value - std::max<std::int64_t>(request.keep, 0)) return false;
    if (request.before.given() && segment.last >= request.before) return false;
    if (request.older_than && segment.at_last >= *request.older_than) return false;
    return request.most_bytes <= 0 || used > request.most_bytes;
}

}  // namespace

Result<std::string> pin_on(Connection& database, Position first, Position last) {
    auto query = database.prepare(
        "SELECT name FROM pin WHERE first <= ?2 AND last >= ?1 ORDER BY first LIMIT 1");
    if (!query) return tl::unexpected<Error>(std::move(query.error()));
    query->bind(1, first.value);
    query->bind(2, last.value);
    auto row = query->step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    return *row ? std::string(query->text(0).value_or("?")) : std::string();
}

Result<DropPlan> plan_drop(Connection& database, const RetainRequest& request, Position newest) {
    DropPlan plan;
    auto used = used_bytes(database);
    if (!used) return tl::unexpected<Error>(std::move(used.error()));
    // The whole row is looked at, its columns included.
    const RaisedLimit limit(database, limits::segment_bytes);
    auto rows = database.prepare(
        "SELECT first, last, at_last, length(columns) FROM segment ORDER BY first LIMIT ?1");
    if (!rows) return tl::unexpected<Error>(std::move(rows.error()));
    rows->bind(1, limits::segments_dropped);
    for (;;) {
        auto row = rows->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return plan;
        const Candidate segment{Position{rows->integer(0).value_or(0)},
                                Position{rows->integer(1).value_or(0)},
                                Time{rows->integer(2).value_or(0)}};
        if (!may_go(segment, request, newest, *used)) return plan;
        auto pinned = pin_on(database, segment.first, segment.last);
        if (!pinned) return tl::unexpected<Error>(std::move(pinned.error()));
        plan.pinned = std::move(*pinned);
        if (!plan.pinned.empty()) return plan;
        plan.last = segment.last;
        *used -= rows->integer(3).value_or(0);
    }
}

}  // namespace fenceline::sqlite
