#include "journal/sqlite/log_move.hpp"

#include <new>
#include <utility>

#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/wal.hpp"

namespace fenceline::sqlite {

Result<std::unique_ptr<LogMove>> LogMove::open(const std::string& database,
                                               const std::string& vfs) {
    auto move = std::make_unique<LogMove>();
    for (Connection* each : {&move->keeper_, &move->mover_}) {
        auto connection = Connection::open(database, {.access = Access::read_write, .vfs = vfs});
        if (!connection) return tl::unexpected<Error>(std::move(connection.error()));
        *each = std::move(*connection);
        keep_log_at_close(*each);
        FENCELINE_TRY(configure_writer(*each));
    }
    return move;
}

Result<bool> LogMove::begin() {
    // Left over where there was no memory to end it.
    if (!keeper_.autocommit()) FENCELINE_TRY(keeper_.execute("ROLLBACK"));
    FENCELINE_TRY(keeper_.execute("BEGIN"));
    // The first statement opens the reader, of the log as it is now.
    auto read = keeper_.number("SELECT count(*) FROM meta");
    auto state = read ? state_of_log(keeper_) : tl::unexpected<Error>(std::move(read.error()));
    begun_ = state && state->moved < state->frames;
    result_ = {};
    if (!begun_) FENCELINE_TRY(keeper_.execute("ROLLBACK"));
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    return begun_;
}

// On any thread: nobody is there to hear what it would throw.
void LogMove::run() {
    try {
        move();
    } catch (const std::bad_alloc&) {
        // A failed sync may be what there was no memory to tell of.
        result_ = tl::unexpected<Error>(
            Error{.code = ErrorCode::io, .effect = Effect::unknown, .text = "out of memory"});
    }
}

void LogMove::move() {
    auto counts = checkpoint_log(mover_, Checkpointing::in_place);
    result_ = counts ? sync_database(mover_) : tl::unexpected<Error>(std::move(counts.error()));
}

Result<void> LogMove::end() {
    if (!std::exchange(begun_, false)) return {};
    auto ended = keeper_.execute("ROLLBACK");
    return result_ ? ended : std::exchange(result_, {});
}

void LogMove::abandon() {
    keeper_.abandon();
    mover_.abandon();
}

}  // namespace fenceline::sqlite
