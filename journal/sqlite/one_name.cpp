#include "journal/sqlite/one_name.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace fenceline::sqlite {

namespace {

// FROZEN: programs of several versions share one journal. SQLite locks bytes around 2^30.
constexpr std::int64_t first_byte = std::int64_t{1} << 61;
constexpr std::int64_t bytes = std::int64_t{1} << 60;

// Two lock files that meet in one byte are taken for one: the finalizer of splitmix64 spreads them.
std::int64_t byte_of(const FileState& lock) {
    auto mixed = static_cast<std::uint64_t>(lock.inode) ^
                 static_cast<std::uint64_t>(lock.device) * 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    return first_byte + static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(bytes));
}

// Asked by name: the descriptor may be another thread's, which is just closing it.
bool leads_to(int descriptor, const FileState& file) {
    const auto name = "/proc/self/fd/" + std::to_string(descriptor);
    struct stat found {};
    return ::stat(name.c_str(), &found) == 0 && found.st_dev == file.device &&
           found.st_ino == file.inode;
}

// Of this process, SQLite's among them.
std::vector<int> descriptors_of(const FileState& file) {
    std::vector<int> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), ::closedir);
    if (!all) return found;
    while (const dirent* each = ::readdir(all.get())) {
        char* end = nullptr;
        const auto descriptor = static_cast<int>(std::strtol(each->d_name, &end, 10));
        if (end != each->d_name && leads_to(descriptor, file)) found.push_back(descriptor);
    }
    return found;
}

struct flock range(short type, std::int64_t start, std::int64_t length) {
    return {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

bool locked(int descriptor, std::int64_t start, std::int64_t end) {
    if (start >= end) return false;
    auto asked = range(F_WRLCK, start, end - start);
    return ::fcntl(descriptor, F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
}

// What a descriptor has locked itself it does not see, but another one does.
Result<void> only_name(const JournalFiles& files, const std::vector<int>& descriptors,
                       std::int64_t own) {
    const bool others = std::ranges::any_of(descriptors, [&](int descriptor) {
        return locked(descriptor, first_byte, own) ||
               locked(descriptor, own + 1, first_byte + bytes);
    });
    if (!others) return {};
    return fail(ErrorCode::busy, files.database + " is open under another name, by a store",
                "use that name; a hard link or a mount of the file alone has a log of its own");
}

void lock_byte(short type, int descriptor, std::int64_t byte) {
    auto one = range(type, byte, 1);
    (void)::fcntl(descriptor, F_OFD_SETLK, &one);
}

}  // namespace

OneName::OneName(const JournalFiles& files)
    : files_(files), before_(descriptors_of(identity_of(files.database))) {}

// Whoever comes second finds the first; two that come at once may both be refused.
Result<void> OneName::take(const FileState& lock) const {
    const auto own = byte_of(lock);
    const auto file = identity_of(files_.database);
    const auto all = descriptors_of(file);
    FENCELINE_TRY(only_name(files_, all, own));
    // SQLite may have taken one that it had kept from before: then it is any of them.
    std::vector<int> mine = all;
    std::erase_if(mine, [&](int each) { return std::ranges::count(before_, each) > 0; });
    const auto& ours = mine.empty() ? all : mine;
    for (const int descriptor : ours) {
        lock_byte(F_RDLCK, descriptor, own);
        // Else another thread has just closed it, and somebody has its number.
        if (!leads_to(descriptor, file)) lock_byte(F_UNLCK, descriptor, own);
    }
    auto alone = only_name(files_, all, own);
    if (!alone)
        for (const int descriptor : mine) lock_byte(F_UNLCK, descriptor, own);
    return alone;
}

Result<void> check_name(const JournalFiles& files, const FileState& lock) {
    const auto all = descriptors_of(identity_of(files.database));
    return only_name(files, all, lock.exists ? byte_of(lock) : first_byte - 1);
}

}  // namespace fenceline::sqlite
