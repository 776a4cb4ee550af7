#pragma once

// The lock that every writer of a journal takes, in all processes: fair, waited for in the
// kernel where it takes long (looking.hpp), and gone with the process that held it.
//
//   auto lock = LockFile::open(files, LockFile::Role::store);
//   lock->acquire(seconds(30));   // `busy` when the time is over
//   lock->release();
//
// The file `<journal>-lock` holds byte ranges that are locked (open file description locks, so
// several journals of one process exclude each other too), and one page of shared memory with the
// next ticket, the one whose turn it is, and words to sleep on. The kernel's locks are the truth;
// the page only orders and wakes: whatever it holds, two writers never hold the lock at once.
// Behind it is memory that stores share, once several have the journal open (recent_commits.hpp).
//
// Who draws a lower ticket goes first, so that nobody who comes back overtakes one who waits. Who
// finds nobody in line tries without a ticket: one system call to lock, one to unlock. A
// waiter that nobody woke for a while tries out of turn: a process that was stopped while it
// waited must not stop the others. Whoever is overtaken so draws another ticket once it is awake.
//
// Threading: one thread at a time. Not across fork().

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "events/result.hpp"
#include "events/time.hpp"
#include "journal/sqlite/files.hpp"

namespace fenceline::sqlite {

class LockFile {
  public:
    enum class Role {
        store,   // makes the file when it is not there
        reader,  // opens what is there, changes nothing
    };
    LockFile() = default;
    // As a reader of a journal without the file: an object that says `!present()`.
    [[nodiscard]] static Result<LockFile> open(const JournalFiles& files, Role role);
    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

    // Forgets the file without touching its locks: after fork() they are the parent's.
    void abandon();

    [[nodiscard]] bool present() const { return descriptor_ >= 0; }
    // Which file it is, whatever its name leads to now: others lock what they find by that name.
    [[nodiscard]] const FileState& file() const { return file_; }

    // --- the write lock
    // `meanwhile` is called now and then by one who waits, and must not take long.
    using Meanwhile = std::function<void()>;
    [[nodiscard]] Result<void> acquire(
        Duration timeout, const Meanwhile& meanwhile = [] {});
    void release();
    [[nodiscard]] bool held() const { return held_; }
    // While held: whether somebody else wants it too, or did when we came.
    [[nodiscard]] bool contended() const;
    // How many others queue for it. For tests, and for who is curious.
    [[nodiscard]] int waiting() const;

    // --- how far the journal is known to be on the disk
    // What some store has synced, all that came before it included; 0: nobody said. Shared by the
    // stores of one journal, and only as true as the page: the first of them to open it forgets.
    [[nodiscard]] std::int64_t synced_to() const;
    void note_synced_to(std::int64_t position);
    void forget_synced();
    // A sync has failed: until all have closed the journal, none relies on another's any more.
    void distrust_synced();

    // --- what the stores of a journal share besides
    // Memory behind the page, for who holds the write lock; others may have left anything in it.
    // Made when it is first asked for; empty where it cannot be had.
    [[nodiscard]] std::span<std::byte> share_memory();

    // --- who moves the log into the database
    // One at a time, whether or not he holds the write lock. False: somebody else does.
    [[nodiscard]] bool begin_move();
    void end_move();

    // --- whether stores have the journal open
    // Said by every store for as long as it lives; shared.
    [[nodiscard]] Result<void> announce_store();
    // True: no other store has it open, and none can announce itself until withdraw_store().
    [[nodiscard]] bool only_store();
    void withdraw_store();
    // Asked by readers. False when the file is not there.
    [[nodiscard]] bool store_open() const;

    // --- while files appear or vanish
    // Stores hold it alone while they open and close, readers share it while they do: between the
    // two nobody sees a log that is just being removed.
    [[nodiscard]] Result<void> begin_change(Duration timeout);
    [[nodiscard]] Result<void> begin_look(Duration timeout);
    void end_change();

  private:
    struct Page;
    [[nodiscard]] bool try_range(short type, std::int64_t start, std::int64_t length) const;
    [[nodiscard]] bool others_in(std::int64_t start, std::int64_t length) const;
    void unlock_range(std::int64_t start, std::int64_t length) const;
    [[nodiscard]] Result<void> poll(short type, std::int64_t start, Duration timeout) const;
    [[nodiscard]] bool acquire_at_once();
    [[nodiscard]] Result<void> acquire_in_turn(Duration timeout, const Meanwhile& meanwhile);
    // False: there is no line to stand in.
    [[nodiscard]] bool draw(std::uint64_t& ticket);
    [[nodiscard]] bool others_before(std::uint64_t ticket) const;
    void pass_turn(std::uint64_t ticket);
    void give_up(std::uint64_t ticket);
    void wake(std::uint64_t ticket);
    void map();
    [[nodiscard]] void* map_range(std::int64_t start, std::size_t bytes) const;

    int descriptor_ = -1;
    Page* page_ = nullptr;  // null: the page could not be had; waiters poll
    void* shared_ = nullptr;
    bool shares_ = false;     // it was asked for
    std::uint64_t next_ = 0;  // while held: the ticket whose turn comes at release
    bool held_ = false;
    bool waited_ = false;  // for the lock that is, or was last, held
    bool looks_ = true;    // the last wait in line was short
    std::string path_;
    FileState file_;
};

}  // namespace fenceline::sqlite
