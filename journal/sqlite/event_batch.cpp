#include "journal/sqlite/event_batch.hpp"

#include <sqlite3.h>

#include <new>

#include "events/codec.hpp"
#include "journal/sqlite/event_row.hpp"

namespace fenceline::sqlite {

namespace {

using Rows = std::span<const NewEventRow>;

struct Table : sqlite3_vtab {
    const Rows* rows;
};
struct Cursor : sqlite3_vtab_cursor {
    std::size_t row;
    [[nodiscard]] const Rows& rows() const { return *static_cast<Table*>(pVtab)->rows; }
};

// --- the virtual table: https://www.sqlite.org/vtab.html

int connect(sqlite3* database, void* rows, int, const char* const*, sqlite3_vtab** table, char**) {
    const int code = sqlite3_declare_vtab(
        database,
        "CREATE TABLE event_batch(position, at, recorder, operation, outcome, failed_check, origin,"
        " caller, worker, image, org, owner, epoch, state_from, state_to, version, count,"
        " request_id, kind, payload, chain, measured)");
    if (code != SQLITE_OK) return code;
    // Not for a trigger or view that somebody else put into a file.
    sqlite3_vtab_config(database, SQLITE_VTAB_DIRECTONLY);
    auto* made = new (std::nothrow) Table{};
    if (made == nullptr) return SQLITE_NOMEM;
    made->rows = static_cast<const Rows*>(rows);
    *table = made;
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*) {
    return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
    *cursor = new (std::nothrow) Cursor{};
    return *cursor == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
    delete static_cast<Cursor*>(cursor);
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    static_cast<Cursor*>(cursor)->row = 0;
    return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
    ++static_cast<Cursor*>(cursor)->row;
    return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) {
    const auto& at = *static_cast<Cursor*>(cursor);
    return at.row >= at.rows().size() ? 1 : 0;
}

// A value that is not given stays NULL.
void give(sqlite3_context* result, std::string_view bytes, bool is_text = false) {
    if (bytes.empty()) return;
    const auto size = static_cast<int>(bytes.size());
    if (is_text)
        sqlite3_result_text(result, bytes.data(), size, SQLITE_STATIC);
    else
        sqlite3_result_blob(result, bytes.data(), size, SQLITE_STATIC);
}

std::int64_t number_of(const Event& event, int column) {
    using enum event_column::Number;
    switch (column) {
        case position: return event.position.value;
        case at: return event.at.ns;
        case recorder: return event.recorder.value;
        case operation: return static_cast<std::int64_t>(event.operation);
        case outcome: return static_cast<std::int64_t>(event.outcome);
        case failed_check: return static_cast<std::int64_t>(event.failed_check);
        case origin: return static_cast<std::int64_t>(event.origin);
        case caller: return event.caller.value;
        case worker: return event.worker.value;
        case image: return event.image.value;
        case org: return event.org.value;
        case owner: return event.owner.value;
        case epoch: return event.epoch.value;
        case state_from: return static_cast<std::int64_t>(event.from);
        case state_to: return static_cast<std::int64_t>(event.to);
        case version: return event.version.value;
        case count: return event.count;
        default: return codec::kind_of(event.payload);
    }
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int number) {
    const auto& at = *static_cast<Cursor*>(cursor);
    const NewEventRow& row = at.rows()[at.row];
    switch (number) {
        case event_column::request_id: give(result, row.event->request_id, true); break;
        case event_column::payload: give(result, row.payload); break;
        case event_column::chain:
            if (row.seal != nullptr) give(result, row.seal->chain);
            break;
        case event_column::measured:
            if (row.seal != nullptr) give(result, row.seal->measured);
            break;
        default: sqlite3_result_int64(result, number_of(*row.event, number));
    }
    return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = static_cast<sqlite3_int64>(static_cast<Cursor*>(cursor)->row);
    return SQLITE_OK;
}

// Without xCreate: it is there under its name, and nobody can make another one.
const sqlite3_module event_batch_module = [] {
    sqlite3_module module{};
    module.xConnect = connect;
    module.xDisconnect = disconnect;
    module.xBestIndex = best_index;
    module.xOpen = open;
    module.xClose = close;
    module.xFilter = filter;
    module.xNext = next;
    module.xEof = at_end;
    module.xColumn = column;
    module.xRowid = rowid;
    return module;
}();

}  // namespace

Result<std::unique_ptr<EventBatch>> EventBatch::prepare(Connection& database) {
    std::unique_ptr<EventBatch> batch(new EventBatch);
    const int code =
        sqlite3_create_module(database.raw(), "event_batch", &event_batch_module, &batch->rows_);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(
            error_of(database.raw(), code, "setting up the journal's database"));
    auto statement = database.prepare("INSERT INTO event SELECT * FROM event_batch");
    if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
    batch->statement_ = std::move(*statement);
    return batch;
}

Result<void> EventBatch::insert(std::span<const NewEventRow> rows) {
    if (rows.empty()) return {};
    rows_ = rows;
    auto inserted = statement_.run();
    rows_ = {};
    return inserted;
}

}  // namespace fenceline::sqlite
