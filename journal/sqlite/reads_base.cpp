// Where the journal begins, its rows too, and what keeps it from beginning later.

#include "events/limits.hpp"
#include "events/utf8.hpp"
#include "journal/sqlite/base_row.hpp"
#include "journal/sqlite/reads.hpp"

namespace fenceline::sqlite {

Result<Head> Reads::beginning() {
    if (!has_base_) return Head{};
    const Resetting reset(begin_);
    // The whole row is looked at, its state included.
    const RaisedLimit limit(database_, limits::checkpoint_bytes);
    auto row = begin_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return Head{};
    return read_begin(begin_);
}

Result<Base> Reads::base() {
    if (!has_base_) return fail(ErrorCode::not_found, "the journal begins at its first event");
    auto steady = Steady::begin(database_);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    return read_base(database_);
}

Result<std::vector<Pin>> Reads::pins() {
    std::vector<Pin> out;
    if (!has_base_) return out;
    auto rows = database_.prepare("SELECT name, first, last FROM pin ORDER BY name");
    if (!rows) return tl::unexpected<Error>(std::move(rows.error()));
    for (;;) {
        auto row = rows->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return out;
        out.push_back({std::string(rows->text(0).value_or("")),
                       Position{rows->integer(1).value_or(0)},
                       Position{rows->integer(2).value_or(0)}});
        if (!is_valid_utf8(out.back().name))
            return fail(ErrorCode::corrupt, "the name of a pin is no text",
                        "run `fenceline verify` on a copy");
    }
}

Result<Position> Reads::rows_follow() {
    auto end = segments_ ? segments_->end() : Result<Position>();
    if (!end || end->given()) return end;
    return beginning().map([](const Head& head) { return head.position; });
}

}  // namespace fenceline::sqlite
