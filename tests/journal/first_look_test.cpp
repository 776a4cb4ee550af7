// Somebody looks for the end of an empty journal while its very first commit comes in.

#include <functional>
#include <utility>

#include <doctest/doctest.h>

#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/shim_vfs.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/first_look");

namespace {

// Something happens right before a connection reads the log's index lock for the n-th time: there
// SQLite settles which state the next statement reads.
class BeforeAState final : public ShimVfs {
  public:
    BeforeAState() : ShimVfs("before_a_state") {}
    void meanwhile(int nth, std::function<void()> work) {
        left_ = nth;
        work_ = std::move(work);
    }
    [[nodiscard]] bool happened() const { return left_ <= 0; }

    std::unique_ptr<ShimFile> opened(const char*, int, sqlite3_file& real) override {
        return std::make_unique<File>(real, *this);
    }

  private:
    struct File final : ShimFile {
        File(sqlite3_file& file, BeforeAState& told) : ShimFile(file), vfs(told) {}
        int shm_lock(int offset, int n, int flags) override {
            const bool reads = (flags & SQLITE_SHM_LOCK) != 0 && (flags & SQLITE_SHM_SHARED) != 0;
            if (reads && --vfs.left_ == 0) vfs.work_();
            return ShimFile::shm_lock(offset, n, flags);
        }
        BeforeAState& vfs;
    };

    int left_ = 0;
    std::function<void()> work_;
};

}  // namespace

TEST_CASE("the head of an empty journal is of one state whenever the first commit comes") {
    bool happened = true;
    int looks = 0;
    for (int nth = 1; happened; ++nth) {
        CAPTURE(nth);
        TempDir dir;
        const auto path = dir / "pool.db";
        BeforeAState vfs;
        auto journal = value_of(open_journal(
            {.path = path, .create = true, .wal_reserve_bytes = 0, .vfs = vfs.name()}));
        auto other = value_of(open_journal({.path = path}));
        Head after;
        vfs.meanwhile(nth, [&] {
            after = JournalScript(*other, "cp-b").names({"w", "img"}).appends({drain_event()});
        });
        const auto head = value_of(journal->head());
        happened = vfs.happened();
        CHECK((head == Head{} || head == after));
        ++looks;
        vfs.meanwhile(0, {});
    }
    CHECK(looks >= 2);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
