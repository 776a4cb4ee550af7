#include "journal/sqlite/profile.hpp"

#include <sqlite3.h>

namespace fenceline::sqlite {

namespace {

// Only a net: writers wait at our own lock, so that SQLite's is free when they come to it.
constexpr int busy_timeout_ms = 250;
// A payload or the durations of a commit, with room for the row around it.
constexpr int value_bytes = 1 << 20;

Result<void> set(Connection& database, int option, int value) {
    const int code = sqlite3_db_config(database.raw(), option, value, nullptr);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(
            error_of(database.raw(), code, "setting up the journal's database"));
    return {};
}

Result<void> configure_any(Connection& database) {
    sqlite3_busy_timeout(database.raw(), busy_timeout_ms);
    FENCELINE_TRY(set(database, SQLITE_DBCONFIG_DEFENSIVE, 1));
    FENCELINE_TRY(set(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0));
    return database.execute(
        "PRAGMA cell_size_check = ON;"
        "PRAGMA mmap_size = 0;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA foreign_keys = ON");
}

int spend(void* budget) {
    return static_cast<Budget*>(budget)->spend() ? 1 : 0;
}

}  // namespace

Result<void> configure_careful(Connection& database) {
    FENCELINE_TRY(configure_any(database));
    return set(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0);
}

Result<void> configure_writer(Connection& database) {
    FENCELINE_TRY(configure_careful(database));
    FENCELINE_TRY(database.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL"));
    auto mode = database.value("PRAGMA journal_mode = WAL");
    if (!mode) return tl::unexpected<Error>(std::move(mode.error()));
    auto synchronous = database.number("PRAGMA synchronous");
    if (!synchronous) return tl::unexpected<Error>(std::move(synchronous.error()));
    if (*mode != "wal" || *synchronous != 2)
        return fail(ErrorCode::io,
                    "this file system cannot keep a journal durable (journal_mode " + *mode + ")",
                    "put the journal on a local disk");
    return {};
}

Result<void> configure_reader(Connection& database, Budget& budget) {
    sqlite3_progress_handler(database.raw(), Budget::instructions_per_call, spend, &budget);
    sqlite3_limit(database.raw(), SQLITE_LIMIT_LENGTH, value_bytes);
    sqlite3_limit(database.raw(), SQLITE_LIMIT_ATTACHED, 0);
    keep_log_at_close(database);
    FENCELINE_TRY(set(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0));
    FENCELINE_TRY(set(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0));
    FENCELINE_TRY(configure_any(database));
    return database.execute("PRAGMA query_only = ON");
}

void keep_log_at_close(Connection& database) {
    sqlite3_db_config(database.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace fenceline::sqlite
