#include "journal/sqlite/creation.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <sodium.h>

#include "events/invariant.hpp"
#include "journal/sqlite/base_row.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/schema.hpp"

namespace fenceline::sqlite {

namespace {

constexpr char program[] = "fenceline 0.1.0";

// A random UUID (version 4).
std::string made_up_id() {
    FENCELINE_INVARIANT(sodium_init() >= 0, "libsodium starts");
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    constexpr char digits[] = "0123456789abcdef";
    std::string id;
    for (std::size_t i = 0; i < sizeof bytes; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
        id += digits[bytes[i] >> 4];
        id += digits[bytes[i] & 15];
    }
    return id;
}

Result<void> sync_directory(const JournalFiles& files) {
    const int directory = ::open(files.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = directory >= 0 && ::fsync(directory) == 0;
    const int number = errno;
    if (directory >= 0) ::close(directory);
    // Some file systems cannot sync a directory, and say so.
    if (synced || number == EINVAL) return {};
    return tl::unexpected<Error>(system_error("syncing the directory", files.directory, number));
}

// Without the triggers, which let nothing but a next event in.
Result<void> write_base_whole(Connection& database, const Base& base) {
    auto transaction = Transaction::begin(database, Transaction::Kind::write);
    if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
    FENCELINE_TRY(write_base(database, base));
    return transaction->commit();
}

Result<void> fill(const JournalFiles& files, const JournalOptions& options, int format) {
    auto database =
        Connection::open(files.unfinished(), {.access = Access::read_write, .vfs = options.vfs});
    if (!database) return tl::unexpected<Error>(std::move(database.error()));
    FENCELINE_TRY(database->execute("PRAGMA synchronous = FULL; PRAGMA page_size = 4096"));
    Clock& clock = options.clock != nullptr ? *options.clock : system_clock();
    const Birth birth{.id = options.id.empty() ? made_up_id() : options.id,
                      .program = program,
                      .at = clock.now()};
    FENCELINE_TRY(make_schema(*database, birth, format));
    FENCELINE_TRY(configure_writer(*database));
    return options.base != nullptr ? write_base_whole(*database, *options.base) : Result<void>();
}

}  // namespace

Result<void> make_unfinished(const JournalFiles& files) {
    remove_unfinished(files);
    const auto path = files.unfinished();
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) return tl::unexpected<Error>(system_error("making", path, errno));
    ::close(made);  // no connection has it open yet
    return {};
}

void remove_unfinished(const JournalFiles& files) {
    for (const char* side : {"-journal", "-wal", "-shm", ""})
        ::unlink((files.unfinished() + side).c_str());
}

void remove_made(const JournalFiles& files) {
    for (const auto& file : {files.wal(), files.shared_index(), files.database})
        ::unlink(file.c_str());
}

Result<void> put_in_place(const JournalFiles& files) {
    const auto from = files.unfinished();
    int result =
        ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, files.database.c_str(), RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL) {  // a file system without that flag
        result = ::link(from.c_str(), files.database.c_str());
        if (result == 0) ::unlink(from.c_str());
    }
    if (result != 0) return tl::unexpected<Error>(system_error("naming", files.database, errno));
    return sync_directory(files);
}

Result<void> make_journal(const JournalFiles& files, const JournalOptions& options, int format) {
    FENCELINE_TRY(make_unfinished(files));
    auto made = fill(files, options, format);
    if (made) made = put_in_place(files);
    remove_unfinished(files);
    return made;
}

}  // namespace fenceline::sqlite
