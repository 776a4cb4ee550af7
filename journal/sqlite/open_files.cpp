#include "journal/sqlite/open_files.hpp"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "journal/sqlite/waiting.hpp"

namespace fenceline::sqlite {

namespace {

constexpr std::int64_t trusted_ns = 100'000'000;
constexpr int uses_before_watch = 16;
constexpr decltype(statfs::f_type) xfs_magic = 0x58465342;

// Those whose names change through this kernel alone, and by one inode each: not so on a network,
// in user space, or where one file system lies over another.
bool tells_of_changes(const std::string& directory) {
    constexpr std::array local = std::to_array<decltype(statfs::f_type)>(
        {EXT4_SUPER_MAGIC, xfs_magic, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC});
    struct statfs found {};
    return ::statfs(directory.c_str(), &found) == 0 && std::ranges::count(local, found.f_type) > 0;
}

}  // namespace

// --- watching

NameWatch NameWatch::on(const std::string& directory) {
    NameWatch watch;
    if (!tells_of_changes(directory)) return watch;
    watch.descriptor_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    // A name cannot lead elsewhere before it was removed or moved, or another was moved to it.
    constexpr std::uint32_t names = IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
    constexpr std::uint32_t itself = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
    std::uint32_t mask = names | itself;
    for (auto path = directory; watch.watches() && path.size() > 1; mask = itself) {
        if (path.back() == '/') path.pop_back();
        if (::inotify_add_watch(watch.descriptor_, path.c_str(), mask) < 0) return {};
        path.resize(path.rfind('/') + 1);
    }
    return watch;
}

NameWatch::NameWatch(NameWatch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

NameWatch& NameWatch::operator=(NameWatch&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

NameWatch::~NameWatch() {
    if (watches()) ::close(descriptor_);
}

bool NameWatch::may_have_changed() {
    if (!watches()) return true;
    bool told = false;
    char events[4096];
    for (;;) {
        const auto got = ::read(descriptor_, events, sizeof events);
        if (got > 0) told = true;
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return told || errno != EAGAIN;
    }
}

// --- the files

OpenFiles OpenFiles::of(const JournalFiles& names, const FileState& lock) {
    constexpr const char* put_back = "stop the stores, put the file back, then open it again";
    constexpr const char* made_anew = "stop all stores, then open it again: it is made anew";
    OpenFiles open;
    open.directory_ = names.directory;
    open.files_ = {{names.database, state_of(names.database), put_back},
                   {names.wal(), state_of(names.wal()), put_back},
                   {names.shared_index(), state_of(names.shared_index()), made_anew},
                   {names.lock(), lock, made_anew}};
    return open;
}

void OpenFiles::note_use() {
    if (uses_ == uses_before_watch || ++uses_ < uses_before_watch) return;
    watch_ = NameWatch::on(directory_);
    same_ = false;  // they may have changed before it was on
}

Result<void> OpenFiles::check() {
    const bool changed = watch_.may_have_changed();
    const auto now = watch_.watches() ? monotonic_ns() : 0;
    if (same_ && !changed && now < look_at_) return {};
    auto found = look();
    same_ = found.has_value();
    look_at_ = now + trusted_ns;
    return found;
}

Result<void> OpenFiles::look() const {
    for (const auto& file : files_)
        if (!identity_of(file.path).same_file(file.state))
            return fail(ErrorCode::io,
                        file.path + " was moved, removed or replaced while it was open", file.hint);
    return {};
}

bool OpenFiles::nothing_replaced() const {
    return std::ranges::all_of(files_, [](const File& file) {
        const auto now = state_of(file.path);
        // Whoever fails to open a journal that lacks its log leaves an empty one.
        return !now.exists || now.size == 0 || now.same_file(file.state);
    });
}

}  // namespace fenceline::sqlite
