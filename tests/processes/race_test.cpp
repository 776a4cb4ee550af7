// Several real processes over one journal: what each was answered has to fit one order.
//
//   --seed, --scale and --long as in the model test.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tests/processes/race_judge.hpp"
#include "tests/processes/racer.hpp"
#include "tests/support/event_tail.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/fold_check.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

std::uint64_t first_seed() {
    return Extent().seed_or(1);
}
std::int64_t scaled(std::int64_t n) {
    return Extent().runs(n);
}

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// A journal that several processes will share, with nothing of it open in this one.
struct Race {
    TempDir dir;
    std::string path = dir / "pool.db";

    Race() {
        const auto made = create_journal({.path = path, .wal_reserve_bytes = 1 << 20});
        REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
    }

    struct Written {
        std::vector<Event> events;
        Dictionary texts;
    };
    [[nodiscard]] Written written() const {
        auto reader = open_reader(path);
        REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
        EventTail tail(std::move(*reader));
        auto events = tail.more();
        REQUIRE_MESSAGE(tail.problem().empty(), tail.problem());
        return {std::move(events), tail.texts()};
    }
    [[nodiscard]] RaceRecord record() const { return read_race_logs(dir.path().string()); }

    void judge(Hearing heard) const {
        const auto [events, texts] = written();
        for (const auto& objection : judge_race(events, texts, record(), heard))
            FAIL_CHECK(objection);
    }

    // Runs processes of these orders to their end.
    void run(std::vector<RacerOrders> all) const {
        std::vector<Child> children;
        for (RacerOrders& orders : all) {
            orders.directory = dir.path().string();
            children.push_back(start_racer(orders));
        }
        for (std::size_t i = 0; i < children.size(); ++i)
            CHECK_MESSAGE(children[i].wait(), contents(dir / (all[i].name + ".out")));
    }

    // The whole fold in a process of its own, the one that starts at a checkpoint, and each
    // checkpoint on the way: all the same bytes.
    void check_folds() const {
        run({{.name = "folder", .only_fold = true}});
        const std::string whole = contents(dir / "folder.fold");
        auto reader = open_reader(path);
        REQUIRE(reader);
        const auto head = (*reader)->head();
        REQUIRE(head);
        const auto saved = (*reader)->checkpoint(head->position);
        if (!saved && !Extent().judged()) return;  // a small race ends before the first of them
        REQUIRE_MESSAGE(saved, (saved ? "" : saved.error().text));
        Fold fold;
        REQUIRE(fold.load(saved->state));
        FoldSink sink(fold);
        REQUIRE((*reader)->read(saved->head, head->position, sink));
        REQUIRE(sink.consistent());
        CHECK(!whole.empty());
        CHECK(fold.save() == whole);
        const auto different = checkpoints_differ(**reader);
        CHECK_MESSAGE(different.empty(), different);
    }
};

std::map<std::string, std::int64_t> outcomes(const RaceRecord& record) {
    std::map<std::string, std::int64_t> counts;
    for (const Ack& ack : record.acks) ++counts[ack.replayed ? "replayed" : ack.outcome];
    return counts;
}

// A pipe; both ends are the parent's until it lets go of them.
struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() { REQUIRE(::pipe(ends) == 0); }
    ~Pipe() {
        for (const int end : ends)
            if (end >= 0) ::close(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] int writing() const { return ends[1]; }
    // Waits for so many bytes, or for the last writer's end.
    void await(std::int64_t bytes) {
        ::close(ends[1]);
        ends[1] = -1;
        char byte = 0;
        while (bytes > 0 && ::read(ends[0], &byte, 1) == 1) --bytes;
    }
};

// Every call that was begun and never answered is made again, under its name.
std::int64_t ask_again(const Race& race) {
    const auto record = race.record();
    std::set<std::pair<std::string, std::string>> open(record.intended.begin(),
                                                       record.intended.end());
    for (const Ack& ack : record.acks) open.erase({ack.caller, ack.request_id});
    auto store = LifecycleStore::open({.path = race.path,
                                       .instance = "cp-after",
                                       .heartbeat_resolution = Duration{0},
                                       .wal_reserve_bytes = 1 << 20});
    REQUIRE_MESSAGE(store, (store ? "" : store.error().text));
    static int times = 0;
    RaceLog log(race.dir / ("after-" + std::to_string(++times) + ".log"));
    for (const auto& [caller, id] : open) {
        const Command command{{.caller = caller, .request_id = id},
                              ReportHealthChecked{.image = "asked-again"}};
        const auto start = monotonic_ns();
        const auto first = (*store)->apply(command);
        const auto second = (*store)->apply(command);
        REQUIRE(first);
        REQUIRE(second);
        CHECK(second->replayed);
        CHECK(second->position == first->position);
        CHECK(second->outcome == first->outcome);
        Ack ack = ack_of(*first);
        ack.start = start;
        ack.end = monotonic_ns();
        ack.caller = caller;
        ack.request_id = id;
        log.acknowledges(ack);
    }
    REQUIRE((*store)->close());
    return static_cast<std::int64_t>(open.size());
}

}  // namespace

