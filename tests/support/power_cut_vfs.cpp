#include "tests/support/power_cut_vfs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "events/invariant.hpp"

namespace fenceline::testing {

namespace {

constexpr std::size_t sector_bytes = 512;

// A change that no sync has followed yet.
struct Pending {
    bool truncation = false;
    sqlite3_int64 offset = 0;  // of a truncation: the size
    std::string bytes;
};

struct Disk {
    std::string path;
    std::string durable;
    std::vector<Pending> pending;
    int failures = 0;  // of syncs
};

void put(std::string& content, sqlite3_int64 at, std::string_view bytes) {
    const auto offset = static_cast<std::size_t>(at);
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
    content.replace(offset, bytes.size(), bytes);
}

void apply(std::string& content, const Pending& change) {
    if (change.truncation)
        content.resize(static_cast<std::size_t>(change.offset), '\0');
    else
        put(content, change.offset, change.bytes);
}

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

// --- what it knows

struct PowerCutVfs::State {
    Log log = Log::synced;
    std::map<ino_t, Disk> disks;
    std::map<std::string, Disk> removed;  // by name, which a disk may still have
    int calls = 0, cut = 0;
    bool dark = false;
    int syncs = 0, failing = 0;
    std::mt19937_64 luck;  // of what a failing sync writes
    std::function<void()> meanwhile;

    // Counts a call; true: the power is gone, and this call was the last or came too late.
    bool ends() {
        if (dark) return true;
        ++calls;
        dark = calls == cut;
        return dark;
    }
    Disk* disk_of(const char* path) {
        struct stat found {};
        if (::stat(path, &found) != 0) return nullptr;
        const auto [it, is_new] = disks.try_emplace(found.st_ino);
        if (is_new) it->second.durable = contents(path);
        it->second.path = path;  // a new journal gets its name when it is whole
        return &it->second;
    }
};

namespace {

using State = PowerCutVfs::State;

class File final : public ShimFile {
  public:
    enum class Kind { log, other };
    File(sqlite3_file& real, State& state, Disk& disk, Kind kind)
        : ShimFile(real), state_(state), disk_(disk), kind_(kind), heard_(disk.failures) {}

    int read(void* out, int amount, sqlite3_int64 offset) override {
        return state_.dark ? SQLITE_IOERR_READ : ShimFile::read(out, amount, offset);
    }
    int write(const void* in, int amount, sqlite3_int64 offset) override {
        if (state_.dark) return SQLITE_IOERR_WRITE;
        const bool last = state_.ends();
        disk_.pending.push_back(
            {.offset = offset,
             .bytes = {static_cast<const char*>(in), static_cast<std::size_t>(amount)}});
        return last ? SQLITE_IOERR_WRITE : ShimFile::write(in, amount, offset);
    }
    int truncate(sqlite3_int64 size) override {
        if (state_.dark) return SQLITE_IOERR_TRUNCATE;
        const bool last = state_.ends();
        disk_.pending.push_back({.truncation = true, .offset = size, .bytes = {}});
        return last ? SQLITE_IOERR_TRUNCATE : ShimFile::truncate(size);
    }
    int sync(int) override {
        if (kind_ == Kind::log)
            if (const auto work = std::exchange(state_.meanwhile, nullptr)) work();
        if (state_.ends()) return SQLITE_IOERR_FSYNC;
        if (kind_ == Kind::log && state_.log == PowerCutVfs::Log::ignored) return SQLITE_OK;
        if (++state_.syncs == state_.failing) ++disk_.failures;
        const bool fails = state_.syncs == state_.failing;
        for (const auto& change : disk_.pending)
            if (!fails || state_.luck() % 2 == 0) apply(disk_.durable, change);
        disk_.pending.clear();
        const int heard = std::exchange(heard_, disk_.failures);
        return heard == disk_.failures ? SQLITE_OK : SQLITE_IOERR_FSYNC;
    }
    // Nothing is promised: neither whole sectors behind a write nor order.
    int sector_size() override { return static_cast<int>(sector_bytes); }
    int device() override { return 0; }

