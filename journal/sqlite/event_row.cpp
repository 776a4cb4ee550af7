#include "journal/sqlite/event_row.hpp"

#include <cstring>
#include <limits>

#include <sqlite3.h>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "events/utf8.hpp"

namespace fenceline::sqlite {

namespace {

using Column = event_column::Number;
using enum event_column::Number;

// Reads columns one after the other; remembers the first that is not what the schema says.
class Columns {
  public:
    explicit Columns(sqlite3_stmt* row) : row_(row) {}

    std::int64_t integer(Column column) {
        if (sqlite3_column_type(row_, column) != SQLITE_INTEGER) return spoil(column);
        return sqlite3_column_int64(row_, column);
    }
    std::int64_t within(Column column, std::int64_t least, std::int64_t most) {
        const auto value = integer(column);
        return value >= least && value <= most ? value : spoil(column);
    }
    template <typename E>
    E number(Column column) {
        return static_cast<E>(within(column, 0, 255));
    }
    TextId text_id(Column column, std::uint32_t texts) {
        return TextId{static_cast<std::uint32_t>(within(column, 0, std::int64_t{texts} - 1))};
    }
    // NULL is the empty string.
    std::string_view bytes(Column column, int type, std::size_t most) {
        const int found = sqlite3_column_type(row_, column);
        if (found == SQLITE_NULL) return {};
        const void* data = found != type         ? nullptr
                           : type == SQLITE_TEXT ? sqlite3_column_text(row_, column)
                                                 : sqlite3_column_blob(row_, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row_, column));
        if (found != type || size > most || (data == nullptr && size != 0)) {
            spoil(column);
            return {};
        }
        return {static_cast<const char*>(data), size};
    }

    [[nodiscard]] bool good() const { return bad_ < 0; }
    [[nodiscard]] std::string bad_name() const { return sqlite3_column_name(row_, bad_); }
    std::int64_t spoil(Column column) {
        if (bad_ < 0) bad_ = column;
        return 0;
    }

  private:
    sqlite3_stmt* row_;
    int bad_ = -1;
};

constexpr std::int64_t anything_up = std::numeric_limits<std::int64_t>::max();
// A commit's durations: eleven bytes an event at most, and a header.
constexpr std::size_t measured_bytes = 64 * 1024;

}  // namespace

Result<void> read_event(const Statement& rows, const Known& known, Event& event, EventRow& row) {
    Columns in(rows.raw());
    event.position = Position{in.within(position, 1, anything_up)};
    event.at = Time{in.integer(at)};
    event.recorder = RecorderId{in.within(recorder, 1, known.recorders)};
    event.operation = in.number<Operation>(operation);
    event.outcome = in.number<Outcome>(outcome);
    event.failed_check = in.number<Check>(failed_check);
    event.origin = in.number<Origin>(origin);
    event.caller = in.text_id(caller, known.texts);
    event.worker = WorkerId{in.integer(worker)};
    event.image = in.text_id(image, known.texts);
    event.org = in.text_id(org, known.texts);
    event.owner = in.text_id(owner, known.texts);
    event.epoch = Epoch{in.within(epoch, 0, anything_up)};
    event.from = in.number<State>(state_from);
    event.to = in.number<State>(state_to);
    event.version = Position{in.within(version, 0, event.position.value - 1)};
    event.count =
        static_cast<std::uint32_t>(in.within(count, 0, std::numeric_limits<std::uint32_t>::max()));
    event.request_id = in.bytes(request_id, SQLITE_TEXT, limits::request_id_bytes);
    if (!event.request_id.empty() && !is_valid_utf8(event.request_id)) in.spoil(request_id);
    const auto payload_kind = in.number<std::uint8_t>(kind);
    row.payload = in.bytes(payload, SQLITE_BLOB, limits::payload_bytes);
    const auto hash = in.bytes(chain, SQLITE_BLOB, sizeof(ChainHash));
    row.sealed = !hash.empty();
    if (row.sealed && !to_hash(hash, row.chain)) in.spoil(chain);
    row.measured = in.bytes(measured, SQLITE_BLOB, measured_bytes);
    if (!in.good())
        return tl::unexpected<Error>(
            corrupt_at(event.position, "its " + in.bad_name() + " is out of range"));

    auto decoded = codec::decode(payload_kind, row.payload, known.texts);
    if (!decoded) {
        decoded.error().text =
            "event " + std::to_string(event.position.value) + ": " + decoded.error().text;
        return tl::unexpected<Error>(std::move(decoded.error()));
    }
    event.payload = std::move(*decoded);
    return {};
}

bool to_hash(std::optional<std::string_view> blob, ChainHash& hash) {
    if (!blob || blob->size() != hash.size()) return false;
    std::memcpy(hash.data(), blob->data(), hash.size());
    return true;
}

std::string_view bytes_of(const ChainHash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Error corrupt_at(Position where, const std::string& why) {
    return {.code = ErrorCode::corrupt,
            .text = "event " + std::to_string(where.value) + ": " + why,
            .hint = "run `fenceline verify` on a copy"};
}

}  // namespace fenceline::sqlite
