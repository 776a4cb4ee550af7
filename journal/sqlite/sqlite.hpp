#pragma once

// SQLite behind two small owners. No SQLite type leaves this folder.
//
//   auto db = Connection::open(path, {.access = Access::read_only});
//   auto rows = db->prepare("SELECT value FROM text WHERE id = ?1");
//   rows->bind(1, 7);
//   while (auto row = rows->step(); row && *row) use(rows->text(0));
//
// Threading: a connection and its statements belong to one thread at a time; SQLite's own mutexes
// are off. A connection outlives its statements.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "events/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace fenceline::sqlite {

enum class Access {
    read_only,   // the file and its WAL, through the shared index
    immutable,   // the database file alone: no locks, no WAL, no other files
    read_write,  // the file must be there
    create,      // made when it is not there
};

struct OpenOptions {
    Access access = Access::read_only;
    std::string vfs;  // a registered VFS; empty: SQLite's own
};

// What SQLite's result code means here; `doing` opens the text. `handle` may be null.
[[nodiscard]] Error error_of(sqlite3* handle, int code, std::string_view doing);

class Statement {
  public:
    Statement() = default;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    // Parameters are numbered from 1. Bytes must stay where they are until the next reset.
    void bind(int parameter, std::int64_t value);
    void bind_text(int parameter, std::string_view text);
    void bind_blob(int parameter, std::string_view bytes);
    void bind_null(int parameter);

    // True: a row is there. After the last row or an error the statement is reset.
    [[nodiscard]] Result<bool> step();
    // Steps a statement that gives no rows.
    [[nodiscard]] Result<void> run();
    // The same where nobody hears of an error: takes no memory for one.
    void run_unheard() noexcept;
    void reset();

    // Columns of the present row, from 0. Views last until the next step or reset.
    [[nodiscard]] bool is_null(int column) const;
    // Nothing when the column holds another type.
    [[nodiscard]] std::optional<std::int64_t> integer(int column) const;
    [[nodiscard]] std::optional<std::string_view> text(int column) const;
    [[nodiscard]] std::optional<std::string_view> blob(int column) const;

    [[nodiscard]] sqlite3_stmt* raw() const { return statement_; }

  private:
    friend class Connection;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    sqlite3_stmt* statement_ = nullptr;
};

// Resets a statement when a function leaves: one that is not reset pins its read transaction.
class Resetting {
  public:
    explicit Resetting(Statement& statement) : statement_(statement) {}
    ~Resetting() { statement_.reset(); }
    Resetting(const Resetting&) = delete;
    Resetting& operator=(const Resetting&) = delete;

  private:
    Statement& statement_;
};

// A number that differs when the database may have been changed in between, by this connection or
// another (SQLITE_FCNTL_DATA_VERSION).
using DataVersion = std::uint32_t;

class Connection {
  public:
    Connection() = default;
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;
    ~Connection();

    // `path` has its directory resolved already; a symbolic link as the last part is refused.
    [[nodiscard]] static Result<Connection> open(const std::string& path,
                                                 const OpenOptions& options);
    // A database of its own in memory.
    [[nodiscard]] static Result<Connection> in_memory();

    // SQL literals only: nothing from outside is ever part of the text.
    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    // The first column of the first row, as text; empty when there is none.
    [[nodiscard]] Result<std::string> value(std::string_view sql);
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);

    // True outside of a transaction: also when SQLite rolled one back by itself.
    [[nodiscard]] bool autocommit() const;
    // The last call failed because a sync did.
    [[nodiscard]] bool sync_failed() const;
    // Within a transaction, or just after one: of the state that it reads or left.
    [[nodiscard]] std::optional<DataVersion> data_version() const;
    [[nodiscard]] Error error(std::string_view doing) const;
    [[nodiscard]] bool open() const { return handle_ != nullptr; }
    [[nodiscard]] sqlite3* raw() const { return handle_; }
    // Forgets the handle without closing it: a child after fork() must not touch it.
    void abandon() { handle_ = nullptr; }

  private:
    explicit Connection(sqlite3* handle) : handle_(handle) {}
    sqlite3* handle_ = nullptr;
};

// Rolls back unless committed, without taking memory for it: a transaction that nobody ends would
// keep its connection from ever beginning another.
class Transaction {
  public:
    enum class Kind { read, write };
    [[nodiscard]] static Result<Transaction> begin(Connection& connection, Kind kind);
    Transaction(Transaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)),
          rollback_(std::move(other.rollback_)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    [[nodiscard]] Result<void> commit();

  private:
    Transaction(Connection& connection, Statement rollback)
        : connection_(&connection), rollback_(std::move(rollback)) {}
    Connection* connection_;
    Statement rollback_;
};

}  // namespace fenceline::sqlite
