#include "projections/fold.hpp"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "projections/metrics.hpp"
#include "statemachine/evolve.hpp"
#include "tests/projections/fixture.hpp"
#include "tests/projections/random_events.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

struct History {
    Dictionary texts;
    std::vector<Event> events;
    std::vector<Measurements> measured;  // one after each event

    History(std::uint64_t seed, int length) {
        RandomEvents random(seed, texts);
        for (int i = 0; i < length; ++i) {
            events.push_back(random.next());
            measured.push_back(random.measurements());
        }
    }
    void fold(Fold& fold, std::size_t from, std::size_t to) const {
        for (std::size_t i = from; i < to; ++i) {
            fold.apply(events[i]);
            fold.apply(measured[i]);
        }
    }
    // Everything from the start.
    [[nodiscard]] std::string bytes() const {
        Fold whole;
        whole.world.texts = texts;
        fold(whole, 0, events.size());
        return whole.save();
    }
};

}  // namespace

TEST_SUITE("projections/fold") {
    TEST_CASE("two folds of one history are the same bytes (I3)") {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const History history(seed, 1'000);
            CHECK(history.bytes() == history.bytes());
            CHECK(history.bytes() != History(seed + 100, 1'000).bytes());
        }
    }

    TEST_CASE("a fold cut at any point and taken up again equals the whole (I3)") {
        const History history(7, 300);
        const std::string whole = history.bytes();
        Fold step;
        step.world.texts = history.texts;
        for (std::size_t cut = 0; cut <= history.events.size(); ++cut) {
            Fold resumed;
            REQUIRE(resumed.load(step.save()));
            history.fold(resumed, cut, history.events.size());
            REQUIRE(resumed.save() == whole);
            if (cut < history.events.size()) history.fold(step, cut, cut + 1);
        }
    }

    TEST_CASE("a saved fold comes back the same") {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const std::string bytes = History(seed, 2'000).bytes();
            Fold again;
            REQUIRE(again.load(bytes));
            CHECK(again.save() == bytes);
        }
        Fold empty;
        CHECK(empty.load(Fold{}.save()));
    }

    TEST_CASE("a fold that was cut short or went on is not read and changes nothing") {
        const std::string bytes = History(3, 50).bytes();
        Fold fold;
        fold.apply(event_of(Operation::drain, Outcome::row_missing, TextId{}));
        const std::string before = fold.save();
        for (std::size_t size = 0; size < bytes.size(); ++size)
            REQUIRE_FALSE(fold.load(std::string_view(bytes).substr(0, size)));
        CHECK_FALSE(fold.load(bytes + '\0'));
        CHECK(fold.save() == before);
    }

    TEST_CASE("a fold of another layout is not read") {
        std::string bytes = Fold{}.save();
        bytes[0] = 2;
        Fold fold;
        CHECK_FALSE(fold.load(bytes));
    }

    TEST_CASE("a damaged byte never breaks reading") {
        const std::string bytes = History(11, 25).bytes();
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (const unsigned char flip : {0x01, 0x80}) {
                std::string damaged = bytes;
                damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
                Fold fold;
                if (!fold.load(damaged)) continue;
                // What was read is a fold like any other: it prints and takes more events.
                (void)snapshot(fold.pool, fold.tallies, fold.world.texts, {});
                fold.apply(event_of(Operation::drain, Outcome::row_missing, TextId{}));
            }
        }
    }

    TEST_CASE("a text that the dictionary does not have is not read") {
        Fold fold;
        fold.apply(event_of(Operation::drain, Outcome::row_missing, TextId{1}));
        Fold again;
        CHECK_FALSE(again.load(fold.save()));
        fold.world.texts.intern("image");
        CHECK(again.load(fold.save()));
    }

    TEST_CASE("projecting onto a world that has evolved equals applying") {
        const History history(9, 500);
        Fold applied, projected;
        applied.world.texts = projected.world.texts = history.texts;
        for (const Event& event : history.events) {
            applied.apply(event);
            evolve(projected.world, event);
            projected.project(event);
        }
        CHECK(applied.save() == projected.save());
    }

    TEST_CASE("one process and the others add up to the cluster") {
        const History history(13, 2'000);
        Tallies cluster, mine, others;
        for (std::size_t i = 0; i < history.events.size(); ++i) {
            const bool is_mine = history.events[i].recorder == RecorderId{1};
            for (Tallies* tallies : {&cluster, is_mine ? &mine : &others}) {
                tallies->apply(history.events[i]);
                tallies->apply(history.measured[i]);
            }
        }
        std::map<std::string, std::int64_t> sum;
        const auto add = [&](const Tallies& tallies, std::int64_t by) {
            for (const auto& family : snapshot({}, tallies, history.texts, {}).families)
                for (const auto& series : family.series) {
                    std::string name = family.name;
                    for (const auto& [label, value] : series.labels) name += "," + value;
                    sum[name] += by * (series.value == -1 ? 0 : series.value);
                    sum[name + ",sum"] += by * series.sum_ns;
                    for (std::size_t i = 0; i < series.buckets.size(); ++i)
                        sum[name + "," + std::to_string(i)] += by * series.buckets[i];
                }
        };
        add(cluster, 1);
        add(mine, -1);
        add(others, -1);
        CHECK(sum.size() > 500);
        for (const auto& [name, rest] : sum) {
            CAPTURE(name);
            CHECK(rest == 0);
        }
    }
}
