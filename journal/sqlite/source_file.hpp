#pragma once

// A file of the journal, read as it lies on the disk and opened by SQLite's own hands: it knows
// when closing a descriptor would drop locks that another connection of this process holds.
//
// What lies there may be half of a change: the log may hold newer pages.
//
// Threading: one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "events/result.hpp"
#include "journal/sqlite/files.hpp"

struct sqlite3_file;

namespace fenceline::sqlite {

class SourceFile {
  public:
    enum class Kind { database, log };

    // `vfs` empty: SQLite's default one.
    [[nodiscard]] static Result<SourceFile> open(const JournalFiles& files, Kind kind,
                                                 const std::string& vfs = {});
    SourceFile(SourceFile&& other) noexcept;
    SourceFile& operator=(SourceFile&&) = delete;
    ~SourceFile();

    // At most `bytes` from `offset` on; fewer when the file ends before.
    [[nodiscard]] Result<std::string> read(std::int64_t offset, std::size_t bytes);
    // How much of a log SQLite would read: the frames that its header speaks for. A log that was
    // grown ahead, or by a stranger to any size, holds no more than that.
    [[nodiscard]] Result<std::int64_t> log_in_use();
    // Copies its first `most` bytes into a new file. What is zero there takes no room here.
    [[nodiscard]] Result<void> copy_to(const std::string& path, std::int64_t most = INT64_MAX);

  private:
    SourceFile() = default;
    sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
    [[nodiscard]] Result<std::int64_t> size();
    [[nodiscard]] Result<void> copy_to(int target, const std::string& path, std::int64_t most);

    std::vector<char> memory_;
    const char* names_ = nullptr;
    bool open_ = false;
};

}  // namespace fenceline::sqlite
