#include "journal/sqlite/lock.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <utility>

#include "journal/looking.hpp"
#include "journal/sqlite/waiting.hpp"

namespace fenceline::sqlite {

namespace {

// Byte ranges of the lock file. FROZEN: programs of several versions share one journal.
constexpr std::int64_t write_byte = 4096;
constexpr std::int64_t store_byte = 4097;
constexpr std::int64_t change_byte = 4098;
constexpr std::int64_t move_byte = 4099;
constexpr std::int64_t first_ticket_byte = 8192;
constexpr std::int64_t ticket_mask = (std::int64_t{1} << 40) - 1;

std::int64_t waiting_byte(std::uint64_t ticket) {
    return first_ticket_byte + (static_cast<std::int64_t>(ticket) & ticket_mask);
}

constexpr std::size_t page_bytes = 4096;
// The newest commits of all stores (recent_commits.hpp): some fifty of sixteen events.
constexpr std::size_t shared_bytes = 32 * page_bytes;
constexpr std::size_t sleep_words = 512;
// Unwoken for this long, a waiter looks for itself: the one before it may have died or be stopped.
constexpr std::int64_t patience_ns = 20'000'000;
constexpr std::int64_t poll_ns = 200'000;  // where there is no page to sleep on

}  // namespace

// The first page of the lock file. Everything in it is a hint.
struct LockFile::Page {
    std::atomic<std::uint64_t> next_ticket;
    std::atomic<std::uint32_t> sleepers[sleep_words];
    // Lower tickets have had their turn, or were overtaken. Equal to next_ticket: nobody is in
    // line. One that died in line leaves the two apart until the next ticket has had its turn.
    std::atomic<std::uint64_t> turn;
    std::atomic<std::int64_t> synced_to;  // negative: nobody's word counts

    std::atomic<std::uint32_t>& word_of(std::uint64_t ticket) {
        return sleepers[ticket % sleep_words];
    }
    [[nodiscard]] bool overtook(std::uint64_t ticket) const {
        const auto now = turn.load();
        return ticket < now && now <= next_ticket.load();
    }
};

// --- opening

Result<LockFile> LockFile::open(const JournalFiles& files, Role role) {
    static_assert(sizeof(Page) <= page_bytes && std::atomic<std::uint64_t>::is_always_lock_free);
    LockFile lock;
    lock.path_ = files.lock();
    const int flags = O_CLOEXEC | O_NOFOLLOW;
    if (role == Role::reader) {
        lock.descriptor_ = ::open(lock.path_.c_str(), O_RDONLY | O_NONBLOCK | flags);
        if (lock.descriptor_ < 0 && errno != ENOENT)
            return tl::unexpected<Error>(system_error("opening", lock.path_, errno));
        return lock;
    }
    // Whoever may write the journal may lock it: the same permissions, where it is there already.
    const auto journal = state_of(files.database);
    const mode_t mode = journal.exists ? journal.mode & 0666 : 0600;
    lock.descriptor_ = ::open(lock.path_.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | flags, mode);
    if (lock.descriptor_ < 0)
        return tl::unexpected<Error>(system_error("opening", lock.path_, errno));
    struct stat found {};
    if (::fstat(lock.descriptor_, &found) != 0 || !S_ISREG(found.st_mode))
        return fail(ErrorCode::io, lock.path_ + " is no regular file");
    // Whoever may read the journal reads it under this lock.
    if (journal.exists && (found.st_mode & 0666) != mode) (void)::fchmod(lock.descriptor_, mode);
    lock.file_ = {
        .exists = true, .device = found.st_dev, .inode = found.st_ino, .mode = found.st_mode};
    lock.map();
    return lock;
}

// Has room for what it maps first: a hole would need some on the disk at the moment of the first
// store to it, and a full disk would then end the process.
void* LockFile::map_range(std::int64_t start, std::size_t bytes) const {
    struct stat found {};
    // Also what is a hole within the file: it may be somebody's copy.
    if (::fallocate(descriptor_, 0, start, static_cast<off_t>(bytes)) != 0 && errno == ENOSPC)
        return nullptr;
    if (::fstat(descriptor_, &found) != 0) return nullptr;
    const auto end = start + static_cast<off_t>(bytes);
    for (auto at = std::max<off_t>(found.st_size, start); at < end;) {
        const char zeros[page_bytes] = {};
        const auto missing = std::min(end - at, static_cast<off_t>(page_bytes));
        if (::pwrite(descriptor_, zeros, static_cast<std::size_t>(missing), at) != missing)
            return nullptr;
        at += missing;
    }
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, start);
    return memory != MAP_FAILED ? memory : nullptr;
}

