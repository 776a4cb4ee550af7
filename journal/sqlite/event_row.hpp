#pragma once

// One row of the table `event`: its columns, and how it is read back. event_batch.hpp writes them.

#include <string>
#include <string_view>

#include "events/event.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// From 0, as the table has them.
namespace event_column {
enum Number : int {
    position,
    at,
    recorder,
    operation,
    outcome,
    failed_check,
    origin,
    caller,
    worker,
    image,
    org,
    owner,
    epoch,
    state_from,
    state_to,
    version,
    count,
    request_id,
    kind,
    payload,
    chain,
    measured,
};
}  // namespace event_column

inline constexpr std::string_view select_events_sql =
    "SELECT position, at, recorder, operation, outcome, failed_check, origin, caller, worker, "
    "image, org, owner, epoch, state_from, state_to, version, count, request_id, kind, payload, "
    "chain, measured FROM event WHERE position BETWEEN ?1 AND ?2 ORDER BY position";

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
