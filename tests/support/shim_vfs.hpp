#pragma once

// A storage layer under SQLite that passes every call on to the system's. Whoever wants to see,
// refuse or hold up some of them overrides these alone.
//
//   class Deaf : public ShimVfs {
//       struct File : ShimFile { int sync(int) override { return SQLITE_OK; } ... };
//       std::unique_ptr<ShimFile> opened(const char*, int, sqlite3_file& real) override;
//   };
//   Deaf vfs; ... open_journal({.path = p, .vfs = vfs.name()}) ...
//
// It maps no file into memory, so that every byte of a file comes through read() and write().
//
// Threading: that of the overriding class; the shim itself has no state that changes. It outlives
// every connection that uses it.

#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace fenceline::testing {

class ShimFile {
  public:
    explicit ShimFile(sqlite3_file& real) : real_(real) {}
    virtual ~ShimFile() = default;
    ShimFile(const ShimFile&) = delete;
    ShimFile& operator=(const ShimFile&) = delete;

    virtual int read(void* out, int amount, sqlite3_int64 offset);
    virtual int write(const void* in, int amount, sqlite3_int64 offset);
    virtual int truncate(sqlite3_int64 size);
    virtual int sync(int flags);
    virtual int size(sqlite3_int64* out);
    virtual int lock(int kind);
    virtual int sector_size();
    virtual int device();
    virtual int shm_map(int page, int size, int extend, void volatile** out);
    virtual int shm_lock(int offset, int n, int flags);
    // SQLite calls it when what it may have mapped is no longer so: another connection wrote.
    virtual int forget_mapped() { return SQLITE_OK; }

    // What never fails by itself.
    int close() { return methods().xClose(&real_); }
    int unlock(int kind) { return methods().xUnlock(&real_, kind); }
    int check_lock(int* held) { return methods().xCheckReservedLock(&real_, held); }
    int control(int op, void* argument) { return methods().xFileControl(&real_, op, argument); }
    void shm_barrier() { methods().xShmBarrier(&real_); }
    int shm_unmap(int remove) { return methods().xShmUnmap(&real_, remove); }

  protected:
    [[nodiscard]] const sqlite3_io_methods& methods() const { return *real_.pMethods; }
    [[nodiscard]] sqlite3_file& real() { return real_; }

  private:
    sqlite3_file& real_;
};

class ShimVfs {
  public:
    explicit ShimVfs(std::string_view what);  // part of its name
    virtual ~ShimVfs();
    ShimVfs(const ShimVfs&) = delete;
    ShimVfs& operator=(const ShimVfs&) = delete;

    [[nodiscard]] std::string name() const { return name_; }

    // Before a file is opened (`name` is null for a temporary one); anything but SQLITE_OK refuses.
    virtual int opening(const char* name, int flags);
    // The file that takes its calls.
    virtual std::unique_ptr<ShimFile> opened(const char* name, int flags, sqlite3_file& real);
    virtual int remove(const char* name, int sync_directory);

  protected:
    [[nodiscard]] sqlite3_vfs& system() { return *system_; }

  private:
    static int open_file(sqlite3_vfs*, const char*, sqlite3_file*, int, int*);
    static int remove_file(sqlite3_vfs*, const char*, int);

    std::string name_;
    sqlite3_vfs* system_ = nullptr;
    sqlite3_vfs vfs_{};
};

}  // namespace fenceline::testing
