#include "journal/building.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "journal/sqlite/creation.hpp"
#include "journal/sqlite/lock.hpp"
#include "journal/sqlite/sqlite_journal.hpp"
#include "journal/sqlite/unsynced_vfs.hpp"

namespace fenceline {

namespace {

using namespace sqlite;

Result<void> fill_unfinished(const JournalFiles& files, JournalOptions options,
                             const FillJournal& fill) {
    options.path = files.unfinished();
    if (options.vfs.empty())
        if (const char* vfs = unsynced_vfs()) options.vfs = vfs;
    auto journal = SqliteJournal::open(options, SqliteJournal::Existing::refused);
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    return fill(std::move(*journal));
}

// Every connection to it is closed: its log is in the database, and no lock of it is held.
Result<void> sync_whole(const std::string& path) {
    if (state_of(path + "-wal").exists)
        return fail(ErrorCode::io, "the log of " + path + " could not be moved into it");
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool synced = file >= 0 && ::fsync(file) == 0;
    const int number = errno;
    if (file >= 0) ::close(file);
    if (synced) return {};
    return tl::unexpected<Error>(system_error("syncing", path, number));
}

void remove_all(const JournalFiles& files) {
    remove_unfinished(files);
    for (const char* side : {"-lock", "-anchor"}) ::unlink((files.unfinished() + side).c_str());
}

}  // namespace

Result<void> build_file(const JournalOptions& options, const FillJournal& fill) {
    auto files = resolve(options.path);
    if (!files) return tl::unexpected<Error>(std::move(files.error()));
    // A log or an anchor of an earlier journal of this name would be taken for the new one's.
    for (const auto& path : {files->database, files->wal(), files->anchor()})
        if (state_of(path).exists)
            return fail(ErrorCode::already_exists, "there is a file at " + path + " already",
                        "choose another path");
    remove_all(*files);  // what a crash left
    auto built = fill_unfinished(*files, options, fill);
    if (built) built = sync_whole(files->unfinished());
    if (built) built = put_in_place(*files);
    remove_all(*files);
    return built;
}

Result<void> build_journal(const JournalOptions& options, const FillJournal& fill) {
    auto files = resolve(options.path);
    if (!files) return tl::unexpected<Error>(std::move(files.error()));
    const auto taken = [&] {
        return fail(ErrorCode::already_exists, "there is a file at " + files->database + " already",
                    "choose another path");
    };
    if (state_of(files->database).exists) return taken();
    auto lock = LockFile::open(*files, LockFile::Role::store);
    if (!lock) return tl::unexpected<Error>(std::move(lock.error()));
    FENCELINE_TRY(lock->acquire(options.lock_timeout));
    FENCELINE_TRY(lock->begin_change(options.lock_timeout));
    if (state_of(files->database).exists) return taken();
    remove_all(*files);  // what a crash left
    auto built = fill_unfinished(*files, options, fill);
    if (built) built = sync_whole(files->unfinished());
    // The anchor first: one of an earlier journal of this name would speak against the new one, and
    // without a journal an anchor means nothing.
    if (built) ::rename((files->unfinished() + "-anchor").c_str(), files->anchor().c_str());
    if (built) built = put_in_place(*files);
    remove_all(*files);
    lock->end_change();
    lock->release();
    return built;
}

}  // namespace fenceline
