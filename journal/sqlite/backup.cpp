#include "journal/open.hpp"
#include "journal/sqlite/creation.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/sqlite_reader.hpp"

namespace fenceline {

namespace {

using namespace sqlite;

Result<void> copy_journal(SqliteReader& source, const JournalFiles& target) {
    auto copy = Connection::open(target.unfinished(), {.access = Access::read_write});
    if (!copy) return tl::unexpected<Error>(std::move(copy.error()));
    FENCELINE_TRY(copy->execute("PRAGMA synchronous = FULL"));
    FENCELINE_TRY(source.copy_into(*copy));
    // The log's mode is part of the file; closing then leaves one file at rest.
    return configure_writer(*copy);
}

}  // namespace

Result<void> backup_journal(const std::string& path, const std::string& to) {
    auto source = SqliteReader::open(path);
    if (!source) return tl::unexpected<Error>(std::move(source.error()));
    auto target = resolve(to);
    if (!target) {
        Error error = std::move(target.error());
        error.text = "no copy at " + to + ": " + error.text;
        return tl::unexpected<Error>(std::move(error));
    }
    if (state_of(target->database).exists)
        return fail(ErrorCode::already_exists,
                    "there is a file at " + target->database + " already", "choose another path");
    FENCELINE_TRY(make_unfinished(*target));
    auto copied = copy_journal(**source, *target);
    if (copied) copied = put_in_place(*target);
    remove_unfinished(*target);
    return copied;
}

}  // namespace fenceline
