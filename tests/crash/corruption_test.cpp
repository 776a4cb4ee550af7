// Damage to a journal's files: never a crash, never a silent wrong answer.
//
//   --seed 17     other bits
//   --scale 16    one bit of each byte, not of each 16th
//   --long        each bit of each byte

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/unsynced_vfs.hpp"
#include "replay/verify.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/guarantees.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

namespace {

constexpr std::size_t page_bytes = 4096;

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Keeps what a read returns, so that two reads can be held against each other.
struct Told {
    bool readable = false;
    std::vector<std::pair<TextId, std::string>> texts;
    std::vector<Event> events;
    std::vector<ChainHash> seals;
    bool operator==(const Told&) const = default;
};

Told tell(Reader& reader) {
    Told told;
    const auto head = reader.head();
    if (!head) return told;
    Heard heard;
    told.readable = reader.read(Head{}, head->position, heard).has_value();
    told.texts = std::move(heard.texts);
    told.events = std::move(heard.events);
    for (const auto& seal : heard.seals) told.seals.push_back(seal.chain);
    return told;
}

// A small journal as a store leaves it: closed, or with its log when the process died.
class Specimen {
  public:
    enum class Kind { closed, with_log };
    explicit Specimen(Kind kind) : kind_(kind) {
        const auto made = dir_ / "made.db";
        REQUIRE(work(made)->close().has_value());
        older_ = contents(made);
        const auto store = work(made);
        if (kind == Kind::closed) REQUIRE(store->close().has_value());
        database = contents(made);
        if (kind == Kind::with_log) log = contents(made + "-wal");
        lay(database, log);
        auto reader = open_reader(path_);
        REQUIRE(reader.has_value());
        whole_ = tell(**reader);
        REQUIRE(whole_.readable);
        REQUIRE(whole_.events.size() == 12);
        REQUIRE(replay::verify(**reader)->sound());
        const auto head = *(*reader)->head();
        anchor_ = {head.position, head.chain, *(*reader)->id()};
    }

    void lay(const std::string& database_bytes, const std::string& log_bytes) const {
        write_file(path_, database_bytes);
        if (kind_ == Kind::with_log) write_file(path_ + "-wal", log_bytes);
    }

    struct Findings {
        int damages = 0, changed = 0, silent = 0, missed_by_sqlite = 0;
        int unusable = 0;  // called sound, and a store is refused
        std::string first;
    };
    // Lays the damaged bytes and holds what a reader says against the truth.
    void examine(const std::string& database_bytes, const std::string& log_bytes,
                 const std::string& what, Findings& out) const {
        lay(database_bytes, log_bytes);
        ++out.damages;
        auto reader = open_reader(path_);
        if (!reader) return;  // refused, with a reason
        const auto told = tell(**reader);
        reader->reset();
        // By another reader, as the program does: SQLite looks at a page's shape only once.
        auto fresh = open_reader(path_);
        const auto verified = fresh ? replay::verify(**fresh, {.anchors = {anchor_}})
                                    : Result<replay::Verification>(tl::unexpect, fresh.error());
        if (told == whole_) {
            const bool sound = verified && verified->sound();
            fresh = tl::unexpected<Error>(Error{});
            if (sound && hold_to_stores && !a_store_works()) {
                ++out.unusable;
                if (out.first.empty()) out.first = what + ": sound and no store can work with it";
            }
            return;
        }
        ++out.changed;
        if (verified && verified->sound()) {
            ++out.silent;
            if (out.first.empty()) out.first = what + ": " + difference(told);
        }
        fresh = tl::unexpected<Error>(Error{});
        out.missed_by_sqlite += passes_integrity_check();
    }
    [[nodiscard]] const std::string& older() const { return older_; }

    std::string database, log;
    bool hold_to_stores = false;  // what is called sound must do for a store, which takes longer

  private:
    static std::unique_ptr<LifecycleStore> work(const std::string& path) {
        auto store = LifecycleStore::open({.path = path,
                                           .create = true,
                                           .instance = "cp-a",
                                           .checkpoint_events = 3,
                                           .wal_reserve_bytes = 0});
        REQUIRE(store.has_value());
        for (int i = 0; i < 6; ++i)
            REQUIRE((*store)->spawn({.image = "image " + std::to_string(i)}).has_value());
        return std::move(*store);
    }
    [[nodiscard]] bool a_store_works() const {
        bool works = false;
        {
            auto journal = open_journal(
                {.path = path_, .wal_reserve_bytes = 0, .vfs = sqlite::unsynced_vfs()});
            auto store =
                journal ? LifecycleStore::open({.instance = "cp-b"}, std::move(*journal))
                        : Result<std::unique_ptr<LifecycleStore>>(tl::unexpect, journal.error());
            works = store && (*store)->spawn({.image = "image"}) && (*store)->close();
        }
        for (const char* side : {"-shm", "-wal", "-lock", "-anchor"})
            std::filesystem::remove(path_ + side);
        return works;
    }
    [[nodiscard]] std::string difference(const Told& told) const {
        if (told.readable != whole_.readable) return "not readable";
        if (told.texts != whole_.texts) return "other texts";
        if (told.seals != whole_.seals) return "other seals";
        for (std::size_t i = 0; i < std::min(told.events.size(), whole_.events.size()); ++i)
            if (told.events[i] != whole_.events[i]) return "another event " + std::to_string(i);
        return "another number of events";
    }
    [[nodiscard]] bool passes_integrity_check() const {
        sqlite3* raw = nullptr;
        sqlite3_stmt* check = nullptr;
        bool ok = false;
        if (sqlite3_open(path_.c_str(), &raw) == SQLITE_OK &&
            sqlite3_prepare_v2(raw, "PRAGMA integrity_check", -1, &check, nullptr) == SQLITE_OK &&
            sqlite3_step(check) == SQLITE_ROW)
            ok = std::string_view("ok") ==
                 reinterpret_cast<const char*>(sqlite3_column_text(check, 0));
        sqlite3_finalize(check);
        sqlite3_close(raw);
        for (const char* side : {"-shm", "-wal"}) std::filesystem::remove(path_ + side);
        return ok;
    }

