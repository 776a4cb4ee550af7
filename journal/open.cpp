#include "journal/open.hpp"

#include "journal/sqlite/sqlite_journal.hpp"
#include "journal/sqlite/sqlite_reader.hpp"

namespace fenceline {

using sqlite::SqliteJournal;

Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options) {
    return SqliteJournal::open(options, options.create ? SqliteJournal::Existing::made_if_missing
                                                       : SqliteJournal::Existing::required);
}

Result<std::unique_ptr<Journal>> create_journal(const JournalOptions& options) {
    return SqliteJournal::open(options, SqliteJournal::Existing::refused);
}

Result<std::unique_ptr<Reader>> open_reader(const std::string& path) {
    return sqlite::SqliteReader::open(path);
}

}  // namespace fenceline
