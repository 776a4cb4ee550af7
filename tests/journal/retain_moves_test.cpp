// History is dropped between two looks of somebody who is just folding it: whoever began before the
// drop and goes on after it must not fold what is left on top of nothing.

#include <algorithm>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/start.hpp"
#include "replay/history.hpp"
#include "replay/replayer.hpp"
#include "tests/journal/retain_fixture.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/passing_journal.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

namespace {

// The beginning moves right before the n-th look, and never again: others commit, seal and drop
// all that there is.
class Moving : public PassingJournal {
  public:
    Moving(const std::string& path, int look)
        : PassingJournal(opened(path)),
          path_(path),
          newest_(value_of(PassingJournal::head()).position),
          looks_left_(look) {}

    [[nodiscard]] bool moved() const { return looks_left_ <= 0; }

    Result<Head> head() override { return look(), PassingJournal::head(); }
    Result<Head> beginning() override { return look(), PassingJournal::beginning(); }
    Result<Base> base() override { return look(), PassingJournal::base(); }
    Result<Checkpoint> checkpoint(Position position) override {
        return look(), PassingJournal::checkpoint(position);
    }
    Result<void> read(const Head& after, Position to, Sink& sink) override {
        return look(), PassingJournal::read(after, to, sink);
    }
    Result<Position> first_at(Time at) override { return look(), PassingJournal::first_at(at); }

  private:
    void look() {
        if (--looks_left_ != 0) return;
        FakeClock clock(Time{1'879'616'800'000'000'000});
        StoreScript script(path_, 7, clock);
        for (int i = 0; i < 10; ++i) script.batch();
        const auto journal = opened(path_);
        const auto end = seal_all(*journal, value_of(journal->head()).position);
        script.batch();
        REQUIRE(drop(*journal, {.before = Position{end.value + 1}}).beginning > newest_);
    }

    std::string path_;
    Position newest_;  // when this one was opened
    int looks_left_;
};

// The last position at or before this one that ends a commit.
Position end_of_commit(Journal& journal, std::int64_t position) {
    Heard heard;
    REQUIRE(journal.read_all(Position{position}, heard).has_value());
    return heard.seals.back().last;
}

// What it begins at before it moves.
enum class Begins { at_an_event, at_a_base, at_a_checkpoint };
constexpr Begins all_beginnings[] = {Begins::at_an_event, Begins::at_a_base,
                                     Begins::at_a_checkpoint};

std::string make(const TempDir& dir, int number, Begins begins) {
    const auto path = dir / ("pool-" + std::to_string(number) + ".db");
    make_journal(path);
    if (begins == Begins::at_a_base) drop(*opened(path), {.before = Position{60}});
    if (begins == Begins::at_a_checkpoint) {
        const auto journal = opened(path);
        const auto middle = value_of(fold_up_to(*journal, end_of_commit(*journal, 90)));
        REQUIRE(journal->save_checkpoint({middle.head, middle.fold.save()}).has_value());
    }
    return path;
}

// Runs `ask` with the beginning moving before each look in turn, until it asks no more.
template <typename Ask>
void at_every_look(Ask&& ask) {
    TempDir dir;
    int number = 0;
    for (const Begins begins : all_beginnings) {
        int look = 0;
        bool moved = true;
        while (moved) {
            const auto path = make(dir, ++number, begins);
            auto journal = std::make_unique<Moving>(path, ++look);
            CAPTURE(static_cast<int>(begins));
            CAPTURE(look);
            moved = ask(std::move(journal), path);
            REQUIRE(look < 100);
        }
        CHECK(look > 3);
    }
}

std::vector<std::int64_t> workers_of(LifecycleStore& store) {
    constexpr State every[] = {State::spawning,   State::idle,    State::reserved,
                               State::activating, State::hot,     State::hot_idle,
                               State::draining,   State::retired, State::lost};
    std::vector<std::int64_t> out;
    const Time ever{std::numeric_limits<std::int64_t>::max()};
    for (const auto& snapshot : value_of(store.by_states_before(every, ever)))
        out.push_back(snapshot.row().worker.value);
    return out;
}

}  // namespace

TEST_SUITE_BEGIN("journal/retain");

TEST_CASE("a store that opens while the journal's beginning moves knows the whole pool") {
    at_every_look([](std::unique_ptr<Moving> journal, const std::string& path) {
        const Moving& watched = *journal;
        auto store = LifecycleStore::open({.instance = "cp-late"}, std::move(journal));
        REQUIRE_MESSAGE(store.has_value(), (store ? std::string() : store.error().text));
        const auto workers = workers_of(**store);
        auto other = value_of(LifecycleStore::open({.path = path, .instance = "cp-other"}));
        CHECK(workers == workers_of(*other));
        CHECK(!workers.empty());
        return watched.moved();
    });
}

TEST_CASE("a fold up to a position is whole or says that the journal begins later") {
    at_every_look([](std::unique_ptr<Moving> journal, const std::string& path) {
        const auto to = end_of_commit(*opened(path), 120);
        const auto whole = value_of(fold_up_to(*opened(path), to)).fold.save();
        const auto folded = fold_up_to(*journal, to);
        if (folded)
            CHECK(folded->fold.save() == whole);
        else
            CHECK(folded.error().text.find("begins after") != std::string::npos);
        return journal->moved();
    });
}

TEST_CASE("a replay is whole or says that the journal begins later") {
    bool each = false;
    SUBCASE("of everybody") {}
    SUBCASE("of one recorder") {
        each = true;
    }
    at_every_look([&](std::unique_ptr<Moving> journal, const std::string& path) {
        replay::ReplayOptions options{.to = Position{120}};
        if (each) options.recorded_by = {.instance = "cp-0", .run = {}};
        const auto before = replay::replay(*opened(path), options);
        const auto replayed = replay::replay(*journal, options);
        if (replayed)
            CHECK(replayed->fold.save() == value_of(before).fold.save());
        else
            CHECK(replayed.error().text.find("begins after") != std::string::npos);
        return journal->moved();
    });
}

TEST_CASE("the life of a worker is whole or says that the journal begins later") {
    at_every_look([](std::unique_ptr<Moving> journal, const std::string& path) {
        const auto worker = value_of(opened(path)->event(Position{115})).worker;
        const auto before = value_of(replay::life_of(*opened(path), worker, Position{120}, {}));
        const auto life = replay::life_of(*journal, worker, Position{120}, {});
        if (life)
            CHECK(life->events.size() == before.events.size());
        else
            CHECK(life.error().text.find("begins after") != std::string::npos);
        return journal->moved();
    });
}

TEST_SUITE_END();

}  // namespace fenceline::testing
