#include "tests/support/power_cut_vfs.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <random>
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

struct PowerCutVfs::State {
    sqlite3_vfs vfs{};
    sqlite3_vfs* base = nullptr;
    std::string name;
    Log log = Log::synced;
    std::map<ino_t, Disk> disks;
    std::map<std::string, Disk> removed;  // by name, which a disk may still have
    int calls = 0, cut = 0;
    bool dark = false;

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

struct File {
    sqlite3_file base;  // first: SQLite sees only this
    State* state;
    sqlite3_file* real;  // lies behind this struct
    Disk* disk;
    bool log;
};

File& of(sqlite3_file* file) {
    return *reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return of(file).real;
}
const sqlite3_io_methods& methods(sqlite3_file* file) {
    return *real(file)->pMethods;
}

int file_close(sqlite3_file* file) {
    return methods(file).xClose(real(file));
}
int file_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    if (of(file).state->dark) return SQLITE_IOERR_READ;
    return methods(file).xRead(real(file), out, amount, offset);
}
int file_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
    auto& mine = of(file);
    if (mine.state->dark) return SQLITE_IOERR_WRITE;
    const bool last = mine.state->ends();
    mine.disk->pending.push_back(
        {.offset = offset,
         .bytes = {static_cast<const char*>(in), static_cast<std::size_t>(amount)}});
    return last ? SQLITE_IOERR_WRITE : methods(file).xWrite(real(file), in, amount, offset);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& mine = of(file);
    if (mine.state->dark) return SQLITE_IOERR_TRUNCATE;
    const bool last = mine.state->ends();
    mine.disk->pending.push_back({.truncation = true, .offset = size, .bytes = {}});
    return last ? SQLITE_IOERR_TRUNCATE : methods(file).xTruncate(real(file), size);
}
int file_sync(sqlite3_file* file, int) {
    auto& mine = of(file);
    if (mine.state->ends()) return SQLITE_IOERR_FSYNC;
    if (mine.log && mine.state->log == PowerCutVfs::Log::ignored) return SQLITE_OK;
    for (const auto& change : mine.disk->pending) apply(mine.disk->durable, change);
    mine.disk->pending.clear();
    return SQLITE_OK;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return methods(file).xFileSize(real(file), size);
}
int file_lock(sqlite3_file* file, int kind) {
    return methods(file).xLock(real(file), kind);
}
int file_unlock(sqlite3_file* file, int kind) {
    return methods(file).xUnlock(real(file), kind);
}
int file_check_lock(sqlite3_file* file, int* held) {
    return methods(file).xCheckReservedLock(real(file), held);
}
int file_control(sqlite3_file* file, int op, void* argument) {
    return methods(file).xFileControl(real(file), op, argument);
}
int file_sector(sqlite3_file*) {
    return static_cast<int>(sector_bytes);
}
// Nothing is promised: neither whole sectors behind a write nor order.
int file_device(sqlite3_file*) {
    return 0;
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return methods(file).xShmMap(real(file), page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return methods(file).xShmLock(real(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
    methods(file).xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
    return methods(file).xShmUnmap(real(file), remove);
}

// Version 2: no memory mapping, so that every byte comes through here.
const sqlite3_io_methods power_cut_methods = {
    2,         file_close,  file_read,       file_write,   file_truncate, file_sync,   file_size,
    file_lock, file_unlock, file_check_lock, file_control, file_sector,   file_device, shm_map,
    shm_lock,  shm_barrier, shm_unmap,       nullptr,      nullptr};

State& state_of(sqlite3_vfs* vfs) {
    return *static_cast<State*>(vfs->pAppData);
}

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto& state = state_of(vfs);
    File& mine = of(file);
    mine.base.pMethods = nullptr;
    if (state.dark) return SQLITE_CANTOPEN;
    mine.state = &state;
    mine.real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
    // Before SQLite holds any lock on it: closing another descriptor would drop that.
    if (name != nullptr) (void)state.disk_of(name);
    const int code = state.base->xOpen(state.base, name, mine.real, flags, out);
    if (mine.real->pMethods == nullptr) return code;
    static Disk nameless;
    mine.disk = name != nullptr ? state.disk_of(name) : &nameless;
    mine.log = (flags & SQLITE_OPEN_WAL) != 0;
    mine.base.pMethods = &power_cut_methods;
    return code;
}

int vfs_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    auto& state = state_of(vfs);
    struct stat found {};
    if (state.dark) return SQLITE_IOERR_DELETE;
    const bool there = ::stat(name, &found) == 0;
    const bool last = state.ends();
    if (there)
        if (const auto it = state.disks.find(found.st_ino); it != state.disks.end()) {
            state.removed[name] = std::move(it->second);  // closed already, as SQLite does
            state.disks.erase(it);
        }
    return last ? SQLITE_IOERR_DELETE : state.base->xDelete(state.base, name, sync_directory);
}

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

PowerCutVfs::PowerCutVfs(Log log) : state_(std::make_unique<State>()) {
    static std::atomic<int> made = 0;
    state_->base = sqlite3_vfs_find(nullptr);
    FENCELINE_INVARIANT(state_->base != nullptr, "SQLite has a storage layer");
    state_->name = "fenceline-power-cut-" + std::to_string(++made);
    state_->log = log;
    state_->vfs = *state_->base;
    state_->vfs.pNext = nullptr;
    state_->vfs.zName = state_->name.c_str();
    state_->vfs.pAppData = state_.get();
    state_->vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->base->szOsFile;
    state_->vfs.xOpen = vfs_open;
    state_->vfs.xDelete = vfs_delete;
    FENCELINE_INVARIANT(sqlite3_vfs_register(&state_->vfs, 0) == SQLITE_OK, "it registers");
}

PowerCutVfs::~PowerCutVfs() {
    sqlite3_vfs_unregister(&state_->vfs);
}

std::string PowerCutVfs::name() const {
    return state_->name;
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
