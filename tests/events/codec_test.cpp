#include "events/codec.hpp"

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "events/limits.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/payload_samples.hpp"

namespace fenceline {

TEST_SUITE_BEGIN("events/codec");

namespace {

using testing::payload_samples;

std::string bytes_of(const Payload& payload) {
    std::string out;
    codec::encode(payload, out);
    return out;
}

Measurements some_measurements() {
    return {Position{300},
            {{Operation::drain, Duration{1'000'000}},
             {Operation::none, Duration{0}},
             {Operation::claim_idle, Duration{-5}}}};
}

template <typename P, typename E>
void keeps_unknown_numbers(E P::*member) {
    for (int number = 0; number < 256; ++number) {
        P payload;
        payload.*member = static_cast<E>(number);
        const auto back = codec::decode(codec::kind_of(payload), bytes_of(payload));
        REQUIRE(back.has_value());
        CHECK(std::get<P>(*back) == payload);
    }
}

}  // namespace

TEST_CASE("every payload comes back equal") {
    std::set<std::size_t> kinds;
    for (const auto& [name, payload] : payload_samples()) {
        const auto back = codec::decode(codec::kind_of(payload), bytes_of(payload));
        REQUIRE_MESSAGE(back.has_value(), name);
        CHECK_MESSAGE(*back == payload, name);
        CHECK(name.starts_with(codec::payload_name(codec::kind_of(payload))));
        kinds.insert(payload.index());
    }
    CHECK(kinds.size() == std::variant_size_v<Payload>);  // no payload is left out
}

TEST_CASE("encoding appends") {
    std::string out = "before";
    codec::encode(Payload(SpawnFailed{SpawnFailureReason::pod_ready}), out);
    codec::encode(Payload(NoDetail{}), out);
    CHECK(out == "before\x01\x05");
}

TEST_CASE("released bytes are written and read the same for ever") {
    std::map<std::string, Payload> samples;
    for (const auto& [name, payload] : payload_samples()) samples.emplace(name, payload);
    std::size_t seen = 0;
    for (const auto& line : testing::golden_lines("payload_v1.txt")) {
        REQUIRE(line.size() == 3);
        const auto bytes = testing::from_hex(line[2]);
        if (line[0] == "measurements") {
            CHECK(*codec::decode_measurements(bytes) == some_measurements());
            std::string out;
            codec::encode(some_measurements(), out);
            CHECK(testing::to_hex(out) == line[2]);
            continue;
        }
        const auto sample = samples.find(line[0]);
        REQUIRE_MESSAGE(sample != samples.end(), line[0]);
        const auto kind = static_cast<std::uint8_t>(std::stoi(line[1]));
        CHECK(codec::kind_of(sample->second) == kind);
        CHECK_MESSAGE(testing::to_hex(bytes_of(sample->second)) == line[2], line[0]);
        const auto back = codec::decode(kind, bytes);
        REQUIRE_MESSAGE(back.has_value(), line[0]);
        CHECK_MESSAGE(*back == sample->second, line[0]);
        ++seen;
    }
    CHECK(seen == samples.size());
}

TEST_CASE("numbers that this program does not know are kept") {
    keeps_unknown_numbers(&SpawnFailed::reason);
    keeps_unknown_numbers(&HealthChecked::result);
    keeps_unknown_numbers(&StrandedReconciled::outcome);
    keeps_unknown_numbers(&WarmCapacityMissed::reason);
    keeps_unknown_numbers(&LeadershipChanged::leadership);
    keeps_unknown_numbers(&OperationFailed::code);
    keeps_unknown_numbers(&SnapshotJudged::target);
    keeps_unknown_numbers(&SnapshotJudged::observed_state);
    keeps_unknown_numbers(&WorkerAdopted::state);
}

TEST_CASE("lists come back in their order up to their limit") {
    WarmCapacityTargeted targets;
    for (std::uint32_t i = 0; i < limits::warm_targets; ++i)
        targets.targets.emplace_back(TextId{static_cast<std::uint32_t>(limits::warm_targets) - i},
                                     -std::int64_t{i});
    const Payload payload = targets;
    CHECK(*codec::decode(codec::kind_of(payload), bytes_of(payload)) == payload);

    OperationFailed failed;
    for (std::int64_t i = 0; i < 4'096; ++i) failed.took.push_back(Duration{i * i});
    const Payload many = failed;
    CHECK(*codec::decode(codec::kind_of(many), bytes_of(many)) == many);
}

TEST_CASE("measurements come back equal and nothing stands for none") {
    std::string out;
    codec::encode(Measurements{}, out);
    CHECK(out.empty());
    CHECK(codec::decode_measurements("")->values.empty());

    Measurements many{Position{1}, {}};
    for (std::int64_t i = 0; i < 20'000; ++i)
        many.values.push_back({static_cast<Operation>(i % 256), Duration{i << 20}});
    codec::encode(many, out);
    CHECK(*codec::decode_measurements(out) == many);
}

TEST_CASE("a layout from the future is refused as such") {
    for (const auto& [name, payload] : payload_samples()) {
        auto bytes = bytes_of(payload);
        if (bytes.empty()) continue;
        for (const int version : {2, 3, 255}) {
            bytes[0] = static_cast<char>(version);
            const auto refused = codec::decode(codec::kind_of(payload), bytes);
            REQUIRE_FALSE(refused.has_value());
            CHECK(refused.error().code == ErrorCode::unsupported_format);
            CHECK(refused.error().text.find(std::to_string(version)) != std::string::npos);
            CHECK_FALSE(refused.error().hint.empty());
        }
    }
}

TEST_CASE("a kind from the future is refused as such") {
    for (int kind = std::variant_size_v<Payload>; kind < 256; ++kind) {
        const auto refused = codec::decode(static_cast<std::uint8_t>(kind), "\x01");
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == ErrorCode::unsupported_format);
        CHECK(codec::payload_name(static_cast<std::uint8_t>(kind)) == "?");
    }
}

TEST_CASE("a text beyond the dictionary is corrupt") {
    const Payload payload = LeaseExercised{{TextId{3}, Epoch{1}}};
    const auto bytes = bytes_of(payload);
    CHECK(codec::decode(codec::kind_of(payload), bytes, 4).has_value());
    const auto refused = codec::decode(codec::kind_of(payload), bytes, 3);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::corrupt);
    // The empty text is always there, and every text of every payload is held against it.
    CHECK(codec::decode(codec::kind_of(payload), bytes_of(LeaseExercised{}), 1).has_value());
    for (const auto& [name, sample] : payload_samples()) {
        const bool names_texts = bytes_of(sample).size() > 13 && name.find("plain") == name.npos &&
                                 name.find("none") == name.npos &&
                                 name.find("failed") == name.npos &&
                                 name.find("heartbeats") == name.npos;
        if (names_texts)
            CHECK_FALSE_MESSAGE(
                codec::decode(codec::kind_of(sample), bytes_of(sample), 1).has_value(), name);
    }
}

TEST_SUITE_END();

}  // namespace fenceline