TEST_SUITE("processes/race") {
    TEST_CASE("four processes agree on one order") {
        const Race race;
        std::vector<RacerOrders> all;
        for (int i = 0; i < 4; ++i)
            all.push_back({.name = "cp-" + std::to_string(i),
                           .seed = first_seed() + static_cast<std::uint64_t>(i),
                           .threads = 4,
                           .operations = scaled(600)});
        race.run(all);
        race.judge(Hearing::all);
        race.check_folds();
        const auto counts = outcomes(race.record());
        for (const auto* outcome :
             {"transitioned", "fence_miss_owner", "fence_miss_epoch", "fence_miss_state",
              "fence_miss_updated_at", "no_idle", "replayed"}) {
            CAPTURE(outcome);
            CHECK((counts.contains(outcome) || scaled(10) < 10));
        }
    }

    TEST_CASE("heartbeats kept in the memory of several processes fit one order") {
        const Race race;
        std::vector<RacerOrders> all;
        for (int i = 0; i < 3; ++i)
            all.push_back({.name = "cp-" + std::to_string(i),
                           .seed = first_seed() + 100 + static_cast<std::uint64_t>(i),
                           .threads = 3,
                           .operations = scaled(500),
                           .heartbeat_resolution_ns = i == 0 ? 0 : 10'000'000'000});
        race.run(all);
        race.judge(Hearing::all);
        race.check_folds();
        const auto record = race.record();
        CHECK(std::ranges::any_of(record.acks, &Ack::from_memory));
    }

    TEST_CASE("a process that is killed loses nothing that it was answered") {
        const Race race;
        std::int64_t asked_again = 0;
        for (int round = 0; round < scaled(30); ++round) {
            const auto seed = first_seed() + 1'000 + static_cast<std::uint64_t>(round) * 10;
            const auto name = [&](const char* who) {
                return std::string(who) + "-" + std::to_string(round);
            };
            Pipe victims, others;
            RacerOrders victim{.directory = race.dir.path().string(),
                               .name = name("victim"),
                               .seed = seed,
                               .operations = 20'000,
                               .progress = victims.writing()};
            RacerOrders other = victim;
            other.name = name("other");
            other.seed = seed + 1;
            other.operations = 30;
            other.progress = others.writing();
            ::fcntl(others.ends[0], F_SETFD, FD_CLOEXEC);
            ::fcntl(victims.ends[0], F_SETFD, FD_CLOEXEC);
            Child first = start_racer(victim);
            Child second = start_racer(other);
            victims.await(20 + static_cast<std::int64_t>(seed * 7'919 % 90));
            first.kill_hard();
            CHECK_MESSAGE(second.wait(), contents(race.dir / (other.name + ".out")));
            asked_again += ask_again(race);
        }
        race.judge(Hearing::some);
        race.check_folds();
        CHECK((asked_again > 0 || scaled(10) < 10));
        MESSAGE(asked_again << " calls were cut off and asked again, of "
                            << race.record().acks.size());
    }
}

TEST_SUITE("processes/itself") {
    TEST_CASE("a false record of a race is objected to") {
        const Race race;
        race.run({{.name = "cp-0", .seed = 5, .operations = 60},
                  {.name = "cp-1", .seed = 6, .operations = 60}});
        const auto [events, texts] = race.written();
        const auto record = race.record();
        REQUIRE(judge_race(events, texts, record, Hearing::all).empty());
        const auto objects = [&, &written = events, &names = texts](auto change) {
            auto changed_events = written;
            auto changed_record = record;
            change(changed_events, changed_record);
            return !judge_race(changed_events, names, changed_record, Hearing::all).empty();
        };
        const auto own = [](RaceRecord& r) -> Ack& {
            return *std::ranges::find_if(r.acks, [](const Ack& a) { return a.events() == 1; });
        };
        CHECK(objects([&](auto&, auto& r) { own(r).outcome = "global_cap"; }));
        CHECK(objects([&](auto&, auto& r) { own(r).position += 1; }));
        CHECK(objects([&](auto&, auto& r) { own(r).epoch += 1; }));
        CHECK(objects([&](auto&, auto& r) { r.acks.push_back(own(r)); }));
        CHECK(objects([&](auto&, auto& r) { own(r) = Ack{}; }));
        CHECK(objects([&](auto&, auto& r) { own(r).start += 3'600'000'000'000; }));
        CHECK(objects([&](auto& e, auto&) { e.erase(e.begin() + 40); }));
        CHECK(objects([&](auto& e, auto&) { std::swap(e[40], e[41]); }));
        CHECK(objects([&](auto& e, auto&) {
            const auto it = std::ranges::find(e, Outcome::transitioned, &Event::outcome);
            it->outcome = Outcome::fence_miss_epoch;
        }));
    }

    // Executed by the other cases, in processes of their own.
    TEST_CASE("a process of the race" * doctest::skip()) {
        const char* orders = std::getenv(racer_variable);
        if (!orders) return;
        const int status = be_racer(orders);
        CHECK(status == 0);
    }
}
