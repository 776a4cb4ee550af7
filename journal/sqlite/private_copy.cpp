#include "journal/sqlite/private_copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <vector>

#include "journal/sqlite/profile.hpp"

namespace fenceline::sqlite {

namespace {

constexpr sqlite3_int64 piece_bytes = 1 << 20;

// Removes the directory and what we put there.
class Workplace {
  public:
    [[nodiscard]] static Result<Workplace> make() {
        std::error_code failed;
        auto name = (std::filesystem::temp_directory_path(failed) / "fenceline-XXXXXX").string();
        if (failed || ::mkdtemp(name.data()) == nullptr)
            return tl::unexpected<Error>(system_error("making the directory", name, errno));
        return Workplace(std::move(name));
    }
    Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Workplace& operator=(Workplace&&) = delete;
    ~Workplace() {
        if (path_.empty()) return;
        for (const char* side : {"", "-wal", "-shm", "-journal"})
            ::unlink((database() + side).c_str());
        ::rmdir(path_.c_str());
    }
    [[nodiscard]] std::string database() const { return path_ + "/journal"; }

  private:
    explicit Workplace(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

// A file of the journal, opened by SQLite's own hands: it knows when closing a descriptor would
// drop locks that another connection of this process holds.
class SourceFile {
  public:
    [[nodiscard]] static Result<SourceFile> open(const JournalFiles& files, int kind) {
        SourceFile file;
        sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
        file.names_ = sqlite3_create_filename(files.database.c_str(), "", files.wal().c_str(), 0,
                                              nullptr);
        if (vfs == nullptr || file.names_ == nullptr)
            return fail(ErrorCode::io, "SQLite has no storage layer");
        file.memory_.resize(static_cast<std::size_t>(vfs->szOsFile));
        const char* name =
            kind == SQLITE_OPEN_WAL ? sqlite3_filename_wal(file.names_) : file.names_;
        int flags = 0;
        const int code = vfs->xOpen(vfs, name, file.file(), SQLITE_OPEN_READONLY | kind, &flags);
        if (code != SQLITE_OK)
            return tl::unexpected<Error>(error_of(nullptr, code, std::string("opening ") + name));
        file.open_ = true;
        return file;
    }
    SourceFile(SourceFile&& other) noexcept
        : memory_(std::move(other.memory_)),
          names_(std::exchange(other.names_, nullptr)),
          open_(std::exchange(other.open_, false)) {}
    SourceFile& operator=(SourceFile&&) = delete;
    ~SourceFile() {
        if (open_) file()->pMethods->xClose(file());
        sqlite3_free_filename(names_);
    }

    [[nodiscard]] Result<void> copy_to(const std::string& path) {
        const int target =
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (target < 0) return tl::unexpected<Error>(system_error("making", path, errno));
        auto copied = copy_to(target, path);
        ::close(target);
        return copied;
    }

  private:
    SourceFile() = default;
    sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }

    [[nodiscard]] Result<void> copy_to(int target, const std::string& path) {
        sqlite3_int64 size = 0;
        if (file()->pMethods->xFileSize(file(), &size) != SQLITE_OK)
            return fail(ErrorCode::io, "the size of a file of the journal cannot be read");
        std::vector<char> piece(static_cast<std::size_t>(std::min(size, piece_bytes)));
        for (sqlite3_int64 done = 0; done < size;) {
            const auto bytes = std::min(size - done, piece_bytes);
            const int code =
                file()->pMethods->xRead(file(), piece.data(), static_cast<int>(bytes), done);
            // Cut short meanwhile: the caller sees that the files changed.
            if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
                return tl::unexpected<Error>(error_of(nullptr, code, "copying the journal"));
            for (sqlite3_int64 written = 0; written < bytes;) {
                const auto now = ::write(target, piece.data() + written,
                                         static_cast<std::size_t>(bytes - written));
                if (now < 0 && errno != EINTR)
                    return tl::unexpected<Error>(system_error("copying to", path, errno));
                if (now > 0) written += now;
            }
            done += bytes;
        }
        return {};
    }

    std::vector<char> memory_;
    const char* names_ = nullptr;
    bool open_ = false;
};

Result<void> copy(const JournalFiles& files, int kind, const std::string& to) {
    auto source = SourceFile::open(files, kind);
    if (!source) return tl::unexpected<Error>(std::move(source.error()));
    return source->copy_to(to);
}

}  // namespace

Result<Connection> open_private_copy(const JournalFiles& files) {
    auto workplace = Workplace::make();
    if (!workplace) return tl::unexpected<Error>(std::move(workplace.error()));
    const auto path = workplace->database();
    FENCELINE_TRY(copy(files, SQLITE_OPEN_MAIN_DB, path));
    FENCELINE_TRY(copy(files, SQLITE_OPEN_WAL, path + "-wal"));
    // For writing, because SQLite rebuilds the log's index; the settings let nothing else be
    // written, and the log is read from its own file.
    auto connection = Connection::open(path, {.access = Access::read_write});
    if (!connection) return connection;
    keep_log_at_close(*connection);
    FENCELINE_TRY(connection->execute("PRAGMA locking_mode = EXCLUSIVE"));
    // The first read opens all files; their names are not needed after it.
    auto opened = connection->number("PRAGMA schema_version");
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    return connection;
}

}  // namespace fenceline::sqlite
