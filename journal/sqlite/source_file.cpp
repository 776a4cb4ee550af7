#include "journal/sqlite/source_file.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

namespace {
constexpr std::int64_t piece_bytes = 1 << 20;
}

Result<SourceFile> SourceFile::open(const JournalFiles& files, Kind kind, const std::string& vfs) {
    SourceFile file;
    sqlite3_vfs* layer = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
    file.names_ =
        sqlite3_create_filename(files.database.c_str(), "", files.wal().c_str(), 0, nullptr);
    if (layer == nullptr || file.names_ == nullptr)
        return fail(ErrorCode::io, "SQLite has no storage layer");
    file.memory_.resize(static_cast<std::size_t>(layer->szOsFile));
    const char* name = kind == Kind::log ? sqlite3_filename_wal(file.names_) : file.names_;
    int flags = SQLITE_OPEN_READONLY;
    flags |= kind == Kind::log ? SQLITE_OPEN_WAL : SQLITE_OPEN_MAIN_DB;
    const int code = layer->xOpen(layer, name, file.file(), flags, &flags);
    if (code != SQLITE_OK)
        return tl::unexpected<Error>(error_of(nullptr, code, std::string("opening ") + name));
    file.open_ = true;
    return file;
}

SourceFile::SourceFile(SourceFile&& other) noexcept
    : memory_(std::move(other.memory_)),
      names_(std::exchange(other.names_, nullptr)),
      open_(std::exchange(other.open_, false)) {}

SourceFile::~SourceFile() {
    if (open_) file()->pMethods->xClose(file());
    sqlite3_free_filename(names_);
}

Result<std::int64_t> SourceFile::size() {
    sqlite3_int64 bytes = 0;
    if (file()->pMethods->xFileSize(file(), &bytes) != SQLITE_OK)
        return fail(ErrorCode::io, "the size of a file of the journal cannot be read");
    return bytes;
}

Result<std::string> SourceFile::read(std::int64_t offset, std::size_t bytes) {
    auto there = size();
    if (!there) return tl::unexpected<Error>(std::move(there.error()));
    const auto left = std::max<std::int64_t>(*there - offset, 0);
    std::string out(std::min(bytes, static_cast<std::size_t>(left)), '\0');
    if (out.empty()) return out;
    const int code =
        file()->pMethods->xRead(file(), out.data(), static_cast<int>(out.size()), offset);
    // Cut short meanwhile: what is missing reads as zeros.
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
        return tl::unexpected<Error>(error_of(nullptr, code, "reading the journal's file"));
    return out;
}

Result<void> SourceFile::copy_to(const std::string& path) {
    const int target =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0) return tl::unexpected<Error>(system_error("making", path, errno));
    auto copied = copy_to(target, path);
    ::close(target);
    return copied;
}

Result<void> SourceFile::copy_to(int target, const std::string& path) {
    auto bytes = size();
    if (!bytes) return tl::unexpected<Error>(std::move(bytes.error()));
    for (std::int64_t done = 0; done < *bytes;) {
        const auto wanted = std::min(*bytes - done, piece_bytes);
        auto piece = read(done, static_cast<std::size_t>(wanted));
        if (!piece) return tl::unexpected<Error>(std::move(piece.error()));
        if (piece->empty()) break;  // cut short meanwhile: the caller sees that the files changed
        for (std::size_t written = 0; written < piece->size();) {
            const auto now = ::write(target, piece->data() + written, piece->size() - written);
            if (now < 0 && errno != EINTR)
                return tl::unexpected<Error>(system_error("copying to", path, errno));
            if (now > 0) written += static_cast<std::size_t>(now);
        }
        done += static_cast<std::int64_t>(piece->size());
    }
    return {};
}

}  // namespace fenceline::sqlite
