#include "journal/sqlite/schema.hpp"

#include <functional>
#include <map>
#include <mutex>

#include "events/codec.hpp"
#include "events/event.hpp"
#include "events/labels.hpp"
#include "journal/sqlite/migrations.hpp"

namespace fenceline::sqlite {

namespace {

using RowText = std::vector<std::string>;

// At most `most` rows: a stranger's schema may be of any size.
Result<std::vector<RowText>> schema_rows(Connection& database, std::int64_t most) {
    auto query = database.prepare(
        "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema "
        "ORDER BY type, name LIMIT ?1");
    if (!query) return tl::unexpected<Error>(std::move(query.error()));
    query->bind(1, most);
    std::vector<RowText> rows;
    for (;;) {
        auto row = query->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return rows;
        RowText out;
        for (int column = 0; column < 4; ++column)
            out.emplace_back(query->text(column).value_or("?"));
        rows.push_back(std::move(out));
    }
}

Result<void> run_migrations(Connection& database, int from, int to) {
    for (const Migration& step : migrations()) {
        if (step.format <= from || step.format > to) continue;
        auto transaction = Transaction::begin(database, Transaction::Kind::write);
        if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
        FENCELINE_TRY(database.execute(step.sql));
        FENCELINE_TRY(transaction->commit());
    }
    return {};
}

using LabelVisitor = std::function<Result<void>(std::string_view, std::int64_t, std::string_view)>;

template <typename E>
Result<void> each_label(std::string_view vocabulary, const LabelVisitor& visit) {
    for (const auto& label : all_labels<E>())
        FENCELINE_TRY(visit(vocabulary, static_cast<std::int64_t>(label.value), label.text));
    return {};
}

Result<void> each_label(const LabelVisitor& visit) {
    FENCELINE_TRY(each_label<Operation>("operation", visit));
    FENCELINE_TRY(each_label<Outcome>("outcome", visit));
    FENCELINE_TRY(each_label<Check>("check", visit));
    FENCELINE_TRY(each_label<Origin>("origin", visit));
    FENCELINE_TRY(each_label<State>("state", visit));
    for (std::size_t kind = 0; kind < std::variant_size_v<Payload>; ++kind)
        FENCELINE_TRY(visit("payload", static_cast<std::int64_t>(kind),
                            codec::payload_name(static_cast<std::uint8_t>(kind))));
    return {};
}

// A newer program knows more labels than the one that made the journal. None is ever renumbered,
// so adding what is missing is enough, and a journal that has all of them is not written to.
Result<void> complete_labels(Connection& database) {
    auto known = database.number("SELECT count(*) FROM label");
    if (!known) return tl::unexpected<Error>(std::move(known.error()));
    std::int64_t ours = 0;
    FENCELINE_TRY(each_label([&](auto, auto, auto) -> Result<void> {
        ++ours;
        return {};
    }));
    if (*known >= ours) return {};
    auto transaction = Transaction::begin(database, Transaction::Kind::write);
    if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
    {
        auto insert = database.prepare("INSERT OR IGNORE INTO label VALUES (?1, ?2, ?3)");
        if (!insert) return tl::unexpected<Error>(std::move(insert.error()));
        FENCELINE_TRY(each_label([&](std::string_view vocabulary, std::int64_t number,
                                     std::string_view text) -> Result<void> {
            insert->bind_text(1, vocabulary);
            insert->bind(2, number);
            insert->bind_text(3, text);
            return insert->run();
        }));
    }
    return transaction->commit();
}

Result<void> write_birth(Connection& database, const Birth& birth) {
    auto transaction = Transaction::begin(database, Transaction::Kind::write);
    if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
    {
        auto insert = database.prepare("INSERT INTO meta VALUES (?1, ?2)");
        if (!insert) return tl::unexpected<Error>(std::move(insert.error()));
        const auto at = to_rfc3339(birth.at);
        const std::pair<std::string_view, std::string_view> rows[] = {
            {"journal_id", birth.id}, {"created_at", at}, {"created_by", birth.program}};
        for (const auto& [name, value] : rows) {
            insert->bind_text(1, name);
            insert->bind_text(2, value);
            FENCELINE_TRY(insert->run());
        }
    }
    return transaction->commit();
}

// What the migrations make. It takes as long as opening a journal does, and is the same each time.
Result<std::vector<RowText>> expected_rows(int format) {
    static std::mutex mutex;
    static std::map<int, std::vector<RowText>> known;
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(format); found != known.end()) return found->second;
    auto ours = Connection::in_memory();
    if (!ours) return tl::unexpected<Error>(std::move(ours.error()));
    FENCELINE_TRY(run_migrations(*ours, 0, format));
    auto rows = schema_rows(*ours, -1);
    if (rows) known.emplace(format, *rows);
    return rows;
}

Result<void> no_database(const std::string& path) {
    return fail(ErrorCode::unsupported_format, path + " is not a journal: no SQLite database");
}

Result<void> not_ours(const std::string& path) {
    return fail(ErrorCode::unsupported_format,
                path + " is not a journal: another program's database, or an empty one",
                "`fenceline init` makes a journal under a new name");
}

}  // namespace

int newest_format() {
    return migrations().back().format;
}

Result<void> make_schema(Connection& database, const Birth& birth, int format) {
    FENCELINE_TRY(run_migrations(database, 0, format));
    FENCELINE_TRY(write_birth(database, birth));
    if (format >= format_with_checkpoints) return complete_labels(database);
    return {};
}

Result<void> check_identity(Connection& database, const std::string& path) {
    auto id = database.number("PRAGMA application_id");
    if (!id && id.error().code == ErrorCode::unsupported_format) return no_database(path);
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    return *id == application_id ? Result<void>() : not_ours(path);
}

Result<void> check_header(std::string_view header, const std::string& path) {
    constexpr std::string_view magic("SQLite format 3\0", 16);
    constexpr std::size_t id_at = 68;
    if (header.size() < header_bytes || !header.starts_with(magic)) return no_database(path);
    std::int64_t id = 0;
    for (std::size_t i = 0; i < 4; ++i)
        id = id << 8 | static_cast<unsigned char>(header[id_at + i]);
    return id == application_id ? Result<void>() : not_ours(path);
}

Result<int> check_format(Connection& database) {
    auto format = database.number("PRAGMA user_version");
    if (!format) return tl::unexpected<Error>(std::move(format.error()));
    if (*format < 1) return fail(ErrorCode::corrupt, "the journal names no format of its own");
    if (*format > newest_format())
        return fail(ErrorCode::unsupported_format,
                    "the journal has format " + std::to_string(*format) +
                        "; this program knows formats up to " + std::to_string(newest_format()),
                    "use a newer program");
    return static_cast<int>(*format);
}

Result<void> lift_schema(Connection& database, int format) {
    if (format < newest_format()) {
        FENCELINE_TRY(run_migrations(database, format, newest_format()));
        FENCELINE_TRY(check_schema(database, newest_format()));
    }
    return complete_labels(database);
}

Result<void> check_schema(Connection& database, int format) {
    auto expected = expected_rows(format);
    if (!expected) return tl::unexpected<Error>(std::move(expected.error()));
    auto found = schema_rows(database, static_cast<std::int64_t>(expected->size()) + 1);
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (*found != *expected)
        return fail(
            ErrorCode::corrupt,
            "the database's tables are not those of journal format " + std::to_string(format),
            "another program changed them; restore a backup");
    return {};
}

}  // namespace fenceline::sqlite
