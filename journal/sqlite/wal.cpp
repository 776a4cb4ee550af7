#include "journal/sqlite/wal.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <map>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace fenceline::sqlite {

namespace {

int note_frames(void* count, sqlite3*, const char*, int frames) {
    static_cast<FrameCount*>(count)->set(frames);
    return SQLITE_OK;
}

Result<sqlite3_file*> handle(Connection& database, int which) {
    sqlite3_file* file = nullptr;
    const int code = sqlite3_file_control(database.raw(), "main", which, &file);
    if (code == SQLITE_OK && file != nullptr && file->pMethods != nullptr) return file;
    return fail(ErrorCode::io, "a file of the journal is not open: its log cannot be looked after");
}
Result<sqlite3_file*> database_file(Connection& database) {
    return handle(database, SQLITE_FCNTL_FILE_POINTER);
}

Result<void> done(int code, const char* what) {
    if (code == SQLITE_OK) return {};
    return tl::unexpected<Error>(error_of(nullptr, code, what));
}

// What a failed sync should have written may be anywhere.
Result<void> synced(int code, const char* what) {
    auto result = done(code, what);
    if (!result) result.error().effect = Effect::unknown;
    return result;
}

// --- the log's bytes: https://www.sqlite.org/fileformat2.html#walformat

using FrameHeader = std::array<char, frame_header_bytes>;

std::uint32_t number_at(const char* big_endian) {
    std::uint32_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(big_endian[i]);
    return number;
}
bool ends_commit(const FrameHeader& frame) {
    return number_at(frame.data() + 4) != 0;
}

// Of the file itself: the index learns of a log's salts and pages with its first commit. All zeros
// where there is none yet.
struct LogHeader {
    static constexpr std::int64_t bytes = 32;
    std::int64_t page_bytes = 0;
    std::array<char, 8> salts{};
    std::uint32_t magic = 0;
    std::array<std::uint32_t, 2> sum{};  // of the header itself

    static Result<LogHeader> of(sqlite3_file& log) {
        std::array<char, bytes> read{};
        const int code = log.pMethods->xRead(&log, read.data(), bytes, 0);
        if (code != SQLITE_IOERR_SHORT_READ)
            FENCELINE_TRY(done(code, "reading the header of the journal's log"));
        LogHeader header{.page_bytes = number_at(&read[8]),
                         .magic = number_at(&read[0]),
                         .sum = {number_at(&read[24]), number_at(&read[28])}};
        std::copy_n(&read[16], header.salts.size(), header.salts.begin());
        return header;
    }
    [[nodiscard]] bool sound() const {
        return (magic | 1) == 0x377f0683 && page_bytes >= 512 && page_bytes <= 65'536;
    }
    [[nodiscard]] bool big_endian_sums() const { return (magic & 1) != 0; }
    // Where a frame begins, or would begin.
    [[nodiscard]] std::int64_t at(std::uint32_t frame) const {
        return bytes + frame * (frame_header_bytes + page_bytes);
    }
    [[nodiscard]] bool has(const FrameHeader& frame) const {
        return std::equal(salts.begin(), salts.end(), frame.begin() + 8);
    }
};

// The sum over the words of a log: each frame's begins with that of the frame before.
class LogSum {
  public:
    explicit LogSum(const LogHeader& header)
        : big_endian_(header.big_endian_sums()), s_(header.sum) {}

    void add_frame(const char* frame, std::size_t bytes) {
        add({frame, 8});
        add({frame + frame_header_bytes, bytes - frame_header_bytes});
    }
    [[nodiscard]] bool is(const std::array<std::uint32_t, 2>& sum) const { return s_ == sum; }

  private:
    void add(std::span<const char> bytes) {
        for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
            s_[0] += word_at(&bytes[i]) + s_[1];
            s_[1] += word_at(&bytes[i + 4]) + s_[0];
        }
    }
    [[nodiscard]] std::uint32_t word_at(const char* bytes) const {
        const auto number = number_at(bytes);
        return big_endian_ ? number : __builtin_bswap32(number);
    }