    Kind kind_;
    TempDir dir_;
    std::string path_ = dir_ / "pool.db";
    std::string older_;
    Told whole_;
    replay::Anchor anchor_;
};

enum class Bits { some, each };

Specimen::Findings flip_everywhere(const Specimen& specimen, std::string Specimen::*which,
                                   std::size_t bytes = std::string::npos, Bits bits = Bits::some) {
    const Extent extent;
    std::mt19937_64 random(extent.seed_or(1));
    const bool all = bits == Bits::each || extent.long_form;
    Specimen::Findings out;
    const auto& whole = specimen.*which;
    const bool database = which == &Specimen::database;
    const std::size_t step = all ? 1 : static_cast<std::size_t>(std::max(1.0, 16 / extent.scale));
    for (std::size_t byte = random() % step; byte < std::min(bytes, whole.size()); byte += step) {
        const auto chosen = random() % 8;
        for (unsigned bit = 0; bit < 8; ++bit) {
            if (!all && bit != chosen) continue;
            auto damaged = whole;
            damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
            specimen.examine(database ? damaged : specimen.database,
                             database ? specimen.log : damaged,
                             "byte " + std::to_string(byte) + " bit " + std::to_string(bit), out);
        }
    }
    return out;
}

}  // namespace

TEST_SUITE_BEGIN("crash/corruption");

TEST_CASE("a flipped bit anywhere in the database is refused or found") {
    const Specimen specimen(Specimen::Kind::closed);
    const auto found = flip_everywhere(specimen, &Specimen::database);
    MESSAGE(found.damages << " flips, " << found.changed << " changed what a read gives, "
                          << found.missed_by_sqlite << " of these pass SQLite's integrity_check");
    CHECK_MESSAGE(found.silent == 0, found.first);
    if (Extent().judged()) CHECK(found.changed > 100);
    CHECK(found.missed_by_sqlite > 0);  // the control: it is not SQLite that finds them
    CHECK(is_guaranteed("Of " + figure(found.damages) + " flips in the database " +
                        figure(found.changed) + " changed what a read gives"));
    CHECK(is_guaranteed("passed " + figure(found.missed_by_sqlite) + " of the " +
                        figure(found.changed)));
}

// Readers can do without much of it, and stores cannot.
TEST_CASE("a flipped bit in the file's header is found or hinders no store") {
    Specimen specimen(Specimen::Kind::closed);
    specimen.hold_to_stores = true;
    const auto found = flip_everywhere(specimen, &Specimen::database, 100, Bits::each);
    CHECK(found.damages == 800);
    CHECK_MESSAGE(found.silent + found.unusable == 0, found.first);
}

TEST_CASE("a flipped bit anywhere in the log is refused or found") {
    const Specimen specimen(Specimen::Kind::with_log);
    const auto found = flip_everywhere(specimen, &Specimen::log);
    MESSAGE(found.damages << " flips, " << found.changed << " changed what a read gives, "
                          << found.missed_by_sqlite << " of these pass SQLite's integrity_check");
    CHECK_MESSAGE(found.silent == 0, found.first);
    if (Extent().judged()) CHECK(found.changed > 100);
    CHECK(is_guaranteed("of " + figure(found.damages) + " in the log " + figure(found.changed)));
}

TEST_CASE("pages that are swapped zeroed older or cut off are refused or found") {
    const Specimen specimen(Specimen::Kind::closed);
    const auto& whole = specimen.database;
    const auto pages = whole.size() / page_bytes;
    Specimen::Findings out;
    const auto page = [&](const std::string& of, std::size_t number) {
        return of.substr(number * page_bytes, page_bytes);
    };
    for (std::size_t a = 0; a < pages; ++a) {
        auto zeroed = whole;
        zeroed.replace(a * page_bytes, page_bytes, page_bytes, '\0');
        specimen.examine(zeroed, {}, "zeroed " + std::to_string(a), out);
        if ((a + 1) * page_bytes <= specimen.older().size()) {
            auto older = whole;
            older.replace(a * page_bytes, page_bytes, page(specimen.older(), a));
            specimen.examine(older, {}, "older " + std::to_string(a), out);
        }
        for (std::size_t b = 0; b < a; ++b) {
            auto swapped = whole;
            swapped.replace(a * page_bytes, page_bytes, page(whole, b));
            swapped.replace(b * page_bytes, page_bytes, page(whole, a));
            specimen.examine(swapped, {}, "swapped " + std::to_string(a), out);
        }
    }
    for (std::size_t size = 0; size < whole.size(); size += page_bytes / 4)
        specimen.examine(whole.substr(0, size), {}, "cut at " + std::to_string(size), out);
    specimen.examine(specimen.older(), {}, "an older copy", out);
    MESSAGE(out.damages << " damages, " << out.changed << " changed what a read gives");
    CHECK_MESSAGE(out.silent == 0, out.first);
    CHECK(out.changed >= 3);
    CHECK(is_guaranteed("Of " + figure(out.damages) + " damages to pages " + figure(out.changed) +
                        " changed what a read gives"));
}

TEST_SUITE_END();

}  // namespace fenceline::testing
