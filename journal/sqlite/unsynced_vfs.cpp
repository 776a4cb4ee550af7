#include "journal/sqlite/unsynced_vfs.hpp"

#include <array>
#include <mutex>

#include <sqlite3.h>

namespace fenceline::sqlite {

namespace {

constexpr const char* name = "fenceline-unsynced";

int no_sync(sqlite3_file*, int) {
    return SQLITE_OK;
}

sqlite3_vfs* system_vfs = nullptr;

// The system's methods with another xSync. It has one table a kind of file (main, log, temporary),
// each for the life of the process.
const sqlite3_io_methods* without_sync(const sqlite3_io_methods* methods) {
    struct Twin {
        const sqlite3_io_methods* of = nullptr;
        sqlite3_io_methods methods{};
    };
    static std::mutex mutex;
    static std::array<Twin, 16> twins;
    const std::lock_guard lock(mutex);
    for (Twin& twin : twins) {
        if (twin.of == methods) return &twin.methods;
        if (twin.of != nullptr) continue;
        twin.of = methods;
        twin.methods = *methods;
        twin.methods.xSync = no_sync;
        return &twin.methods;
    }
    return methods;  // only slower
}

int open_file(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags, int* out) {
    const int code = system_vfs->xOpen(system_vfs, path, file, flags, out);
    if (code == SQLITE_OK && file->pMethods != nullptr)
        file->pMethods = without_sync(file->pMethods);
    return code;
}

}  // namespace

const char* unsynced_vfs() {
    static sqlite3_vfs vfs;
    static const bool registered = [] {
        system_vfs = sqlite3_vfs_find(nullptr);
        if (system_vfs == nullptr) return false;
        vfs = *system_vfs;
        vfs.zName = name;
        vfs.pNext = nullptr;
        vfs.xOpen = open_file;
        return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    }();
    return registered ? name : nullptr;
}

}  // namespace fenceline::sqlite