    bool big_endian_;
    std::array<std::uint32_t, 2> s_;
};

// Whether frames that recovery could take for a commit lie from frame `end` on. Their pages are not
// looked at: half of one may be new, and the other half what was there before.
Result<bool> commit_lies_at(std::uint32_t end, sqlite3_file& log, const LogHeader& header) {
    sqlite3_int64 size = 0;
    FENCELINE_TRY(done(log.pMethods->xFileSize(&log, &size), "measuring the journal's log"));
    for (auto number = end; header.at(number + 1) <= size; ++number) {
        FrameHeader frame{};
        FENCELINE_TRY(
            done(log.pMethods->xRead(&log, frame.data(), frame_header_bytes, header.at(number)),
                 "reading the journal's log"));
        if (!header.has(frame)) return false;
        if (ends_commit(frame)) return true;
    }
    return false;
}

// Where the log lost frames that its index names, nothing is decided from what is left: its file
// may have been replaced, or a failed sync have dropped some (Btrfs does so at once, others when
// they need the memory: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX
// ATC 2020).
tl::unexpected<Error> frames_are_gone() {
    return fail(ErrorCode::io, "the journal's log lacks what its index names",
                "close every program that has the journal open, then open it again");
}

Result<void> read_there(sqlite3_file& log, std::int64_t at, std::span<char> bytes) {
    const int code = log.pMethods->xRead(&log, bytes.data(), static_cast<int>(bytes.size()), at);
    if (code == SQLITE_IOERR_SHORT_READ) return frames_are_gone();
    return done(code, "reading the journal's log");
}
Result<void> write_there(sqlite3_file& file, std::int64_t at, std::span<const char> bytes) {
    return done(file.pMethods->xWrite(&file, bytes.data(), static_cast<int>(bytes.size()), at),
                "writing anew");
}

// What is written is what was looked at: the kernel may drop it until then, and not after. The sum
// is that of the last frame in the index, or some frame is another one: perhaps one that continues
// the log as well, of a commit that died.
Result<void> write_log_anew(sqlite3_file& log, const LogHeader& header, const LogState& state) {
    constexpr std::uint32_t frames_at_once = 16;
    std::array<char, LogHeader::bytes> start{};
    FENCELINE_TRY(read_there(log, 0, start));
    FENCELINE_TRY(write_there(log, 0, start));
    const auto bytes_each = static_cast<std::size_t>(header.at(1) - header.at(0));
    std::vector<char> bytes(frames_at_once * bytes_each);
    LogSum sum(header);
    for (std::uint32_t first = 0; first < state.frames; first += frames_at_once) {
        const auto frames = std::min(frames_at_once, state.frames - first);
        const auto some = std::span(bytes).first(frames * bytes_each);
        FENCELINE_TRY(read_there(log, header.at(first), some));
        FENCELINE_TRY(write_there(log, header.at(first), some));
        for (std::uint32_t i = 0; i < frames; ++i) sum.add_frame(&some[i * bytes_each], bytes_each);
    }
    return sum.is(state.sum) ? Result<void>() : frames_are_gone();
}

// The pages of the first `moved` frames, as the log has them: those of the database may be gone.
Result<void> write_pages_anew(sqlite3_file& file, sqlite3_file& log, const LogHeader& header,
                              std::uint32_t moved) {
    sqlite3_int64 size = 0;
    FENCELINE_TRY(done(file.pMethods->xFileSize(&file, &size), "measuring the journal"));
    std::map<std::int64_t, std::uint32_t> last;  // frame of each page
    std::vector<char> frame(static_cast<std::size_t>(header.at(1) - header.at(0)));
    for (std::uint32_t number = 0; number < moved; ++number) {
        FENCELINE_TRY(read_there(log, header.at(number), std::span(frame).first(8)));
        last[number_at(frame.data())] = number;
    }
    for (const auto& [page, number] : last) {
        if (page * header.page_bytes > size) continue;  // cut off since
        FENCELINE_TRY(read_there(log, header.at(number), frame));
        FENCELINE_TRY(write_there(file, (page - 1) * header.page_bytes,
                                  std::span(frame).subspan(frame_header_bytes)));
    }
    return {};
}

