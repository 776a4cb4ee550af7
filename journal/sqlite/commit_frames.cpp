#include "journal/sqlite/commit_frames.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "journal/sqlite/wal.hpp"

namespace fenceline::sqlite {

// The methods of the log's file, as SQLite calls them, with what they need.
struct CommitFrames::Log : sqlite3_io_methods {
    explicit Log(const sqlite3_io_methods* beneath) : sqlite3_io_methods(*beneath), below(beneath) {
        xClose = close;
        xRead = after_writes<&sqlite3_io_methods::xRead>;
        xWrite = write;
        xTruncate = after_writes<&sqlite3_io_methods::xTruncate>;
        xSync = after_writes<&sqlite3_io_methods::xSync>;
        xFileSize = after_writes<&sqlite3_io_methods::xFileSize>;
    }

    const sqlite3_io_methods* below;
    bool gathers = false;    // until the commit ends: SQLite may then go over its frames again
    bool last_page = false;  // what comes next is the page that ends the commit
    sqlite3_int64 start = 0;
    std::size_t size = 0;
    std::array<std::byte, 16 * frame_bytes> bytes{};

    void begin() { gathers = true; }
    void end() {
        gathers = last_page = false;
        size = 0;
    }
    int write_out(sqlite3_file* file) {
        const auto all = static_cast<int>(std::exchange(size, 0));
        return all == 0 ? SQLITE_OK : below->xWrite(file, bytes.data(), all, start);
    }

    static Log& of(const sqlite3_file* file) {
        return const_cast<Log&>(*static_cast<const Log*>(file->pMethods));
    }
    static int close(sqlite3_file* file) {
        file->pMethods = of(file).below;
        return file->pMethods->xClose(file);
    }
    // Another method of the file, which finds everything written.
    template <auto method, typename... Arguments>
    static int after_writes(sqlite3_file* file, Arguments... arguments) {
        Log& log = of(file);
        const int code = log.write_out(file);
        return code == SQLITE_OK ? (log.below->*method)(file, arguments...) : code;
    }
    static int write(sqlite3_file* file, const void* data, int count, sqlite3_int64 at) {
        Log& log = of(file);
        if (!log.gathers) return log.below->xWrite(file, data, count, at);
        return log.gather(file, {static_cast<const std::byte*>(data), std::size_t(count)}, at);
    }

    int gather(sqlite3_file* file, std::span<const std::byte> written, sqlite3_int64 at) {
        const bool goes_on = at == start + static_cast<sqlite3_int64>(size);
        if (!goes_on || size + written.size() > bytes.size())
            if (const int code = write_out(file); code != SQLITE_OK) return code;
        if (written.size() > bytes.size())
            return below->xWrite(file, written.data(), static_cast<int>(written.size()), at);
        if (size == 0) start = at;
        std::memcpy(bytes.data() + size, written.data(), written.size());
        size += written.size();
        if (last_page) {
            gathers = false;
            return write_out(file);
        }
        last_page = written.size() == frame_header_bytes && ends_commit(written);
        return SQLITE_OK;
    }
    // The size of the database, which the header of any other frame has as 0:
    // https://www.sqlite.org/fileformat2.html#walformat
    static bool ends_commit(std::span<const std::byte> frame_header) {
        const auto database_size = frame_header.subspan(4, 4);
        return std::ranges::any_of(database_size, [](std::byte b) { return b != std::byte{}; });
    }
};

CommitFrames::CommitFrames() = default;
CommitFrames::~CommitFrames() = default;

Result<void> CommitFrames::attach(Connection& database) {
    auto file = log_file(database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    log_ = std::make_unique<Log>((*file)->pMethods);
    (*file)->pMethods = log_.get();
    return {};
}

CommitFrames::Gathering::Gathering(CommitFrames& frames) : frames_(frames) {
    frames_.log_->begin();
}

CommitFrames::Gathering::~Gathering() {
    frames_.log_->end();
}

bool CommitFrames::Gathering::all_written() const {
    return frames_.log_->size == 0;
}

}  // namespace fenceline::sqlite