  private:
    State& state_;
    Disk& disk_;
    Kind kind_;
    int heard_;
};

// What a disk might have of these changes: by the seed all, none, each by itself, or torn.
std::string left_of(const Disk& disk, std::mt19937_64& random) {
    std::string content = disk.durable;
    const auto mood = random() % 5;
    for (const auto& change : disk.pending) {
        const bool kept = mood == 0 || (mood > 1 && random() % 2 == 0);
        if (kept) {
            apply(content, change);
            continue;
        }
        if (mood < 3 || change.truncation) continue;
        for (std::size_t at = 0; at < change.bytes.size(); at += sector_bytes)
            if (random() % 2 == 0)
                put(content, change.offset + static_cast<sqlite3_int64>(at),
                    std::string_view(change.bytes).substr(at, sector_bytes));
    }
    return content;
}

}  // namespace

PowerCutVfs::PowerCutVfs(Log log) : ShimVfs("power-cut"), state_(std::make_unique<State>()) {
    state_->log = log;
}

PowerCutVfs::~PowerCutVfs() = default;

int PowerCutVfs::opening(const char* name, int) {
    if (state_->dark) return SQLITE_CANTOPEN;
    // Before SQLite holds any lock on it: closing another descriptor would drop that.
    if (name != nullptr) (void)state_->disk_of(name);
    return SQLITE_OK;
}

std::unique_ptr<ShimFile> PowerCutVfs::opened(const char* name, int flags, sqlite3_file& real) {
    static Disk nameless;
    Disk* disk = name != nullptr ? state_->disk_of(name) : &nameless;
    FENCELINE_INVARIANT(disk != nullptr, "a file that was opened is there");
    const bool log = (flags & SQLITE_OPEN_WAL) != 0;
    return std::make_unique<File>(real, *state_, *disk, log ? File::Kind::log : File::Kind::other);
}

int PowerCutVfs::remove(const char* name, int sync_directory) {
    struct stat found {};
    if (state_->dark) return SQLITE_IOERR_DELETE;
    const bool there = ::stat(name, &found) == 0;
    const bool last = state_->ends();
    if (there)
        if (const auto it = state_->disks.find(found.st_ino); it != state_->disks.end()) {
            state_->removed[name] = std::move(it->second);  // closed already, as SQLite does
            state_->disks.erase(it);
        }
    return last ? SQLITE_IOERR_DELETE : ShimVfs::remove(name, sync_directory);
}

void PowerCutVfs::meanwhile(std::function<void()> work) {
    state_->meanwhile = std::move(work);
}

void PowerCutVfs::fail_sync_at(int call, std::uint64_t seed) {
    state_->syncs = 0;
    state_->failing = call;
    state_->luck.seed(seed);
}
bool PowerCutVfs::has_failed() const {
    return state_->failing > 0 && state_->syncs >= state_->failing;
}

void PowerCutVfs::cut_at(int call) {
    state_->calls = 0;
    state_->cut = call;
}
bool PowerCutVfs::is_cut() const {
    return state_->dark;
}
int PowerCutVfs::calls() const {
    return state_->calls;
}

void PowerCutVfs::power_on(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto restore = [](const std::string& path, const std::string& content) {
        ::unlink((path + "-shm").c_str());
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    };
    for (const auto& [path, disk] : state_->removed)
        if (random() % 2 == 0) restore(path, left_of(disk, random));
    for (const auto& [inode, disk] : state_->disks) {
        const auto content = left_of(disk, random);
        const bool never_was = disk.durable.empty() && content.empty();
        ::unlink(disk.path.c_str());
        if (!never_was) restore(disk.path, content);
    }
    state_->removed.clear();
    state_->disks.clear();  // what is in the files now is durable: it came from the disk
    state_->dark = false;
    cut_at(0);
}

}  // namespace fenceline::testing