void LockFile::map() {
    page_ = static_cast<Page*>(map_range(0, page_bytes));
}

std::span<std::byte> LockFile::share_memory() {
    if (!std::exchange(shares_, true) && page_ != nullptr)
        shared_ = map_range(page_bytes, shared_bytes);
    return {static_cast<std::byte*>(shared_), shared_ != nullptr ? shared_bytes : 0};
}

LockFile::LockFile(LockFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      page_(std::exchange(other.page_, nullptr)),
      shared_(std::exchange(other.shared_, nullptr)),
      shares_(other.shares_),
      next_(other.next_),
      held_(std::exchange(other.held_, false)),
      waited_(other.waited_),
      looks_(other.looks_),
      path_(std::move(other.path_)),
      file_(other.file_) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(page_, other.page_);
    std::swap(shared_, other.shared_);
    std::swap(shares_, other.shares_);
    std::swap(next_, other.next_);
    std::swap(held_, other.held_);
    std::swap(waited_, other.waited_);
    std::swap(looks_, other.looks_);
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    return *this;
}

LockFile::~LockFile() {
    if (held_) release();
    if (page_ != nullptr) ::munmap(page_, page_bytes);
    if (shared_ != nullptr) ::munmap(shared_, shared_bytes);
    if (descriptor_ >= 0) ::close(descriptor_);
}

void LockFile::abandon() {
    descriptor_ = -1;
    page_ = nullptr;
    shared_ = nullptr;
    held_ = false;
}

// --- ranges

bool LockFile::try_range(short type, std::int64_t start, std::int64_t length) const {
    struct flock range {
        .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
    };
    return ::fcntl(descriptor_, F_OFD_SETLK, &range) == 0;
}

void LockFile::unlock_range(std::int64_t start, std::int64_t length) const {
    (void)try_range(F_UNLCK, start, length);
}

