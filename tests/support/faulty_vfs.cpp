#include "tests/support/faulty_vfs.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "events/invariant.hpp"

namespace fenceline::testing {

struct FaultyVfs::State {
    sqlite3_vfs vfs{};
    sqlite3_vfs* base = nullptr;
    std::string name;
    std::optional<Fault> fault;
    int seen = 0;  // calls of the armed kind
    bool fired = false;
    int calls[3] = {};

    // The error that this call ends with, or SQLITE_OK.
    int next(Call what) {
        ++calls[static_cast<int>(what)];
        if (!fault || fault->what != what) return SQLITE_OK;
        ++seen;
        const bool hit =
            fault->lasts == Fault::Lasts::once ? seen == fault->nth : seen >= fault->nth;
        if (!hit) return SQLITE_OK;
        fired = true;
        return fault->code;
    }
};

namespace {

// What a write replaced: put back when a failed sync drops it.
struct Replaced {
    sqlite3_int64 offset = 0;
    std::vector<char> bytes;
    sqlite3_int64 size_before = 0;
};

struct File {
    sqlite3_file base;  // first: SQLite sees only this
    FaultyVfs::State* state;
    sqlite3_file* real;  // lies behind this struct
    std::vector<Replaced>* unsynced;
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

void remember(sqlite3_file* file, int amount, sqlite3_int64 offset) {
    Replaced replaced{.offset = offset,
                      .bytes = std::vector<char>(static_cast<std::size_t>(amount))};
    methods(file).xFileSize(real(file), &replaced.size_before);
    methods(file).xRead(real(file), replaced.bytes.data(), amount, offset);
    of(file).unsynced->push_back(std::move(replaced));
}

void drop_unsynced(sqlite3_file* file) {
    auto& unsynced = *of(file).unsynced;
    for (; !unsynced.empty(); unsynced.pop_back()) {
        const auto& last = unsynced.back();
        methods(file).xWrite(real(file), last.bytes.data(), static_cast<int>(last.bytes.size()),
                             last.offset);
        methods(file).xTruncate(real(file), last.size_before);
    }
}

int file_close(sqlite3_file* file) {
    delete std::exchange(of(file).unsynced, nullptr);
    return methods(file).xClose(real(file));
}
int file_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    return methods(file).xRead(real(file), out, amount, offset);
}
int file_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
    auto& state = *of(file).state;
    if (const int code = state.next(Call::write); code != SQLITE_OK) {
        if (state.fault->leaves == Fault::Leaves::written)
            methods(file).xWrite(real(file), in, amount / 2, offset);
        return code;
    }
    remember(file, amount, offset);
    return methods(file).xWrite(real(file), in, amount, offset);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (const int code = of(file).state->next(Call::truncate); code != SQLITE_OK) return code;
    return methods(file).xTruncate(real(file), size);
}
int file_sync(sqlite3_file* file, int flags) {
    auto& state = *of(file).state;
    if (const int code = state.next(Call::sync); code != SQLITE_OK) {
        if (state.fault->leaves == Fault::Leaves::nothing) drop_unsynced(file);
        return code;
    }
    of(file).unsynced->clear();
    return methods(file).xSync(real(file), flags);
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
    // The file system must not be asked to skip our writes.
    return methods(file).xFileControl(real(file), op, argument);
}
int file_sector(sqlite3_file* file) {
    return methods(file).xSectorSize(real(file));
}
int file_device(sqlite3_file* file) {
    return methods(file).xDeviceCharacteristics(real(file));
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
const sqlite3_io_methods faulty_methods = {
    2,         file_close,  file_read,       file_write,   file_truncate, file_sync,   file_size,
    file_lock, file_unlock, file_check_lock, file_control, file_sector,   file_device, shm_map,
    shm_lock,  shm_barrier, shm_unmap,       nullptr,      nullptr};

FaultyVfs::State& state_of(sqlite3_vfs* vfs) {
    return *static_cast<FaultyVfs::State*>(vfs->pAppData);
}

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto& state = state_of(vfs);
    File& mine = of(file);
    mine.base.pMethods = nullptr;
    mine.state = &state;
    mine.real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
    mine.unsynced = nullptr;
    const int code = state.base->xOpen(state.base, name, mine.real, flags, out);
    if (mine.real->pMethods == nullptr) return code;
    mine.unsynced = new std::vector<Replaced>();
    mine.base.pMethods = &faulty_methods;
    return code;
}

}  // namespace

FaultyVfs::FaultyVfs() : state_(std::make_unique<State>()) {
    static std::atomic<int> made = 0;
    state_->base = sqlite3_vfs_find(nullptr);
    FENCELINE_INVARIANT(state_->base != nullptr, "SQLite has a storage layer");
    state_->name = "fenceline-faulty-" + std::to_string(++made);
    state_->vfs = *state_->base;  // whatever is not about files stays as it is
    state_->vfs.pNext = nullptr;
    state_->vfs.zName = state_->name.c_str();
    state_->vfs.pAppData = state_.get();
    state_->vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->base->szOsFile;
    state_->vfs.xOpen = vfs_open;
    FENCELINE_INVARIANT(sqlite3_vfs_register(&state_->vfs, 0) == SQLITE_OK, "it registers");
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&state_->vfs);
}

std::string FaultyVfs::name() const {
    return state_->name;
}

void FaultyVfs::fail(Fault fault) {
    state_->fault = fault;
    state_->seen = 0;
    state_->fired = false;
}

void FaultyVfs::heal() {
    state_->fault.reset();
}
bool FaultyVfs::fired() const {
    return state_->fired;
}
int FaultyVfs::calls(Call what) const {
    return state_->calls[static_cast<int>(what)];
}

}  // namespace fenceline::testing
