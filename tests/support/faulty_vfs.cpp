#include "tests/support/faulty_vfs.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace fenceline::testing {

struct FaultyVfs::State {
    std::optional<Fault> fault;
    int seen = 0;  // calls of the armed kind
    bool fired = false;
    bool killed = false;
    std::array<int, call_kinds> calls{};

    // The error that this call ends with, or SQLITE_OK.
    int next(Call what) {
        if (killed) return SQLITE_IOERR;
        ++calls[static_cast<std::size_t>(what)];
        if (!fault || fault->what != what) return SQLITE_OK;
        ++seen;
        const bool hit =
            fault->lasts == Fault::Lasts::for_ever ? seen >= fault->nth : seen == fault->nth;
        if (!hit) return SQLITE_OK;
        fired = true;
        killed = fault->lasts == Fault::Lasts::to_death;
        return fault->code;
    }
    [[nodiscard]] bool takes_overwrites() const {
        return !killed && fault && fault->code == SQLITE_FULL && seen > fault->nth &&
               fault->takes_overwrites;
    }
    [[nodiscard]] bool leaves(Fault::Leaves what) const { return !killed && fault->leaves == what; }
};

namespace {

// What a write replaced: put back when a failed sync drops it.
struct Replaced {
    sqlite3_int64 offset = 0;
    std::vector<char> bytes;
    sqlite3_int64 size_before = 0;
};

class File final : public ShimFile {
  public:
    File(sqlite3_file& real, FaultyVfs::State& state) : ShimFile(real), state_(state) {}

    int read(void* out, int amount, sqlite3_int64 offset) override {
        if (const int code = state_.next(Call::read); code != SQLITE_OK) return code;
        return ShimFile::read(out, amount, offset);
    }
    int write(const void* in, int amount, sqlite3_int64 offset) override {
        const int code = state_.next(Call::write);
        if (code != SQLITE_OK && !(state_.takes_overwrites() && is_there(amount, offset))) {
            if (state_.leaves(Fault::Leaves::written)) {
                const int part = state_.fault->sixteenths * amount / 16;
                remember(part, offset);
                ShimFile::write(in, part, offset);
            }
            return code;
        }
        remember(amount, offset);
        return ShimFile::write(in, amount, offset);
    }
    int truncate(sqlite3_int64 size) override {
        if (const int code = state_.next(Call::truncate); code != SQLITE_OK) return code;
        return ShimFile::truncate(size);
    }
    int sync(int) override {
        if (const int code = state_.next(Call::sync); code != SQLITE_OK) {
            if (state_.leaves(Fault::Leaves::nothing)) drop_unsynced();
            return code;
        }
        unsynced_.clear();
        return SQLITE_OK;
    }
    int lock(int kind) override {
        if (const int code = state_.next(Call::lock); code != SQLITE_OK) return code;
        return ShimFile::lock(kind);
    }
    int shm_map(int page, int size, int extend, void volatile** out) override {
        if (const int code = state_.next(Call::shm_map); code != SQLITE_OK) return code;
        return ShimFile::shm_map(page, size, extend, out);
    }
    int shm_lock(int offset, int n, int flags) override {
        // Whoever dies gives its locks up: to let go of one never fails.
        if ((flags & SQLITE_SHM_UNLOCK) == 0)
            if (const int code = state_.next(Call::shm_lock); code != SQLITE_OK) return code;
        return ShimFile::shm_lock(offset, n, flags);
    }

  private:
    [[nodiscard]] bool is_there(int amount, sqlite3_int64 offset) {
        sqlite3_int64 size = 0;
        return ShimFile::size(&size) == SQLITE_OK && offset + amount <= size;
    }
    void remember(int amount, sqlite3_int64 offset) {
        Replaced replaced{.offset = offset,
                          .bytes = std::vector<char>(static_cast<std::size_t>(amount))};
        ShimFile::size(&replaced.size_before);
        ShimFile::read(replaced.bytes.data(), amount, offset);
        unsynced_.push_back(std::move(replaced));
    }
    void drop_unsynced() {
        for (; !unsynced_.empty(); unsynced_.pop_back()) {
            const auto& last = unsynced_.back();
            ShimFile::write(last.bytes.data(), static_cast<int>(last.bytes.size()), last.offset);
            ShimFile::truncate(last.size_before);
        }
    }

    FaultyVfs::State& state_;
    std::vector<Replaced> unsynced_;
};

}  // namespace

FaultyVfs::FaultyVfs() : ShimVfs("faulty"), state_(std::make_unique<State>()) {}

FaultyVfs::~FaultyVfs() = default;

int FaultyVfs::opening(const char*, int) {
    return state_->next(Call::open);
}
std::unique_ptr<ShimFile> FaultyVfs::opened(const char*, int, sqlite3_file& real) {
    return std::make_unique<File>(real, *state_);
}
int FaultyVfs::remove(const char* name, int sync_directory) {
    if (const int code = state_->next(Call::remove); code != SQLITE_OK) return code;
    return ShimVfs::remove(name, sync_directory);
}

void FaultyVfs::fail(Fault fault) {
    state_->fault = fault;
    state_->seen = 0;
    state_->fired = false;
}
void FaultyVfs::heal() {
    state_->fault.reset();
}
void FaultyVfs::kill() {
    state_->killed = true;
}
void FaultyVfs::revive() {
    state_->killed = false;
}
bool FaultyVfs::fired() const {
    return state_->fired;
}
bool FaultyVfs::killed() const {
    return state_->killed;
}
int FaultyVfs::calls(Call what) const {
    return state_->calls[static_cast<std::size_t>(what)];
}

int FaultyVfs::seen() const {
    return state_->seen;
}

}  // namespace fenceline::testing
