#include "tests/tools/hostile_zoo.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "events/limits.hpp"
#include "journal/sqlite/segment_row.hpp"
#include "tests/support/program.hpp"
#include "tests/support/raw_sqlite.hpp"

namespace fenceline::testing {

namespace {

namespace fs = std::filesystem;
using Is = Animal::Is;

constexpr std::uintmax_t many_bytes = 4 << 20;

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
std::string read_file(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}
std::string noise(std::size_t bytes) {
    std::string out(bytes, '\0');
    std::uint32_t state = 7;
    for (char& c : out) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
    return out;
}
std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
    return out;
}

// A sound journal that a plain shell then changed.
std::function<void(const Cage&)> changed_by(const std::string& sql) {
    return [sql](const Cage& cage) {
        write_file(cage.journal(), sound_journal());
        RawSqlite raw(cage.journal());
        const auto error = raw.run("PRAGMA journal_mode = DELETE; " + sql);
        REQUIRE_MESSAGE(error.empty(), error);
    };
}
std::function<void(const Cage&)> with_bytes(const std::string& bytes) {
    return [bytes](const Cage& cage) { write_file(cage.journal(), bytes); };
}
std::function<void(const Cage&)> beside(const std::string& side, const std::string& bytes) {
    return [side, bytes](const Cage& cage) {
        write_file(cage.journal(), sound_journal());
        write_file(cage.journal() + side, bytes);
    };
}
// Large by its name alone: nothing of it is on the disk.
std::function<void(const Cage&)> with_hollow(const std::string& side, off_t bytes) {
    return [side, bytes](const Cage& cage) {
        write_file(cage.journal(), sound_journal());
        std::ofstream(cage.journal() + side, std::ios::app).flush();
        REQUIRE(::truncate((cage.journal() + side).c_str(), bytes) == 0);
    };
}

// A rollback journal that names the victim as a journal of several databases, which SQLite
// removes when it has rolled back.
void lay_rollback_journal(const Cage& cage) {
    write_file(cage.journal(), sound_journal());
    const auto name = cage.victim();
    std::uint32_t sum = 0;
    for (const char c : name) sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
    const std::string magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
    auto bytes = magic + big_endian(0, 4) + big_endian(0, 4) + big_endian(1, 4) +
                 big_endian(512, 4) + big_endian(4096, 4);
    bytes.resize(512, '\0');
    bytes += big_endian(262145, 4) + name + big_endian(name.size(), 4) + big_endian(sum, 4) + magic;
    write_file(cage.journal() + "-journal", bytes);
}

// zstd's format by hand: one byte repeated, and a size that need not be true.
std::string frame_of(char byte, std::uint64_t pieces, std::uint64_t declared) {
    constexpr std::uint64_t piece = 128 << 10;
    std::string out("\x28\xb5\x2f\xfd\xe0", 5);
    for (int i = 0; i < 8; ++i) out += static_cast<char>(declared >> (8 * i));
    for (std::uint64_t i = 0; i < pieces; ++i) {
        const auto header = (i + 1 == pieces ? 1U : 0U) | 2U | piece << 3;
        for (int shift = 0; shift < 24; shift += 8) out += static_cast<char>(header >> shift);
        out += byte;
    }
    return out;
}

// The first segment with other columns, its digest made right.
std::function<void(const Cage&)> with_columns(const std::string& columns) {
    return [columns](const Cage& cage) {
        write_file(cage.journal(), sound_journal());
        RawSqlite raw(cage.journal());
        const auto trigger =
            raw.value("SELECT sql FROM sqlite_schema WHERE name = 'segment_update'");
        sqlite::SegmentRow row;
        {
            auto database = sqlite::Connection::open(
                cage.journal(), {.access = sqlite::Access::read_only, .vfs = {}});
            REQUIRE(database.has_value());
            auto select = database->prepare(sqlite::select_segment_sql);
            select->bind(1, 1);
            REQUIRE(*select->step());
            row = *sqlite::read_segment(*select);
        }
        row.columns = columns;
        const auto hex = [](std::string_view bytes) {
            std::ostringstream out;
            out << "x'" << std::hex;
            for (const char c : bytes) {
                const auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
                out << (byte >> 4) << (byte & 15);
            }
            return out.str() + "'";
        };
        const auto digest = sqlite::digest_of(row);
        const std::string_view digest_bytes(reinterpret_cast<const char*>(digest.data()),
                                            digest.size());
        const auto error = raw.run(
            "PRAGMA journal_mode = DELETE; DROP TRIGGER segment_update; "
            "UPDATE segment SET columns = " +
            hex(columns) + ", digest = " + hex(digest_bytes) + " WHERE first = 1; " + trigger);
        REQUIRE_MESSAGE(error.empty(), error);
    };
}

void lay_other_schema(const Cage& cage, const std::string& sql) {
    RawSqlite raw(cage.journal());
    const auto error =
        raw.run("PRAGMA application_id = 0x464E434C; PRAGMA user_version = 3; " + sql);
    REQUIRE_MESSAGE(error.empty(), error);
}

std::vector<Animal> strangers() {
    const auto& sound = sound_journal();
    return {
        {"nothing", Is::no_journal, [](const Cage&) {}},
        {"empty", Is::no_journal, with_bytes("")},
        {"text", Is::no_journal, with_bytes("hello, world\n\x1b[31mred\n")},
        {"noise", Is::no_journal, with_bytes(noise(100'000))},
        {"a header alone", Is::no_journal, with_bytes(sound.substr(0, 100))},
        {"one page", Is::no_journal, with_bytes(sound.substr(0, 4096))},
        {"the first half", Is::damaged, with_bytes(sound.substr(0, sound.size() / 2))},
        {"noise behind its header", Is::damaged,
         with_bytes(sound.substr(0, 4096) + noise(sound.size() - 4096))},
        {"a directory", Is::no_journal,
         [](const Cage& cage) { fs::create_directory(cage.journal()); }},
        {"a pipe", Is::no_journal,
         [](const Cage& cage) { REQUIRE(::mkfifo(cage.journal().c_str(), 0600) == 0); }},
        {"a link to itself", Is::no_journal,
         [](const Cage& cage) { fs::create_symlink("pool.db", cage.journal()); }},
        {"a link to a journal", Is::no_journal,
         [](const Cage& cage) {
             write_file(cage.folder() + "/real.db", sound_journal());
             fs::create_symlink("real.db", cage.journal());
         }},
        {"a link to a device", Is::no_journal,
         [](const Cage& cage) { fs::create_symlink("/dev/zero", cage.journal()); }},
        {"one that may not be read", Is::no_journal,
         [](const Cage& cage) {
             write_file(cage.journal(), sound_journal());
             fs::permissions(cage.journal(), fs::perms::none);
         },
         true},
    };
}

std::vector<Animal> databases() {
    std::string many;
    for (int i = 0; i < 3'000; ++i) many += "CREATE TABLE t" + std::to_string(i) + " (x);";
    const auto only = [](const std::string& sql) {
        return [sql](const Cage& cage) { lay_other_schema(cage, sql); };
    };
    return {
        {"another program's database", Is::no_journal, changed_by("PRAGMA application_id = 1")},
        {"a newer format", Is::no_journal, changed_by("PRAGMA user_version = 99")},
        {"no format", Is::no_journal, changed_by("PRAGMA user_version = 0")},
        {"a view that never ends", Is::no_journal,
         only("CREATE TABLE meta (name, value); CREATE VIEW event AS WITH RECURSIVE "
              "n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS position FROM n")},
        {"a column that never ends", Is::no_journal,
         only("CREATE TABLE event (position, at AS (length(printf('%.*c', 900000000, 'x'))))")},
        {"a trigger more", Is::no_journal,
         changed_by("CREATE TRIGGER evil AFTER INSERT ON event BEGIN "
                    "INSERT INTO meta SELECT hex(randomblob(9)), NEW.position; END")},
        {"three thousand tables", Is::no_journal, only(many)},
        {"a schema of a large text", Is::no_journal,
         only("CREATE TABLE t (x) /* " + std::string(3 << 20, ' ') + " */")},
        {"a name of forty megabytes", Is::damaged,
         changed_by("INSERT INTO text SELECT max(id) + 1, (SELECT max(position) + 1 FROM event), "
                    "printf('%.*c', 40000000, 'x') FROM text")},
        {"pages of 64 KiB", Is::sound_journal, changed_by("PRAGMA page_size = 65536; VACUUM")},
        {"another encoding", Is::no_journal,
         only("PRAGMA encoding = 'UTF-16le'; CREATE TABLE event (position)")},
    };
}

std::vector<Animal> segments() {
    constexpr std::uint64_t piece = 128 << 10;
    return {
        {"a segment of a petabyte", Is::damaged,
         with_columns(frame_of('\0', 1, std::uint64_t{1} << 50))},
        {"a segment of zeros", Is::damaged,
         with_columns(
             frame_of('\0', limits::segment_bytes / piece, limits::segment_bytes / piece * piece))},
        {"a segment of endless columns", Is::damaged, with_columns(frame_of('\xff', 1, piece))},
        {"a segment up to the last number", Is::damaged,
         changed_by("DROP TRIGGER segment_update; UPDATE segment SET last = 1 << 62, commits = "
                    "1 << 62")},
    };
}

std::vector<Animal> companions() {
    std::string log = std::string("\x37\x7f\x06\x82", 4) + big_endian(3007000, 4) +
                      big_endian(4096, 4) + noise(100'000);
    return {
        {"a rollback journal that names another file", Is::no_journal, lay_rollback_journal},
        {"a noisy log", Is::sound_journal, beside("-wal", noise(100'000))},
        {"a log of a right header and noise", Is::sound_journal, beside("-wal", log)},
        {"a hollow log of eight gigabytes", Is::sound_journal, with_hollow("-wal", off_t{8} << 30)},
        {"a noisy index", Is::sound_journal, beside("-shm", noise(32 << 10))},
        {"a noisy log and index", Is::sound_journal,
         [](const Cage& cage) {
             beside("-wal", noise(50'000))(cage);
             write_file(cage.journal() + "-shm", noise(32 << 10));
         }},
        {"a noisy lock file", Is::sound_journal, beside("-lock", noise(20'000))},
        {"a hollow lock file", Is::sound_journal, with_hollow("-lock", off_t{8} << 30)},
        {"a link for a lock file", Is::damaged,
         [](const Cage& cage) {
             write_file(cage.journal(), sound_journal());
             fs::create_symlink("victim", cage.journal() + "-lock");
         }},
        {"a noisy anchor", Is::damaged, beside("-anchor", noise(512))},
        {"a hollow anchor", Is::damaged, with_hollow("-anchor", off_t{8} << 30)},
        {"a pipe for an anchor", Is::damaged,
         [](const Cage& cage) {
             write_file(cage.journal(), sound_journal());
             REQUIRE(::mkfifo((cage.journal() + "-anchor").c_str(), 0600) == 0);
         }},
        {"a hollow database of eight gigabytes", Is::damaged, with_hollow("", off_t{8} << 30)},
        {"a hollow database with a log", Is::damaged,
         [](const Cage& cage) {
             with_hollow("", off_t{1} << 28)(cage);
             write_file(cage.journal() + "-wal", noise(5'000));
         }},
    };
}

}  // namespace

Cage::Files Cage::look() const {
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path())) {
        struct stat found {};
        REQUIRE(::lstat(entry.path().c_str(), &found) == 0);
        std::ostringstream line;
        line << std::oct << found.st_mode << std::dec << ' ' << found.st_ino << ' ' << found.st_size
             << ' ' << found.st_mtim.tv_sec << '.' << found.st_mtim.tv_nsec << ' ';
        if (S_ISREG(found.st_mode) && entry.file_size() < many_bytes)
            line << std::hash<std::string>()(read_file(entry.path().string()));
        files[entry.path().lexically_relative(dir_.path()).string()] = line.str();
    }
    return files;
}

const std::string& sound_journal() {
    static const std::string bytes = [] {
        TempDir dir;
        const auto path = dir / "made.db";
        REQUIRE(run_program({"simulate", path, "--workers", "12", "--duration", "2m"}).code == 0);
        REQUIRE(run_program({"seal", path, "--keep-rows", "50"}).code == 0);
        REQUIRE(run_program({"verify", path}).code == 0);
        return read_file(path);
    }();
    return bytes;
}

const std::vector<Animal>& hostile_zoo() {
    static const std::vector<Animal> all = [] {
        std::vector<Animal> animals;
        for (auto* some : {strangers, databases, segments, companions})
            for (auto& animal : some()) animals.push_back(std::move(animal));
        return animals;
    }();
    return all;
}

}  // namespace fenceline::testing