// SQLite's own locks of the log, for writing and for moving it, held by hand.
// https://www.sqlite.org/walformat.html#locks
class LogHeldStill {
  public:
    static Result<LogHeldStill> by(sqlite3_file& file, Duration timeout) {
        constexpr Duration pause{200'000};
        for (Duration waited; waited <= timeout; waited = waited + pause) {
            const int code = file.pMethods->xShmLock(&file, first, locks, alone | SQLITE_SHM_LOCK);
            if (code == SQLITE_OK) return LogHeldStill(file);
            if (code != SQLITE_BUSY)
                return tl::unexpected<Error>(error_of(nullptr, code, "locking the journal's log"));
            std::this_thread::sleep_for(std::chrono::nanoseconds(pause.ns));
        }
        return fail(ErrorCode::busy, "another process is writing or moving the journal's log");
    }
    LogHeldStill(LogHeldStill&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
    LogHeldStill& operator=(LogHeldStill&&) = delete;
    ~LogHeldStill() {
        if (file_ != nullptr)
            file_->pMethods->xShmLock(file_, first, locks, alone | SQLITE_SHM_UNLOCK);
    }

  private:
    static constexpr int first = 0, locks = 2, alone = SQLITE_SHM_EXCLUSIVE;
    explicit LogHeldStill(sqlite3_file& file) : file_(&file) {}

    sqlite3_file* file_;
};

// The index's first region: https://www.sqlite.org/walformat.html#the_wal_index_header
Result<volatile char*> index_of_log(sqlite3_file& file) {
    constexpr int region_bytes = 32'768;
    volatile void* region = nullptr;
    FENCELINE_TRY(done(file.pMethods->xShmMap(&file, 0, region_bytes, 0, &region),
                       "looking at the index of the journal's log"));
    if (region == nullptr) return fail(ErrorCode::io, "the index of the journal's log is gone");
    return static_cast<volatile char*>(region);
}

std::uint32_t native_number_at(const volatile char* bytes) {
    std::array<char, sizeof(std::uint32_t)> copied{};
    for (std::size_t i = 0; i < copied.size(); ++i) copied[i] = bytes[i];
    return std::bit_cast<std::uint32_t>(copied);
}

}  // namespace

Result<sqlite3_file*> log_file(Connection& database) {
    return handle(database, SQLITE_FCNTL_JOURNAL_POINTER);
}

Result<LogState> state_of_log(Connection& database) {
    constexpr int frames_at = 16, sum_at = 24, moved_at = 96;
    auto file = database_file(database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    auto index = index_of_log(**file);
    if (!index) return tl::unexpected<Error>(std::move(index.error()));
    return LogState{
        .frames = native_number_at(*index + frames_at),
        .moved = native_number_at(*index + moved_at),
        .sum = {native_number_at(*index + sum_at), native_number_at(*index + sum_at + 4)}};
}

// As SQLite does where the last process died: its header is read as one that was never made.
Result<void> make_index_anew(Connection& database, Duration timeout) {
    constexpr int header_bytes = 96;  // twice 48
    auto file = database_file(database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    {
        auto still = LogHeldStill::by(**file, timeout);
        if (!still) return tl::unexpected<Error>(std::move(still.error()));
        auto index = index_of_log(**file);
        if (!index) return tl::unexpected<Error>(std::move(index.error()));
        std::fill_n(*index, header_bytes, '\0');
        (*file)->pMethods->xShmBarrier(*file);
    }
    // Whoever reads next makes it; a reader that may not write would have to wait for that.
    return database.number("SELECT count(*) FROM meta").map([](std::int64_t) {});
}

Result<void> sync_log(Connection& database) {
    auto log = log_file(database);
    if (!log) return tl::unexpected<Error>(std::move(log.error()));
    return synced((*log)->pMethods->xSync(*log, SQLITE_SYNC_FULL), "syncing the journal's log");
}

Result<void> sync_database(Connection& database) {
    auto file = database_file(database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    return synced((*file)->pMethods->xSync(*file, SQLITE_SYNC_FULL), "syncing the journal");
}

Result<void> write_anew(Connection& database, Duration timeout) {
    auto file = database_file(database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    auto log = log_file(database);
    if (!log) return tl::unexpected<Error>(std::move(log.error()));
    auto still = LogHeldStill::by(**file, timeout);
    if (!still) return tl::unexpected<Error>(std::move(still.error()));
    auto state = state_of_log(database);
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    if (state->frames == 0) return {};
    auto header = LogHeader::of(**log);
    if (!header) return tl::unexpected<Error>(std::move(header.error()));
    if (!header->sound()) return frames_are_gone();
    FENCELINE_TRY(write_log_anew(**log, *header, *state));
    FENCELINE_TRY(sync_log(database));
    if (state->moved == 0) return {};
    FENCELINE_TRY(write_pages_anew(**file, **log, *header, state->moved));
    return sync_database(database);
}

// The first frame after the log's end becomes one that recovery stops at: a page numbered 0.
Result<void> void_refused_commit(Connection& database) {
    auto log = log_file(database);
    if (!log) return tl::unexpected<Error>(std::move(log.error()));
    auto end = state_of_log(database);
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    auto header = LogHeader::of(**log);
    if (!header) return tl::unexpected<Error>(std::move(header.error()));
    if (!header->sound()) return {};  // there is no log yet
    auto lies = commit_lies_at(end->frames, **log, *header);
    if (!lies) return tl::unexpected<Error>(std::move(lies.error()));
    if (!*lies) return {};
    const FrameHeader nothing{};
    FENCELINE_TRY(done(
        (*log)->pMethods->xWrite(*log, nothing.data(), frame_header_bytes, header->at(end->frames)),
        "taking a refused commit out of the journal's log"));
    return sync_log(database);
}

void FrameCount::attach(Connection& database) {
    sqlite3_wal_hook(database.raw(), note_frames, this);
}

Result<CheckpointCounts> checkpoint_log(Connection& database, Checkpointing how) {
    CheckpointCounts counts;
    const int mode =
        how == Checkpointing::truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    const int code =
        sqlite3_wal_checkpoint_v2(database.raw(), "main", mode, &counts.frames, &counts.moved);
    if (code == SQLITE_OK || code == SQLITE_BUSY) return counts;
    auto error = error_of(database.raw(), code, "moving the log into the journal");
    if (database.sync_failed()) error.effect = Effect::unknown;
    return tl::unexpected<Error>(std::move(error));
}

Result<void> reserve_log(Connection& database, std::int64_t bytes) {
    // With a small cache the transaction's pages go to the log before it ends: all but those that
    // the cache still holds, so a few more are asked for.
    constexpr std::int64_t held_back_bytes = 32 * 4096;
    FENCELINE_TRY(database.execute("PRAGMA cache_size = 16"));
    Result<void> grown;
    {
        auto transaction = Transaction::begin(database, Transaction::Kind::write);
        if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
        grown = database.execute("CREATE TABLE reserve (bytes BLOB)");
        auto insert = grown ? database.prepare("INSERT INTO reserve VALUES (zeroblob(?1))")
                            : Result<Statement>(Statement());
        if (grown && insert) {
            insert->bind(1, bytes + held_back_bytes);
            grown = insert->run();
        }
    }
    FENCELINE_TRY(database.execute("PRAGMA cache_size = -2000"));
    if (!grown) return grown;
    return sync_log(database);
}

}  // namespace fenceline::sqlite
