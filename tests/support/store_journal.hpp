#pragma once

// A journal that stores really wrote, in commits of all sizes: legal from end to end, by two
// control planes, with request ids, durations and flushes. The same seed gives the same events.
//
//   write_store_journal(dir / "pool.db", seed, 60);

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "journal/start.hpp"
#include "projections/metrics.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/random_commands.hpp"

namespace fenceline::testing {

// Commands for a journal that others write too: a fold of it tells what there is to ask about.
class StoreScript {
  public:
    StoreScript(const std::string& path, std::uint64_t seed, FakeClock& clock)
        : random_(seed), clock_(clock) {
        clock_.step(Duration{1'500'000});
        for (const char* instance : {"cp-0", "cp-1"}) {
            auto store = LifecycleStore::open({.path = path,
                                               .create = true,
                                               .instance = instance,
                                               .run = std::string("run-") + instance,
                                               .clock = &clock_,
                                               .checkpoint_events = 100'000,
                                               .wal_reserve_bytes = 0});
            REQUIRE_MESSAGE(store.has_value(), (store ? std::string() : store.error().text));
            stores_.push_back(std::move(*store));
        }
        auto reader = open_reader(path);
        REQUIRE(reader.has_value());
        reader_ = std::move(*reader);
        auto start = own_start(*reader_);
        REQUIRE(start.has_value());
        fold_ = std::move(start->fold);
        seen_ = start->head;
    }

    // One commit, and now and then a flush.
    void batch() {
        clock_.advance(Duration{static_cast<std::int64_t>(random_.below(3'000'000'000))});
        look();
        std::vector<Command> commands;
        for (auto n = 1 + random_.below(6); n > 0; --n) {
            auto command = random_.next(fold_.world, clock_.now());
            if (random_.chance(3)) command.ask.request_id = "r-" + std::to_string(++requests_);
            commands.push_back(std::move(command));
        }
        auto& store = *stores_[random_.below(2)];
        for (const auto& answer : store.apply(commands))
            REQUIRE((answer.has_value() || answer.error().code == ErrorCode::invalid_request));
        StoreStatus status;
        if (random_.chance(9)) REQUIRE(store.metrics({}, status).has_value());
    }

  private:
    void look() {
        const auto head = reader_->head();
        REQUIRE(head.has_value());
        FoldSink sink(fold_, seen_, *head);
        REQUIRE(reader_->read(seen_, head->position, sink).has_value());
        seen_ = *head;
    }

    RandomCommands random_;
    FakeClock& clock_;
    std::vector<std::unique_ptr<LifecycleStore>> stores_;
    std::unique_ptr<Reader> reader_;
    Fold fold_;
    Head seen_;
    int requests_ = 0;
};

inline void write_store_journal(const std::string& path, std::uint64_t seed, int batches) {
    FakeClock clock;
    StoreScript script(path, seed, clock);
    for (int i = 0; i < batches; ++i) script.batch();
}

}  // namespace fenceline::testing