bool LockFile::others_in(std::int64_t start, std::int64_t length) const {
    if (descriptor_ < 0 || length == 0) return false;
    struct flock range {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length
    };
    return ::fcntl(descriptor_, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

Result<void> LockFile::poll(short type, std::int64_t start, Duration timeout) const {
    if (descriptor_ < 0) return {};
    const auto deadline = monotonic_ns() + timeout.ns;
    while (!try_range(type, start, 1)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return tl::unexpected<Error>(system_error("locking", path_, errno));
        if (monotonic_ns() >= deadline)
            return fail(ErrorCode::busy, "another process holds " + path_);
        sleep_for(poll_ns);
    }
    return {};
}

// --- the write lock

void LockFile::wake(std::uint64_t ticket) {
    auto& word = page_->word_of(ticket);
    word.fetch_add(1);
    wake_all(word);
}

Result<void> LockFile::acquire(Duration timeout, const Meanwhile& meanwhile) {
    waited_ = !acquire_at_once();
    if (!waited_) return {};
    return acquire_in_turn(timeout, meanwhile);
}

// Whoever draws a ticket after the look came later than we.
bool LockFile::acquire_at_once() {
    if (page_ == nullptr) return false;
    const auto turn = page_->turn.load();
    if (turn != page_->next_ticket.load() || !try_range(F_WRLCK, write_byte, 1)) return false;
    next_ = turn;
    held_ = true;
    return true;
}

bool LockFile::draw(std::uint64_t& ticket) {
    if (page_ == nullptr) return false;
    ticket = page_->next_ticket.fetch_add(1);
    return try_range(F_WRLCK, waiting_byte(ticket), 1);
}

bool LockFile::others_before(std::uint64_t ticket) const {
    const auto turn = page_->turn.load();
    if (page_->overtook(ticket)) return false;
    const auto mine = waiting_byte(ticket);
    const auto first = turn <= ticket ? std::min(waiting_byte(turn), mine) : first_ticket_byte;
    return others_in(first, mine - first);
}

// Also by one who went out of turn: else a stopped one before it would cost each that comes after
// the same patience. A turn that nobody has drawn yet was never one.
void LockFile::pass_turn(std::uint64_t ticket) {
    const auto turn = page_->turn.load();
    if (turn <= ticket || turn > page_->next_ticket.load()) page_->turn.store(ticket + 1);
}

Result<void> LockFile::acquire_in_turn(Duration timeout, const Meanwhile& meanwhile) {
    const auto came = monotonic_ns();
    const auto deadline = came + timeout.ns;
    std::uint64_t ticket = 0;
    bool queued = draw(ticket);
    bool out_of_turn = !queued;
    const auto looks = [&](const std::atomic<std::uint32_t>& word, std::uint32_t seen) {
        return std::exchange(looks_, false) &&
               look_for([&] { return meanwhile(), word.load() != seen; });
    };
    for (;;) {
        auto* word = queued ? &page_->word_of(ticket) : nullptr;
        const auto seen = word != nullptr ? word->load() : 0;
        if ((out_of_turn || !others_before(ticket)) && try_range(F_WRLCK, write_byte, 1)) {
            held_ = true;
            break;
        }
        const auto left = deadline - monotonic_ns();
        if (left <= 0) break;
        if (word == nullptr) {
            sleep_for(std::min(left, poll_ns));
        } else if (page_->overtook(ticket)) {
            unlock_range(waiting_byte(ticket), 1);
            queued = draw(ticket);
            out_of_turn = !queued;
        } else {
            out_of_turn =
                !looks(*word, seen) && !wait_for_change(*word, seen, std::min(left, patience_ns));
        }
    }
    looks_ = monotonic_ns() - came <= std::chrono::nanoseconds(worth_looking).count();
    next_ = ticket + 1;
    if (held_ && queued) pass_turn(ticket);
    if (queued) unlock_range(waiting_byte(ticket), 1);
    if (!held_ && page_ != nullptr) give_up(ticket);
    if (held_) return {};
    return fail(ErrorCode::busy, "another process holds the journal's write lock",
                "try again, or raise lock_timeout");
}

// Who gives up hands its turn on.
void LockFile::give_up(std::uint64_t ticket) {
    auto turn = ticket;
    (void)page_->turn.compare_exchange_strong(turn, ticket + 1);
    wake(ticket + 1);
}

bool LockFile::contended() const {
    return waited_ || (page_ != nullptr && page_->next_ticket.load() != next_);
}

// The kernel names one lock of a range at a time, not always the lowest.
int LockFile::waiting() const {
    int found = 0;
    const std::function<void(std::int64_t, std::int64_t)> count = [&](auto start, auto end) {
        if (start >= end) return;
        struct flock range {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = end - start
        };
        if (::fcntl(descriptor_, F_OFD_GETLK, &range) != 0 || range.l_type == F_UNLCK) return;
        found += static_cast<int>(range.l_len);
        count(start, range.l_start);
        count(range.l_start + range.l_len, end);
    };
    count(first_ticket_byte, first_ticket_byte + ticket_mask + 1);
    return found;
}

// Who drew a ticket before the lock was free may sleep; who draws one later finds it free.
void LockFile::release() {
    held_ = false;
    unlock_range(write_byte, 1);
    if (page_ == nullptr || page_->next_ticket.load() == next_) return;
    wake(std::max(next_, page_->turn.load()));  // past those who gave up meanwhile
}

// --- what is on the disk

std::int64_t LockFile::synced_to() const {
    return page_ != nullptr ? page_->synced_to.load() : 0;
}

void LockFile::note_synced_to(std::int64_t position) {
    if (page_ == nullptr) return;
    auto known = page_->synced_to.load();
    while (known >= 0 && known < position &&
           !page_->synced_to.compare_exchange_weak(known, position)) {
    }
}

void LockFile::distrust_synced() {
    if (page_ != nullptr) page_->synced_to.store(-1);
}

void LockFile::forget_synced() {
    if (page_ != nullptr) page_->synced_to.store(0);
}

// --- moving the log

bool LockFile::begin_move() {
    return try_range(F_WRLCK, move_byte, 1);
}

void LockFile::end_move() {
    if (descriptor_ >= 0) unlock_range(move_byte, 1);
}

// --- stores and changes

Result<void> LockFile::announce_store() {
    if (try_range(F_RDLCK, store_byte, 1)) return {};
    return fail(ErrorCode::busy, "another process is just closing the journal");
}

bool LockFile::only_store() {
    return try_range(F_WRLCK, store_byte, 1);
}

void LockFile::withdraw_store() {
    unlock_range(store_byte, 1);
}

bool LockFile::store_open() const {
    return others_in(store_byte, 1);
}

Result<void> LockFile::begin_change(Duration timeout) {
    return poll(F_WRLCK, change_byte, timeout);
}

Result<void> LockFile::begin_look(Duration timeout) {
    return poll(F_RDLCK, change_byte, timeout);
}

void LockFile::end_change() {
    if (descriptor_ >= 0) unlock_range(change_byte, 1);
}

}  // namespace fenceline::sqlite
