#pragma once

// The files of a journal, by name: which they are, and whether they are still the same.
//
// Only stat() by name here, never open(): closing any descriptor of a database file drops the
// POSIX locks that SQLite holds on it in this process, and with them acknowledged commits.

#include <sys/types.h>

#include <string>

#include "events/result.hpp"

namespace fenceline::sqlite {

struct JournalFiles {
    std::string database;  // the directory resolved, the last part as given
    std::string directory;
    [[nodiscard]] std::string wal() const { return database + "-wal"; }
    [[nodiscard]] std::string shared_index() const { return database + "-shm"; }
    [[nodiscard]] std::string lock() const { return database + "-lock"; }
    [[nodiscard]] std::string anchor() const { return database + "-anchor"; }
    // While a journal is being made; renamed when it is whole.
    [[nodiscard]] std::string unfinished() const { return database + "-new"; }
};

// What a name leads to now. Two equal ones with contents_too: nobody wrote meanwhile.
struct FileState {
    bool exists = false;
    dev_t device{};
    ino_t inode{};
    mode_t mode{};
    nlink_t links = 0;  // not of identity_of()
    off_t size = 0;
    std::int64_t modified_ns = 0;

    [[nodiscard]] bool same_file(const FileState& other) const {
        return exists == other.exists && device == other.device && inode == other.inode;
    }
    bool operator==(const FileState&) const = default;
};

// Does not follow a symbolic link in the last part.
[[nodiscard]] FileState state_of(const std::string& path);

// Only which file it is: device, inode, mode. For every commit: it does not ask for the times of
// the file. A kernel that has told a file's time must give the next write another one, which a
// sync then has to write too: a second trip to the disk for each commit.
[[nodiscard]] FileState identity_of(const std::string& path);

// Resolves the directory; `not_found` when there is no such directory.
[[nodiscard]] Result<JournalFiles> resolve(const std::string& path);

// Refuses what can never be a journal: directories, links, devices, and a database beside a
// rollback journal, which may name any file of this machine for deletion.
[[nodiscard]] Result<void> check_files(const JournalFiles& files);

// The error of a failed system call on `path`.
[[nodiscard]] Error system_error(const std::string& doing, const std::string& path, int number);

}  // namespace fenceline::sqlite
