#include "projections/durations.hpp"

#include <doctest/doctest.h>

#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

Measurements measured(Operation operation, std::int64_t ns) {
    return {Position{1}, {{operation, Duration{ns}}}};
}

Event drained_for(Duration span) {
    Event event = report(Operation::pod_deleted, PodDeleted{});
    event.payload = PodDeleted{event.at - span};
    return event;
}

Event activated_after(Duration span, TextId image = TextId{1}) {
    Event event = event_of(Operation::complete_activation, Outcome::transitioned, image);
    event.payload = ActivationCompleted{{}, event.at - span};
    return event;
}

// A sample at a bound belongs to its bucket; one nanosecond more does not.
template <typename H, typename Bounds, typename Add>
void check_bounds(const H& histogram, const Bounds& bounds, Add add) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        const auto before = histogram.cumulative();
        add(Duration{bounds[i]});
        CHECK(histogram.cumulative()[i] == before[i] + 1);
        CHECK((i == 0 || histogram.cumulative()[i - 1] == before[i - 1]));
        add(Duration{bounds[i] + 1});
        CHECK(histogram.cumulative()[i] == before[i] + 1);
        CHECK(histogram.cumulative()[i + 1] == before[i + 1] + 2);
    }
}

}  // namespace

TEST_SUITE("projections/durations") {
    TEST_CASE("call buckets include their bounds") {
        Durations durations;
        check_bounds(durations.calls(Operation::drain), bounds::transition,
                     [&](Duration took) { durations.apply(measured(Operation::drain, took.ns)); });
        CHECK(durations.calls(Operation::drain).count() == 24);
    }

    TEST_CASE("drain buckets include their bounds") {
        Durations durations;
        check_bounds(durations.drains(), bounds::drain,
                     [&](Duration took) { durations.apply(drained_for(took)); });
    }

    TEST_CASE("activation buckets include their bounds") {
        Durations durations;
        durations.apply(activated_after(Duration{0}));
        REQUIRE(durations.activations(TextId{1}));
        check_bounds(*durations.activations(TextId{1}), bounds::activation,
                     [&](Duration took) { durations.apply(activated_after(took)); });
    }

    TEST_CASE("the bounds are those of the contract") {
        CHECK(bounds::transition ==
              std::array<std::int64_t, 12>{1'000'000, 5'000'000, 10'000'000, 25'000'000, 50'000'000,
                                           100'000'000, 250'000'000, 500'000'000, 1'000'000'000,
                                           2'500'000'000, 5'000'000'000, 10'000'000'000});
        CHECK(bounds::drain ==
              std::array<std::int64_t, 10>{50'000'000, 100'000'000, 250'000'000, 500'000'000,
                                           1'000'000'000, 2'500'000'000, 5'000'000'000,
                                           10'000'000'000, 30'000'000'000, 60'000'000'000});
        CHECK(bounds::activation ==
              std::array<std::int64_t, 9>{100'000'000, 250'000'000, 500'000'000, 1'000'000'000,
                                          2'500'000'000, 5'000'000'000, 10'000'000'000,
                                          30'000'000'000, 60'000'000'000});
    }

    TEST_CASE("a negative duration counts as zero") {
        Durations durations;
        durations.apply(measured(Operation::park, -5));
        durations.apply(drained_for(Duration{-1}));
        durations.apply(activated_after(Duration{-1}));
        for (const auto& [count, sum] :
             {std::pair{durations.calls(Operation::park).cumulative()[0],
                        durations.calls(Operation::park).sum_ns()},
              std::pair{durations.drains().cumulative()[0], durations.drains().sum_ns()},
              std::pair{durations.activations(TextId{1})->cumulative()[0],
                        durations.activations(TextId{1})->sum_ns()}}) {
            CHECK(count == 1);
            CHECK(sum == 0);
        }
    }

    TEST_CASE("sums are exact and stick at the end of their range") {
        Durations durations;
        durations.apply(measured(Operation::park, 1));
        durations.apply(measured(Operation::park, 2));
        CHECK(durations.calls(Operation::park).sum_ns() == 3);
        durations.apply(measured(Operation::park, INT64_MAX));
        CHECK(durations.calls(Operation::park).sum_ns() == INT64_MAX);
        CHECK(durations.calls(Operation::park).count() == 3);
    }

    TEST_CASE("only operations on a worker are timed") {
        Durations durations;
        for (const auto& operation : all_labels<Operation>())
            durations.apply(measured(operation.value, 1));
        for (const auto& operation : all_labels<Operation>())
            CHECK(durations.calls(operation.value).count() == int{acts_on_worker(operation.value)});
        durations.apply(measured(static_cast<Operation>(200), 1));
        CHECK(durations.calls(static_cast<Operation>(200)).count() == 0);
    }

    TEST_CASE("tallied heartbeats bring a sample each") {
        Durations durations;
        Event event = event_of(Operation::heartbeat);
        event.count = 3;
        event.payload = HeartbeatsTallied{event.at, {Duration{1}, Duration{2}, Duration{3}}};
        durations.apply(event);
        CHECK(durations.calls(Operation::heartbeat).count() == 3);
        CHECK(durations.calls(Operation::heartbeat).sum_ns() == 6);
    }

    TEST_CASE("a failure appended late brings its samples along") {
        Durations durations;
        Event event = event_of(Operation::drain, Outcome::store_error);
        event.payload = OperationFailed{ErrorCode::no_space, {seconds(1), seconds(20)}};
        durations.apply(event);
        event.payload = OperationFailed{ErrorCode::invalid_request, {}};
        durations.apply(event);
        CHECK(durations.calls(Operation::drain).count() == 2);
        CHECK(durations.calls(Operation::drain).cumulative()[11] == 1);

        Event other = event_of(Operation::cp_heartbeat, Outcome::store_error);
        other.payload = OperationFailed{ErrorCode::io, {seconds(1)}};
        durations.apply(other);
        CHECK(durations.calls(Operation::cp_heartbeat).count() == 0);
    }

    TEST_CASE("a pod deleted outside a drain gives no sample") {
        Durations durations;
        durations.apply(report(Operation::pod_deleted, PodDeleted{}));
        durations.apply(report(Operation::pod_delete_failed, NoDetail{}));
        durations.apply(event_of(Operation::drain, Outcome::fence_miss_owner));
        CHECK(durations.drains().count() == 0);
    }

    TEST_CASE("a refused activation gives no sample") {
        Durations durations;
        Event event = activated_after(seconds(1));
        event.outcome = Outcome::fence_miss_state;
        durations.apply(event);
        CHECK(durations.activations(TextId{1}) == nullptr);
        CHECK(durations.activated_images().empty());
    }

    TEST_CASE("an activation without a known reservation gives no sample") {
        Durations durations;
        Event event = event_of(Operation::complete_activation);
        event.payload = ActivationCompleted{};
        durations.apply(event);
        CHECK(durations.activated_images().empty());
    }

    TEST_CASE("times at the ends of their range do not overflow") {
        Durations durations;
        Event event = report(Operation::pod_deleted, PodDeleted{Time{INT64_MIN}});
        event.at = Time{INT64_MAX};
        durations.apply(event);
        CHECK(durations.drains().sum_ns() == INT64_MAX);
        event.payload = PodDeleted{Time{INT64_MAX}};
        event.at = Time{INT64_MIN};
        durations.apply(event);
        CHECK(durations.drains().count() == 2);
        CHECK(durations.drains().cumulative()[0] == 1);
    }

    TEST_CASE("saved bytes come back and are the same in any order of events") {
        Durations forward, backward;
        for (std::uint32_t i = 0; i < 20; ++i)
            forward.apply(activated_after(seconds(i), TextId{i}));
        for (std::uint32_t i = 20; i-- > 0;) backward.apply(activated_after(seconds(i), TextId{i}));
        for (Durations* one : {&forward, &backward}) {
            one->apply(measured(Operation::spawn, 7));
            one->apply(measured(Operation::retire_idle_variant_from_snapshot, 8));
            one->apply(drained_for(seconds(3)));
        }
        CHECK(bytes_of(forward) == bytes_of(backward));
        CHECK(survives_saving(forward));
        CHECK(forward.texts_needed() == 20);
        CHECK(survives_saving(Durations{}));
    }

    TEST_CASE("calls of an operation that has none are not read") {
        Durations durations;
        durations.apply(measured(Operation::spawn, 7));
        std::string bytes = bytes_of(durations);
        REQUIRE(bytes[4] == static_cast<char>(Operation::spawn));
        bytes[4] = static_cast<char>(Operation::cp_heartbeat);
        Durations loaded;
        CHECK_FALSE(reads(loaded, bytes));
    }
}
