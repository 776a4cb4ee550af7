#include "journal/chain.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "events/codec.hpp"
#include "journal/commit_check.hpp"
#include "journal/hashed_commit.hpp"
#include "tests/support/payload_samples.hpp"

namespace fenceline {

TEST_SUITE_BEGIN("journal/chain");

namespace {

// A commit that has every kind of row.
struct Sample {
    ChainHash previous{};
    Recorder recorder{RecorderId{2}, "cp-a:boot-1", "run-7", Position{5}};
    std::vector<std::string> texts{"acme", "img:1"};
    std::vector<Event> events;
    Measurements measured{Position{3}, {{Operation::drain, Duration{1'500}}}};
    std::uint32_t first_text = 4;
    RecorderId by{2};

    Sample() {
        previous[0] = 0xab;
        Event event{.position = Position{5},
                    .at = Time{1'779'616'800'000'000'000},
                    .recorder = RecorderId{2},
                    .operation = Operation::drain,
                    .outcome = Outcome::fence_miss_epoch,
                    .failed_check = Check::epoch,
                    .origin = Origin::worker_drain,
                    .caller = TextId{1},
                    .worker = WorkerId{61},
                    .image = TextId{5},
                    .count = 1,
                    .owner = TextId{2},
                    .org = TextId{4},
                    .epoch = Epoch{8},
                    .from = State::hot,
                    .version = Position{3},
                    .to = State::hot,
                    .request_id = "req-1",
                    .payload = LeaseExercised{{TextId{1}, Epoch{7}}}};
        events.push_back(event);
        event.position = Position{6};
        event.payload = NoDetail{};
        event.request_id.clear();
        events.push_back(event);
    }
    [[nodiscard]] Commit commit() const {
        return {.events = events,
                .texts = texts,
                .recorder = &recorder,
                .by = by,
                .measured = measured};
    }
    [[nodiscard]] ChainHash seal() const { return seal_commit(previous, commit(), first_text); }
    [[nodiscard]] std::string bytes() const {
        std::string out;
        (void)seal_commit(previous, commit(), first_text, &out);
        return out;
    }
};

}  // namespace

TEST_CASE("a commit hashes to the same value for ever") {
    CHECK(to_hex(Sample().seal()) ==
          "4897e148fd0e7413bb80c5b5b027bdda546897da96230c828a2fd00b7daee1a7");
    const ChainHash zero{};
    const Commit flush{.by = RecorderId{1}, .measured = Sample().measured};
    CHECK(to_hex(seal_commit(zero, flush, 1)) ==
          "e6f7b0f63c93263796cd841ad025b7a121881042801f62c79bc5570ae2ada936");
}

TEST_CASE("any changed field changes the hash") {
    const auto original = to_hex(Sample().seal());
    std::set<std::string> hashes{original};
    int changes = 0;
    const auto changed = [&](auto change) {
        Sample sample;
        change(sample);
        ++changes;
        CHECK_MESSAGE(hashes.insert(to_hex(sample.seal())).second, "change ", changes);
    };
    for (std::size_t i = 0; i < 32; ++i) changed([i](Sample& s) { s.previous[i] ^= 1; });
    changed([](Sample& s) { s.by = RecorderId{3}; });
    changed([](Sample& s) { s.first_text = 5; });
    changed([](Sample& s) { s.recorder.id = RecorderId{3}; });
    changed([](Sample& s) { s.recorder.instance += "x"; });
    changed([](Sample& s) { s.recorder.run = "run-8"; });
    changed([](Sample& s) { s.recorder.first = Position{6}; });
    changed([](Sample& s) { s.texts[0] = "acmf"; });
    changed([](Sample& s) { s.texts[1].clear(); });
    changed([](Sample& s) { s.texts.pop_back(); });
    changed([](Sample& s) { std::swap(s.texts[0], s.texts[1]); });
    changed([](Sample& s) { s.texts = {"acmeimg:1"}; });
    changed([](Sample& s) { s.texts = {"acmei", "mg:1"}; });
    changed([](Sample& s) { s.events.pop_back(); });
    changed([](Sample& s) { std::swap(s.events[0], s.events[1]); });
    changed([](Sample& s) { s.events.push_back(s.events[1]); });
    changed([](Sample& s) { s.measured = {}; });
    changed([](Sample& s) { s.measured.first = Position{4}; });
    changed([](Sample& s) { s.measured.values[0].took.ns += 1; });
    changed([](Sample& s) { s.measured.values[0].operation = Operation::park; });

    const auto event = [&](auto change) {
        changed([&](Sample& s) { change(s.events[0]); });
        changed([&](Sample& s) { change(s.events[1]); });
    };
    event([](Event& e) { e.position.value += 8; });
    event([](Event& e) { e.at.ns += 1; });
    event([](Event& e) { e.recorder = RecorderId{9}; });
    event([](Event& e) { e.operation = Operation::park; });
    event([](Event& e) { e.outcome = Outcome::transitioned; });
    event([](Event& e) { e.failed_check = Check::owner; });
    event([](Event& e) { e.origin = Origin::public_api; });
    event([](Event& e) { e.caller = TextId{3}; });
    event([](Event& e) { e.worker = WorkerId{62}; });
    event([](Event& e) { e.image = TextId{3}; });
    event([](Event& e) { e.count = 2; });
    event([](Event& e) { e.owner = TextId{3}; });
    event([](Event& e) { e.org = TextId{3}; });
    event([](Event& e) { e.epoch = Epoch{9}; });
    event([](Event& e) { e.from = State::idle; });
    event([](Event& e) { e.version = Position{2}; });
    event([](Event& e) { e.to = State::idle; });
    event([](Event& e) { e.request_id += "2"; });
    event([](Event& e) { e.payload = LeaseExercised{{TextId{1}, Epoch{6}}}; });
    event([](Event& e) { e.payload = WorkerEnded{{TextId{1}, Epoch{7}}, TextId{}}; });
    CHECK(changes == 32 + 19 + 40);
}

// --- and back

TEST_CASE("what a hash is of is taken apart again") {
    Sample sample;
    for (const auto& [name, payload] : testing::payload_samples()) {
        sample.events.push_back(sample.events.back());
        sample.events.back().payload = payload;
    }
    const auto bytes = sample.bytes();
    CHECK(hash_of(bytes) == sample.seal());
    CHECK(HashedCommit::previous_of(bytes) == sample.previous);
    HashedCommit found;
    for (int again = 0; again < 2; ++again) {  // nothing stays of the one before
        REQUIRE(found.take_apart(bytes, 100));
        const Commit commit = found.commit();
        CHECK(std::ranges::equal(commit.events, sample.events));
        CHECK(std::ranges::equal(commit.texts, sample.texts));
        REQUIRE(commit.recorder != nullptr);
        CHECK(*commit.recorder == sample.recorder);
        CHECK(commit.by == sample.by);
        CHECK(commit.measured == sample.measured);
        CHECK(found.first_text().value == sample.first_text);
    }
    std::string flush;
    const Commit bare{.by = RecorderId{1}, .measured = sample.measured};
    (void)seal_commit({}, bare, 1, &flush);
    REQUIRE(found.take_apart(flush, 1));
    CHECK(found.commit().recorder == nullptr);
    CHECK(found.commit().events.empty());
    CHECK(found.commit().texts.empty());
    CHECK(found.commit().measured == sample.measured);
}

TEST_CASE("bytes that no commit hashes are not taken apart") {
    const auto bytes = Sample().bytes();
    HashedCommit found;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(found.take_apart(bytes.substr(0, size), 100));
    CHECK_FALSE(found.take_apart(bytes + '\0', 100));
    CHECK_FALSE(found.take_apart(bytes + bytes, 100));
    // A flush of no durations: no writer has such a row.
    std::string flush;
    (void)seal_commit({}, {.by = RecorderId{1}}, 1, &flush);
    CHECK(found.take_apart(flush, 1));
    CHECK_FALSE(found.take_apart(flush.substr(0, HashedCommit::opening_bytes) +
                                     std::string("\x04\0\0\0\0", 5) +
                                     flush.substr(HashedCommit::opening_bytes),
                                 1));
    // A payload may name what was there before the commit and the two texts that it brings.
    Sample beyond;
    beyond.events[0].payload = LeaseExercised{{TextId{6}, Epoch{7}}};
    CHECK_FALSE(found.take_apart(beyond.bytes(), 4));
    CHECK(found.take_apart(beyond.bytes(), 5));
}

TEST_CASE("a changed bit is not taken apart or changes the hash") {
    const auto bytes = Sample().bytes();
    const auto chain = Sample().seal();
    HashedCommit found;
    int taken = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        auto changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        CHECK(hash_of(changed) != chain);
        if (!found.take_apart(changed, 100)) continue;
        ++taken;
        std::string again;
        (void)seal_commit(*HashedCommit::previous_of(changed), found.commit(),
                          found.first_text().value, &again);
        CHECK(again == changed);
    }
    CHECK(taken > 1'000);
}

TEST_CASE("no field can pass for its neighbour") {
    // Two fields of one width side by side: exchanging them must show.
    Sample a;
    a.events[0].owner = TextId{7};
    a.events[0].org = TextId{8};
    Sample b;
    b.events[0].owner = TextId{8};
    b.events[0].org = TextId{7};
    CHECK(a.seal() != b.seal());
    // Bytes that move across the border of two texts.
    Sample c;
    c.recorder.instance = "cp-a:boot-1r";
    c.recorder.run = "un-7";
    CHECK(c.seal() != Sample().seal());
}

TEST_CASE("row by row gives the hash of the whole") {
    const Sample sample;
    CommitHasher hasher;
    for (int round = 0; round < 3; ++round) {  // the same hasher again and again
        hasher.begin(sample.previous);
        hasher.recorder(sample.recorder);
        auto number = sample.first_text;
        for (const auto& text : sample.texts) hasher.text(TextId{number++}, text);
        for (const auto& event : sample.events) {
            std::string payload;
            codec::encode(event.payload, payload);
            hasher.event(event, codec::kind_of(event.payload), payload);
        }
        std::string measured;
        codec::encode(sample.measured, measured);
        hasher.measured(std::string_view(measured));
        CHECK(to_hex(hasher.finish(sample.by)) == to_hex(sample.seal()));
    }
}

TEST_CASE("rows of any size are hashed whole") {
    // Around the hasher's own buffer, and far beyond it.
    std::set<std::string> hashes;
    for (const std::size_t size : {4'000, 4'090, 4'095, 4'096, 4'097, 8'192, 100'000})
        for (const char last : {'a', 'b'}) {
            Sample sample;
            sample.texts[0] = std::string(size, 'x') + last;
            hashes.insert(to_hex(sample.seal()));
        }
    CHECK(hashes.size() == 14);

    Sample many;
    many.events.assign(1'000, many.events[0]);
    const auto before = many.seal();
    many.events[777].epoch = Epoch{1};
    CHECK(many.seal() != before);
}

TEST_CASE("a hash is shown as 64 digits") {
    ChainHash hash{};
    hash[0] = 0x0f;
    hash[31] = 0xa0;
    CHECK(to_hex(hash) == "0f" + std::string(60, '0') + "a0");
}

TEST_SUITE_END();

}  // namespace fenceline
