#pragma once

// One row of the table `event`: the same columns in the same order, written and read back.

#include <string>
#include <string_view>

#include "events/event.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

inline constexpr std::string_view insert_event_sql =
    "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
    "?16, ?17, ?18, ?19, ?20, ?21, ?22)";

inline constexpr std::string_view select_events_sql =
    "SELECT position, at, recorder, operation, outcome, failed_check, origin, caller, worker, "
    "image, org, owner, epoch, state_from, state_to, version, count, request_id, kind, payload, "
    "chain, measured FROM event WHERE position BETWEEN ?1 AND ?2 ORDER BY position";

// What a commit's last row carries besides its event.
struct SealBytes {
    std::string_view chain;
    std::string_view measured;  // may be empty
};

// Binds all columns. The views and the event's texts must stay until the statement is stepped.
void bind_event(Statement& insert, const Event& event, std::string_view payload,
                const SealBytes* seal);

// The present row as found, before anything is believed.
struct EventRow {
    std::string_view payload;
    bool sealed = false;
    ChainHash chain{};
    std::string_view measured;
};

// How many texts and recorders there are for a row to name.
struct Known {
    std::uint32_t texts = 1;  // the empty one included
    std::int64_t recorders = 0;
};

// Takes the present row apart into `event` (whose buffers are reused) and `row` (views until the
// next step). Every column's type and range is checked: `corrupt` names the position.
[[nodiscard]] Result<void> read_event(const Statement& rows, const Known& known, Event& event,
                                      EventRow& row);

// The bytes of a hash; false when it is no blob of that size.
[[nodiscard]] bool to_hash(std::optional<std::string_view> blob, ChainHash& hash);
[[nodiscard]] std::string_view bytes_of(const ChainHash& hash);

[[nodiscard]] Error corrupt_at(Position position, const std::string& why);

}  // namespace fenceline::sqlite
