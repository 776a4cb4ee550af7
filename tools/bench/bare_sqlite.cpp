#include "tools/bench/bare_sqlite.hpp"

#include <sqlite3.h>

#include <chrono>

namespace fenceline::tools::bench {

namespace {

// The columns of the journal's event table (journal/FORMAT.md), without its checks and triggers.
constexpr const char* create_sql =
    "CREATE TABLE IF NOT EXISTS event(position INTEGER PRIMARY KEY, at INTEGER, recorder INTEGER,"
    " operation INTEGER, outcome INTEGER, failed_check INTEGER, origin INTEGER, caller INTEGER,"
    " worker INTEGER, image INTEGER, org INTEGER, owner INTEGER, epoch INTEGER,"
    " state_from INTEGER, state_to INTEGER, version INTEGER, count INTEGER, request_id TEXT,"
    " kind INTEGER, payload BLOB, chain BLOB, measured BLOB)";
constexpr const char* columns =
    "position, at, recorder, operation, outcome, failed_check, origin, caller, worker, image, org,"
    " owner, epoch, state_from, state_to, version, count, request_id, kind, payload, chain,"
    " measured";
constexpr int column_count = 22;

tl::unexpected<Error> failed(sqlite3* db) {
    return fail(ErrorCode::io, std::string("bare SQLite: ") + sqlite3_errmsg(db));
}

}  // namespace

class BareSqlite::Impl {
  public:
    ~Impl() {
        for (auto* statement : {begin, insert, commit, scan}) sqlite3_finalize(statement);
        sqlite3_close(db);
    }
    [[nodiscard]] Result<void> run(const std::string& sql) {
        if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            return failed(db);
        return {};
    }
    [[nodiscard]] Result<void> prepare(const std::string& sql, sqlite3_stmt** statement) {
        if (sqlite3_prepare_v3(db, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, statement,
                               nullptr) != SQLITE_OK)
            return failed(db);
        return {};
    }
    [[nodiscard]] Result<void> step(sqlite3_stmt* statement) {
        const int rc = sqlite3_step(statement);
        sqlite3_reset(statement);
        if (rc != SQLITE_DONE) return failed(db);
        return {};
    }

    sqlite3* db = nullptr;
    sqlite3_stmt* begin = nullptr;
    sqlite3_stmt* insert = nullptr;
    sqlite3_stmt* commit = nullptr;
    sqlite3_stmt* scan = nullptr;
    std::int64_t next = 1;
    Writers writers = Writers::one;
};

BareSqlite::BareSqlite(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BareSqlite::~BareSqlite() = default;

Result<std::unique_ptr<BareSqlite>> BareSqlite::open(const std::string& path, Writers writers) {
    auto impl = std::make_unique<Impl>();
    impl->writers = writers;
    if (sqlite3_open(path.c_str(), &impl->db) != SQLITE_OK) return failed(impl->db);
    sqlite3_busy_timeout(impl->db, 30'000);
    FENCELINE_TRY(impl->run("PRAGMA journal_mode=WAL"));
    FENCELINE_TRY(impl->run("PRAGMA synchronous=FULL"));
    FENCELINE_TRY(impl->run(create_sql));
    std::string marks = "?";
    for (int i = 1; i < column_count; ++i) marks += ",?";
    FENCELINE_TRY(impl->prepare("BEGIN IMMEDIATE", &impl->begin));
    FENCELINE_TRY(impl->prepare("COMMIT", &impl->commit));
    FENCELINE_TRY(impl->prepare("INSERT INTO event VALUES(" + marks + ")", &impl->insert));
    FENCELINE_TRY(impl->prepare(std::string("SELECT ") + columns + " FROM event", &impl->scan));
    return std::unique_ptr<BareSqlite>(new BareSqlite(std::move(impl)));
}

Result<void> BareSqlite::insert(int rows) {
    FENCELINE_TRY(impl_->step(impl_->begin));
    static const unsigned char payload[13] = {1, 2, 3};
    for (int row = 0; row < rows; ++row) {
        auto* statement = impl_->insert;
        const std::int64_t position = impl_->next++;
        // Values of the size that a drain's event has.
        const std::int64_t values[] = {position,
                                       1'779'616'800'000'000'000 + position * 1'000,
                                       1,
                                       12,
                                       1,
                                       0,
                                       9,
                                       3,
                                       position % 100'000,
                                       4,
                                       5,
                                       3,
                                       2,
                                       5,
                                       7,
                                       position - position % 977,
                                       1};
        int at = 1;
        for (const auto value : values) sqlite3_bind_int64(statement, at++, value);
        if (impl_->writers == Writers::several) sqlite3_bind_null(statement, 1);
        sqlite3_bind_null(statement, at++);
        sqlite3_bind_int(statement, at++, 5);
        sqlite3_bind_blob(statement, at++, payload, sizeof payload, SQLITE_STATIC);
        sqlite3_bind_null(statement, at++);
        sqlite3_bind_null(statement, at++);
        FENCELINE_TRY(impl_->step(statement));
    }
    return impl_->step(impl_->commit);
}

Result<double> BareSqlite::insert_for(int seconds, int rows) {
    using Steady = std::chrono::steady_clock;
    const auto start = Steady::now();
    std::chrono::duration<double> passed{};
    long done = 0;
    for (; passed.count() < seconds; passed = Steady::now() - start) {
        FENCELINE_TRY(insert(rows));
        done += rows;
    }
    return static_cast<double>(done) / passed.count();
}

Result<void> BareSqlite::copy_events(const std::string& journal, const std::string& path) {
    auto bare = open(path);
    if (!bare) return tl::unexpected<Error>(std::move(bare.error()));
    auto& impl = *(*bare)->impl_;
    sqlite3_stmt* attach = nullptr;
    FENCELINE_TRY(impl.prepare("ATTACH ? AS journal", &attach));
    sqlite3_bind_text(attach, 1, journal.c_str(), -1, SQLITE_STATIC);
    auto attached = impl.step(attach);
    sqlite3_finalize(attach);
    FENCELINE_TRY(attached);
    FENCELINE_TRY(impl.run(std::string("INSERT INTO main.event SELECT ") + columns +
                           " FROM journal.event ORDER BY position"));
    FENCELINE_TRY(impl.run("DETACH journal"));
    return impl.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<BareSqlite::Scan> BareSqlite::scan() {
    Scan total;
    auto* statement = impl_->scan;
    int rc = SQLITE_OK;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        ++total.rows;
        for (int column = 0; column < column_count; ++column) {
            switch (sqlite3_column_type(statement, column)) {
                case SQLITE_INTEGER: total.sum += sqlite3_column_int64(statement, column); break;
                case SQLITE_TEXT: total.sum += *sqlite3_column_text(statement, column); break;
                case SQLITE_BLOB:
                    if (const auto* bytes = sqlite3_column_blob(statement, column))
                        total.sum += *static_cast<const unsigned char*>(bytes);
                    break;
                default: break;
            }
        }
    }
    sqlite3_reset(statement);
    if (rc != SQLITE_DONE) return failed(impl_->db);
    return total;
}

}  // namespace fenceline::tools::bench
