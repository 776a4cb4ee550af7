#include "journal/sqlite/source_file.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

namespace {
constexpr std::int64_t piece_bytes = 1 << 20;

// Of SQLite's format of a log.
constexpr std::size_t log_header_bytes = 32;
constexpr std::size_t frame_header_bytes = 24;
constexpr std::size_t salts_at = 16, frame_salts_at = 8, salts_bytes = 8;
constexpr std::uint32_t log_magic = 0x377f0682;  // the last bit says how sums are counted

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

// One piece at its place; a hole where it is zero.
Result<void> write_piece(int target, std::string_view piece, std::int64_t at,
                         const std::string& path) {
    if (piece.front() == '\0' && piece.substr(1) == piece.substr(0, piece.size() - 1)) return {};
    for (std::size_t written = 0; written < piece.size();) {
        const auto now = ::pwrite(target, piece.data() + written, piece.size() - written,
                                  at + static_cast<std::int64_t>(written));
        if (now < 0 && errno != EINTR)
            return tl::unexpected<Error>(system_error("copying to", path, errno));
        if (now > 0) written += static_cast<std::size_t>(now);
    }
    return {};
}

}  // namespace

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

Result<std::int64_t> SourceFile::log_in_use() {
    auto header = read(0, log_header_bytes);
    if (!header) return tl::unexpected<Error>(std::move(header.error()));
    if (header->size() < log_header_bytes || (big_endian(*header, 0) & ~1U) != log_magic) return 0;
    const std::int64_t page = big_endian(*header, 8);
    if (page < 512 || page > 65'536) return 0;
    const auto salts = header->substr(salts_at, salts_bytes);
    std::int64_t end = log_header_bytes;
    for (;;) {
        auto frame = read(end, frame_header_bytes);
        if (!frame) return tl::unexpected<Error>(std::move(frame.error()));
        const bool in_use = frame->size() == frame_header_bytes && big_endian(*frame, 0) != 0 &&
                            frame->compare(frame_salts_at, salts_bytes, salts) == 0;
        if (!in_use) return end;
        end += static_cast<std::int64_t>(frame_header_bytes) + page;
    }
}

Result<void> SourceFile::copy_to(const std::string& path, std::int64_t most) {
    const int target =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0) return tl::unexpected<Error>(system_error("making", path, errno));
    auto copied = copy_to(target, path, most);
    ::close(target);
    return copied;
}

Result<void> SourceFile::copy_to(int target, const std::string& path, std::int64_t most) {
    auto bytes = size();
    if (!bytes) return tl::unexpected<Error>(std::move(bytes.error()));
    const auto wanted_bytes = std::min(*bytes, most);
    std::int64_t done = 0;
    while (done < wanted_bytes) {
        const auto wanted = std::min(wanted_bytes - done, piece_bytes);
        auto piece = read(done, static_cast<std::size_t>(wanted));
        if (!piece) return tl::unexpected<Error>(std::move(piece.error()));
        if (piece->empty()) break;  // cut short meanwhile: the caller sees that the files changed
        FENCELINE_TRY(write_piece(target, *piece, done, path));
        done += static_cast<std::int64_t>(piece->size());
    }
    if (::ftruncate(target, done) != 0)
        return tl::unexpected<Error>(system_error("copying to", path, errno));
    return {};
}

}  // namespace fenceline::sqlite
