#include "journal/sqlite/sqlite.hpp"

#include <cerrno>
#include <utility>

#include <sqlite3.h>

#include "events/invariant.hpp"

namespace fenceline::sqlite {

namespace {

constexpr const char* damaged_hint =
    "`fenceline verify` tells what still reads; restore a backup (`fenceline backup` makes them)";

// The system's own reason is fresh only for the codes that come from a failed call.
int system_reason(sqlite3* handle, int code) {
    const int primary = code & 0xff;
    const bool fresh =
        primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
    return handle != nullptr && fresh ? sqlite3_system_errno(handle) : 0;
}

ErrorCode code_of(sqlite3* handle, int code) {
    switch (system_reason(handle, code)) {
        case ENOSPC:
        case EDQUOT: return ErrorCode::no_space;
        case EACCES:
        case EPERM:
        case EROFS: return ErrorCode::read_only;
        default: break;
    }
    if (code == SQLITE_IOERR_SHMSIZE) return ErrorCode::no_space;  // the index could not grow
    switch (code & 0xff) {
        case SQLITE_FULL: return ErrorCode::no_space;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH: return ErrorCode::read_only;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL: return ErrorCode::busy;
        case SQLITE_NOTADB: return ErrorCode::unsupported_format;
        // A statement of ours that does not fit the schema, a value beyond the limits, or a
        // query that runs longer than a sound journal's may.
        case SQLITE_CORRUPT:
        case SQLITE_FORMAT:
        case SQLITE_ERROR:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
        case SQLITE_INTERRUPT: return ErrorCode::corrupt;
        case SQLITE_CONSTRAINT: return ErrorCode::invalid_request;
        default: return ErrorCode::io;
    }
}

}  // namespace

Error error_of(sqlite3* handle, int code, std::string_view doing) {
    Error error{.code = code_of(handle, code)};
    error.text.append(doing).append(": ");
    error.text.append(handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
    error.text.append(" (SQLite ").append(std::to_string(code)).append(")");
    if (error.code == ErrorCode::corrupt) error.hint = damaged_hint;
    return error;
}

// --- Statement

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

// A bind fails only for a wrong parameter number or a statement that still runs.
#define FENCELINE_BIND(call) FENCELINE_INVARIANT((call) == SQLITE_OK, "a parameter binds")

void Statement::bind(int parameter, std::int64_t value) {
    FENCELINE_BIND(sqlite3_bind_int64(statement_, parameter, value));
}
void Statement::bind_text(int parameter, std::string_view text) {
    FENCELINE_BIND(sqlite3_bind_text64(statement_, parameter, text.data() ? text.data() : "",
                                       text.size(), SQLITE_STATIC, SQLITE_UTF8));
}
void Statement::bind_blob(int parameter, std::string_view bytes) {
    FENCELINE_BIND(sqlite3_bind_blob64(statement_, parameter, bytes.data() ? bytes.data() : "",
                                       bytes.size(), SQLITE_STATIC));
}
void Statement::bind_null(int parameter) {
    FENCELINE_BIND(sqlite3_bind_null(statement_, parameter));
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    const Resetting reset(*this);
    if (code == SQLITE_DONE) return false;
    return tl::unexpected<Error>(
        error_of(sqlite3_db_handle(statement_), code, "the journal's database"));
}

Result<void> Statement::run() {
    auto row = step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    FENCELINE_INVARIANT(!*row, "the statement gives no rows");
    return {};
}

void Statement::run_unheard() noexcept {
    sqlite3_step(statement_);
    sqlite3_reset(statement_);
}

void Statement::reset() {
    sqlite3_reset(statement_);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<std::int64_t> Statement::integer(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) return std::nullopt;
    return sqlite3_column_int64(statement_, column);
}

std::optional<std::string_view> Statement::text(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) return std::nullopt;
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (text == nullptr) return std::nullopt;
    return std::string_view(text,
                            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::optional<std::string_view> Statement::blob(int column) const {
    if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) return std::nullopt;
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return bytes != nullptr ? std::string_view(bytes, size) : std::string_view();
}

// --- Connection

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

Connection::~Connection() {
    if (handle_ == nullptr) return;
    const int code = sqlite3_close(handle_);
    FENCELINE_INVARIANT(code == SQLITE_OK, "statements end before their connection");
}

namespace {

// The URI form is the only way to say `immutable`; every byte that could mean something is masked.
std::string uri_of(const std::string& path, const char* query) {
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            constexpr char digits[] = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(c);
            uri += {'%', digits[byte >> 4], digits[byte & 15]};
        } else {
            uri += c;
        }
    }
    return uri + query;
}

}  // namespace

Result<Connection> Connection::open(const std::string& path, const OpenOptions& options) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW |
                SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE;
    switch (options.access) {
        case Access::read_only:
        case Access::immutable: flags |= SQLITE_OPEN_READONLY; break;
        case Access::read_write: flags |= SQLITE_OPEN_READWRITE; break;
        case Access::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    }
    const auto uri = uri_of(path, options.access == Access::immutable ? "?immutable=1" : "");
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(uri.c_str(), &handle, flags,
                                     options.vfs.empty() ? nullptr : options.vfs.c_str());
    Connection connection(handle);
    if (code != SQLITE_OK) return tl::unexpected<Error>(error_of(handle, code, "opening " + path));
    return connection;
}

Result<Connection> Connection::in_memory() {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(
        ":memory:", &handle,
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
        nullptr);
    Connection connection(handle);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(error_of(handle, code, "a database in memory"));
    return connection;
}

Result<void> Connection::execute(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(error_of(handle_, code, "the journal's database"));
    return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(error_of(handle_, code, "the journal's database"));
    return Statement(statement);
}

namespace {

// A statement that changes something commits after its rows, and may fail then.
Result<void> run_to_end(Statement& statement) {
    for (;;) {
        auto row = statement.step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return {};
    }
}

}  // namespace

Result<std::string> Connection::value(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return std::string();
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement->raw(), 0));
    std::string value = text != nullptr ? text : "";
    FENCELINE_TRY(run_to_end(*statement));
    return value;
}

Result<std::int64_t> Connection::number(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return fail(ErrorCode::corrupt, "the database gave no answer to a pragma");
    const std::int64_t number = sqlite3_column_int64(statement->raw(), 0);
    FENCELINE_TRY(run_to_end(*statement));
    return number;
}

bool Connection::autocommit() const {
    return sqlite3_get_autocommit(handle_) != 0;
}

std::optional<DataVersion> Connection::data_version() const {
    DataVersion version = 0;
    const int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    return code == SQLITE_OK ? std::optional(version) : std::nullopt;
}

bool Connection::sync_failed() const {
    const int code = sqlite3_extended_errcode(handle_);
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

Error Connection::error(std::string_view doing) const {
    return error_of(handle_, sqlite3_extended_errcode(handle_), doing);
}

// --- Transaction

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
    auto rollback = connection.prepare("ROLLBACK");
    if (!rollback) return tl::unexpected<Error>(std::move(rollback.error()));
    FENCELINE_TRY(connection.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"));
    return Transaction(connection, std::move(*rollback));
}

Transaction::~Transaction() {
    // A rollback that fails leaves nothing behind: SQLite rolled back already.
    if (connection_ != nullptr && !connection_->autocommit()) rollback_.run_unheard();
}

Result<void> Transaction::commit() {
    FENCELINE_TRY(connection_->execute("COMMIT"));
    connection_ = nullptr;
    return {};
}

}  // namespace fenceline::sqlite
