#include "journal/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace fenceline::sqlite {

FileState state_of(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return {};
    return {.exists = true,
            .device = found.st_dev,
            .inode = found.st_ino,
            .mode = found.st_mode,
            .links = found.st_nlink,
            .size = found.st_size,
            .modified_ns = found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec};
}

FileState identity_of(const std::string& path) {
    struct statx found {};
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO, &found) != 0)
        return {};
    return {.exists = true,
            .device = makedev(found.stx_dev_major, found.stx_dev_minor),
            .inode = found.stx_ino,
            .mode = found.stx_mode};
}

Error system_error(const std::string& doing, const std::string& path, int number) {
    ErrorCode code = ErrorCode::io;
    switch (number) {
        case ENOENT:
        case ENOTDIR: code = ErrorCode::not_found; break;
        case EEXIST: code = ErrorCode::already_exists; break;
        case EACCES:
        case EPERM:
        case EROFS: code = ErrorCode::read_only; break;
        case ENOSPC:
        case EDQUOT: code = ErrorCode::no_space; break;
        default: break;
    }
    return {.code = code,
            .text = doing + " " + path + ": " + std::generic_category().message(number)};
}

Result<JournalFiles> resolve(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto leaf = slash == std::string::npos ? path : path.substr(slash + 1);
    std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (leaf.empty() || leaf == "." || leaf == ".." || path.find('\0') != std::string::npos)
        return fail(ErrorCode::invalid_request, "\"" + path + "\" names no file");
    char* resolved = ::realpath(directory.c_str(), nullptr);
    if (resolved == nullptr)
        return tl::unexpected<Error>(system_error("the directory", directory, errno));
    directory = resolved;
    ::free(resolved);
    if (directory.back() != '/') directory += '/';
    return JournalFiles{directory + leaf, directory};
}

Result<void> check_files(const JournalFiles& files) {
    const auto state = state_of(files.database);
    if (!state.exists)
        return fail(ErrorCode::not_found, "there is no journal at " + files.database,
                    "`fenceline init` makes one");
    if (S_ISDIR(state.mode))
        return fail(ErrorCode::unsupported_format, files.database + " is a directory");
    if (S_ISLNK(state.mode))
        return fail(ErrorCode::unsupported_format, files.database + " is a symbolic link",
                    "name the file that it leads to");
    if (!S_ISREG(state.mode))
        return fail(ErrorCode::unsupported_format, files.database + " is no regular file");
    // SQLite says no more than that it could not.
    if (::access(files.database.c_str(), R_OK) != 0)
        return tl::unexpected<Error>(system_error("opening", files.database, errno));
    if (state.size == 0)
        return fail(ErrorCode::unsupported_format, files.database + " is empty, not a journal");
    if (state_of(files.database + "-journal").exists)
        return fail(ErrorCode::corrupt,
                    "there is a rollback journal beside " + files.database +
                        ", which no journal of ours has",
                    "find out who made " + files.database + "-journal, and move it away");
    return {};
}

}  // namespace fenceline::sqlite
