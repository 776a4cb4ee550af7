#include "journal/sqlite/private_copy.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/source_file.hpp"

namespace fenceline::sqlite {

namespace {

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

Result<void> copy(const JournalFiles& files, SourceFile::Kind kind, const std::string& to) {
    auto source = SourceFile::open(files, kind);
    if (!source) return tl::unexpected<Error>(std::move(source.error()));
    if (kind == SourceFile::Kind::database) return source->copy_to(to);
    auto in_use = source->log_in_use();
    if (!in_use) return tl::unexpected<Error>(std::move(in_use.error()));
    return source->copy_to(to, *in_use);
}

}  // namespace

Result<Connection> open_private_copy(const JournalFiles& files) {
    auto workplace = Workplace::make();
    if (!workplace) return tl::unexpected<Error>(std::move(workplace.error()));
    const auto path = workplace->database();
    FENCELINE_TRY(copy(files, SourceFile::Kind::database, path));
    FENCELINE_TRY(copy(files, SourceFile::Kind::log, path + "-wal"));
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
