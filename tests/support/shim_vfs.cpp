#include "tests/support/shim_vfs.hpp"

#include <atomic>
#include <utility>

#include "events/invariant.hpp"

namespace fenceline::testing {

namespace {

struct Handle {
    sqlite3_file base;  // first: SQLite sees only this
    ShimFile* file;
    // The system's own file lies behind this struct.
};

sqlite3_file& system_file(sqlite3_file* file) {
    return *reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(Handle));
}
ShimFile& of(sqlite3_file* file) {
    return *reinterpret_cast<Handle*>(file)->file;
}

int file_close(sqlite3_file* file) {
    auto& handle = *reinterpret_cast<Handle*>(file);
    const std::unique_ptr<ShimFile> mine(std::exchange(handle.file, nullptr));
    return mine->close();
}
int file_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    return of(file).read(out, amount, offset);
}
int file_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
    return of(file).write(in, amount, offset);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
    return of(file).truncate(size);
}
int file_sync(sqlite3_file* file, int flags) {
    return of(file).sync(flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return of(file).size(size);
}
int file_lock(sqlite3_file* file, int kind) {
    return of(file).lock(kind);
}
int file_unlock(sqlite3_file* file, int kind) {
    return of(file).unlock(kind);
}
int file_check_lock(sqlite3_file* file, int* held) {
    return of(file).check_lock(held);
}
int file_control(sqlite3_file* file, int op, void* argument) {
    return of(file).control(op, argument);
}
int file_sector(sqlite3_file* file) {
    return of(file).sector_size();
}
int file_device(sqlite3_file* file) {
    return of(file).device();
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return of(file).shm_map(page, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return of(file).shm_lock(offset, n, flags);
}
void shm_barrier(sqlite3_file* file) {
    of(file).shm_barrier();
}
int shm_unmap(sqlite3_file* file, int remove) {
    return of(file).shm_unmap(remove);
}

// Nothing is mapped: SQLite reads instead.
int file_fetch(sqlite3_file*, sqlite3_int64, int, void** out) {
    *out = nullptr;
    return SQLITE_OK;
}
int file_unfetch(sqlite3_file* file, sqlite3_int64, void*) {
    return of(file).forget_mapped();
}

const sqlite3_io_methods shim_methods = {
    3,         file_close,  file_read,       file_write,   file_truncate, file_sync,   file_size,
    file_lock, file_unlock, file_check_lock, file_control, file_sector,   file_device, shm_map,
    shm_lock,  shm_barrier, shm_unmap,       file_fetch,   file_unfetch};

ShimVfs& shim_of(sqlite3_vfs* vfs) {
    return *static_cast<ShimVfs*>(vfs->pAppData);
}

}  // namespace

// --- a file

int ShimFile::read(void* out, int amount, sqlite3_int64 offset) {
    return methods().xRead(&real_, out, amount, offset);
}
int ShimFile::write(const void* in, int amount, sqlite3_int64 offset) {
    return methods().xWrite(&real_, in, amount, offset);
}
int ShimFile::truncate(sqlite3_int64 size) {
    return methods().xTruncate(&real_, size);
}
int ShimFile::sync(int flags) {
    return methods().xSync(&real_, flags);
}
int ShimFile::size(sqlite3_int64* out) {
    return methods().xFileSize(&real_, out);
}
int ShimFile::lock(int kind) {
    return methods().xLock(&real_, kind);
}
int ShimFile::sector_size() {
    return methods().xSectorSize(&real_);
}
int ShimFile::device() {
    return methods().xDeviceCharacteristics(&real_);
}
int ShimFile::shm_map(int page, int size, int extend, void volatile** out) {
    return methods().xShmMap(&real_, page, size, extend, out);
}
int ShimFile::shm_lock(int offset, int n, int flags) {
    return methods().xShmLock(&real_, offset, n, flags);
}

// --- the layer

ShimVfs::ShimVfs(std::string_view what) : system_(sqlite3_vfs_find(nullptr)) {
    static std::atomic<int> made = 0;
    FENCELINE_INVARIANT(system_ != nullptr, "SQLite has a storage layer");
    name_ = "fenceline-" + std::string(what) + "-" + std::to_string(++made);
    vfs_ = *system_;  // whatever is not about files stays as it is
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(Handle)) + system_->szOsFile;
    vfs_.xOpen = open_file;
    vfs_.xDelete = remove_file;
    FENCELINE_INVARIANT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK, "it registers");
}

ShimVfs::~ShimVfs() {
    sqlite3_vfs_unregister(&vfs_);
}

int ShimVfs::opening(const char*, int) {
    return SQLITE_OK;
}
std::unique_ptr<ShimFile> ShimVfs::opened(const char*, int, sqlite3_file& real) {
    return std::make_unique<ShimFile>(real);
}
int ShimVfs::remove(const char* name, int sync_directory) {
    return system_->xDelete(system_, name, sync_directory);
}

int ShimVfs::open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                       int* out) {
    auto& shim = shim_of(vfs);
    auto& handle = *reinterpret_cast<Handle*>(file);
    handle.base.pMethods = nullptr;
    if (const int code = shim.opening(name, flags); code != SQLITE_OK) return code;
    auto& real = system_file(file);
    const int code = shim.system_->xOpen(shim.system_, name, &real, flags, out);
    if (real.pMethods == nullptr) return code;
    handle.file = shim.opened(name, flags, real).release();
    handle.base.pMethods = &shim_methods;
    return code;
}

int ShimVfs::remove_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    return shim_of(vfs).remove(name, sync_directory);
}

}  // namespace fenceline::testing
