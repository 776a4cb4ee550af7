#pragma once

// Reads a journal without changing a file, whoever made it and whoever is writing to it.
//
// There are three ways to a consistent view, and the reader goes from one to another as stores
// come and go:
//   live     a store has the journal open: through the log's shared index, like any connection;
//   at rest  nobody has, and the log is empty: the database alone, without locks or side files,
//            and after each piece a look whether it is still the file that it was;
//   copied   nobody has, but a store that died left a log: a private copy of both.

#include <cstdint>
#include <memory>
#include <string>

#include "journal/journal.hpp"
#include "journal/sqlite/files.hpp"
#include "journal/sqlite/lock.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/reads.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

class SqliteReader final : public Reader {
  public:
    [[nodiscard]] static Result<std::unique_ptr<SqliteReader>> open(const std::string& path);
    ~SqliteReader() override;
    SqliteReader(const SqliteReader&) = delete;
    SqliteReader& operator=(const SqliteReader&) = delete;

    [[nodiscard]] Result<std::string> id() override;
    [[nodiscard]] Result<Head> head() override;
    [[nodiscard]] Result<Head> beginning() override;
    [[nodiscard]] Result<Base> base() override;
    [[nodiscard]] Result<std::vector<Pin>> pins() override;
    [[nodiscard]] Result<void> read(const Head& after, Position to, Sink& sink) override;
    [[nodiscard]] Result<Event> event(Position position) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(Position position) override;
    [[nodiscard]] Result<std::vector<Position>> checkpoints() override;
    [[nodiscard]] Result<Position> first_at(Time at) override;
    [[nodiscard]] Result<std::vector<std::string>> damage() override;

    // Copies the whole database, as of one moment, into an empty one.
    [[nodiscard]] Result<void> copy_into(Connection& target);

    enum class Way { live, at_rest, copied };
    [[nodiscard]] Way way() const { return way_; }

  private:
    struct Database {
        Budget budget;
        Connection connection;
        std::unique_ptr<Reads> reads;
    };
    // What the files looked like when the database was opened.
    struct Seen {
        FileState database, log;
        bool operator==(const Seen&) const = default;
    };

    explicit SqliteReader(JournalFiles files);
    // Finds the way and opens the database; false: the files changed meanwhile, try again.
    [[nodiscard]] Result<void> attach();
    [[nodiscard]] Result<bool> try_attach();
    [[nodiscard]] Result<Connection> connect(Way way);
    [[nodiscard]] Result<std::unique_ptr<Database>> check(Connection connection) const;
    [[nodiscard]] Result<void> find_lock();
    [[nodiscard]] Result<void> usable() const;
    [[nodiscard]] Seen look() const;
    // The view that the database was opened for no longer holds.
    [[nodiscard]] Result<bool> stale();

    // Calls `ask` on a view that held from its beginning to its end.
    template <typename Ask>
    [[nodiscard]] auto steady(Ask&& ask) -> decltype(ask(std::declval<Database&>()));

    JournalFiles files_;
    LockFile lock_;
    std::int64_t process_;
    Way way_ = Way::at_rest;
    Seen seen_;
    FileState first_;  // the file that was asked for: another one of that name is another journal
    std::unique_ptr<Database> database_;
    Slice slice_;
};

}  // namespace fenceline::sqlite
