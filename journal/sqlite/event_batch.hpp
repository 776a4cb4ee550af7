#pragma once

// Events on their way into the database: a batch is one statement that reads them as a table of
// its own, instead of 22 bound values and a statement for each.
//
//   auto batch = EventBatch::prepare(database);
//   FENCELINE_TRY((*batch)->insert(rows));
//
// Threading: as the connection.

#include <memory>
#include <span>
#include <string_view>

#include "events/event.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// What a commit's last row carries besides its event.
struct SealBytes {
    std::string_view chain;
    std::string_view measured;  // may be empty
};

// What it names must stay until it is inserted.
struct NewEventRow {
    const Event* event = nullptr;
    std::string_view payload;
    const SealBytes* seal = nullptr;
};

class EventBatch {
  public:
    // Of a connection whose schema is there. It must end before the connection.
    [[nodiscard]] static Result<std::unique_ptr<EventBatch>> prepare(Connection& database);
    EventBatch(const EventBatch&) = delete;
    EventBatch& operator=(const EventBatch&) = delete;

    // All rows or none of them.
    [[nodiscard]] Result<void> insert(std::span<const NewEventRow> rows);

  private:
    EventBatch() = default;
    std::span<const NewEventRow> rows_;  // the module reads them here
    Statement statement_;
};

}  // namespace fenceline::sqlite
