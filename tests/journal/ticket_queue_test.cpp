// The queue alone: who rides with whom, and that everybody is answered once.

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <ctime>
#include <new>
#include <thread>

#include "events/limits.hpp"
#include "journal/ticket_queue.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/ticket_queue");

namespace {

// Counts what comes, and answers each command with its place in the order of all.
struct Counting {
    std::int64_t answered = 0;
    std::vector<std::size_t> batches;  // operations in each
    int afterwards = 0;
    bool cut_short = false;  // each batch ends with what it had first, as where memory runs out
    std::function<void()> before_the_end = [] {};

    std::atomic<int> aside = 0;
    std::function<void()> while_aside = [] {};

    TicketQueue queue{{.run = [this](Batch& batch) { run(batch); },
                       .afterwards = [this] { ++afterwards; },
                       .aside =
                           [this] {
                               ++aside;
                               while_aside();
                           }}};

    void run(Batch& batch) {
        std::size_t operations = 0;
        for (auto tickets = batch.next(); !tickets.empty();
             tickets = cut_short ? std::span<Ticket* const>() : batch.next())
            for (Ticket* ticket : tickets)
                for (std::size_t i = 0; i < ticket->commands.size(); ++i) {
                    Answer answer;
                    answer.position = Position{++answered};
                    ticket->answers.emplace_back(answer);
                    ++operations;
                }
        batches.push_back(operations);
        before_the_end();
        batch.wake();
    }
};

// As a batch on a slow disk does.
void last_for(std::chrono::milliseconds span) {
    const auto until = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a lone caller writes its own batch") {
    Counting counting;
    const std::vector<Command> commands(3);
    Ticket ticket(commands, {});
    REQUIRE(counting.queue.submit(ticket));
    CHECK(ticket.answers.size() == 3);
    CHECK(counting.batches == std::vector<std::size_t>{3});
    CHECK(counting.afterwards == 1);
    CHECK(counting.aside == 1);
}

TEST_CASE("what is done aside holds up nobody") {
    Counting counting;
    const std::vector<Command> one(1);
    counting.while_aside = [&] {
        if (counting.aside > 1) return;
        Ticket other(one, {});
        CHECK(counting.queue.submit(other));
        CHECK(other.answers.size() == 1);
    };
    Ticket ticket(one, {});
    REQUIRE(counting.queue.submit(ticket));
    CHECK(counting.answered == 2);
    CHECK(counting.aside == 2);
}

TEST_CASE("who comes while a batch is written shares the next one") {
    Counting counting;
    constexpr int others = 5;
    const std::vector<Command> one(1);
    std::vector<std::jthread> threads;
    std::atomic<int> entering = 0;
    counting.before_the_end = [&] {
        if (entering != 0) return;
        for (int i = 0; i < others; ++i)
            threads.emplace_back([&] {
                Ticket ticket(one, {});
                ++entering;
                CHECK(counting.queue.submit(ticket));
                CHECK(ticket.answers.size() == 1);
            });
        while (entering < others) std::this_thread::yield();
    };
    Ticket ticket(one, {});
    REQUIRE(counting.queue.submit(ticket));
    threads.clear();
    CHECK(counting.batches.front() == 1);
    CHECK(counting.answered == 1 + others);
}

TEST_CASE("a full batch leaves the rest to the next and everybody is answered once") {
    Counting counting;
    constexpr int callers = 8;
    constexpr int rounds = 200;
    // Three fit into one batch, four do not.
    const std::vector<Command> commands(limits::batch_operations / 3);
    std::atomic<std::int64_t> sum = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < callers; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    Ticket ticket(commands, {});
                    CHECK(counting.queue.submit(ticket));
                    CHECK(ticket.answers.size() == commands.size());
                    for (const auto& answer : ticket.answers) sum += answer->position.value;
                }
            });
    }
    const auto all = std::int64_t{callers} * rounds * static_cast<std::int64_t>(commands.size());
    CHECK(counting.answered == all);
    CHECK(sum == all * (all + 1) / 2);
    CHECK(counting.afterwards == static_cast<int>(counting.batches.size()));
    for (const auto operations : counting.batches) CHECK(operations <= limits::batch_operations);
}

// Between two rounds nobody asks, so that nobody is woken by what comes later.
TEST_CASE("everybody is woken though nobody comes after") {
    constexpr int callers = 64;
    constexpr int rounds = 60;
    Counting counting;
    SUBCASE("of whole batches") {}
    SUBCASE("of batches that are cut short") {
        counting.cut_short = true;
    }
    SUBCASE("of batches that take long, so that their callers sleep") {
        counting.before_the_end = [] { last_for(std::chrono::milliseconds(1)); };
    }
    SUBCASE("of batches of which some take long") {
        counting.before_the_end = [&] {
            if (counting.batches.size() % 3 == 0) last_for(std::chrono::milliseconds(1));
        };
    }
    std::barrier all(callers);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < callers; ++i)
            threads.emplace_back([&, i] {
                // Of some three fit into one batch, so that many are left over.
                const std::vector<Command> commands(i % 8 == 0 ? limits::batch_operations / 3 : 1);
                for (int round = 0; round < rounds; ++round) {
                    all.arrive_and_wait();
                    Ticket ticket(commands, {});
                    CHECK(counting.queue.submit(ticket));
                    CHECK(ticket.answers.size() == commands.size());
                }
            });
    }
    CHECK(counting.answered ==
          rounds * (callers / 8 * static_cast<std::int64_t>(limits::batch_operations / 3) +
                    callers / 8 * 7));
}

TEST_CASE("everybody who sleeps is woken by those who were before") {
    Counting counting;
    constexpr int callers = 64;
    constexpr int rounds = 500;
    const std::vector<Command> one(1);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < callers; ++i)
            threads.emplace_back([&, i] {
                // Now and then one comes late, so that batches differ.
                for (int round = 0; round < rounds; ++round) {
                    for (int late = 0; (round + i) % 97 == 0 && late < 50; ++late)
                        std::this_thread::yield();
                    Ticket ticket(one, {});
                    CHECK(counting.queue.submit(ticket));
                    CHECK(ticket.answers.size() == 1);
                }
            });
    }
    CHECK(counting.answered == callers * rounds);
}

TEST_CASE("a caller that waits for long sleeps") {
    Counting counting;
    const std::vector<Command> one(1);
    std::atomic<bool> asked = false;
    timespec used{};
    std::jthread other;
    counting.before_the_end = [&] {
        if (other.joinable()) return;
        other = std::jthread([&] {
            Ticket ticket(one, {});
            asked = true;
            CHECK(counting.queue.submit(ticket));
            ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        });
        while (!asked) std::this_thread::yield();
        last_for(std::chrono::milliseconds(400));
    };
    Ticket ticket(one, {});
    REQUIRE(counting.queue.submit(ticket));
    other.join();
    CHECK(counting.answered == 2);
    CHECK(used.tv_sec == 0);
    CHECK(used.tv_nsec < 100'000'000);  // of the 400 ms
}

TEST_CASE("a call larger than a batch goes alone") {
    Counting counting;
    const std::vector<Command> commands(limits::batch_operations + 1);
    Ticket ticket(commands, {});
    REQUIRE(counting.queue.submit(ticket));
    CHECK(counting.batches == std::vector<std::size_t>{limits::batch_operations + 1});
}

TEST_CASE("the next caller writes though the one before ran out of memory") {
    Counting counting;
    counting.before_the_end = [] { throw std::bad_alloc(); };
    const std::vector<Command> commands(1);
    Ticket first(commands, {});
    CHECK_THROWS_AS((void)counting.queue.submit(first), std::bad_alloc);
    counting.before_the_end = [] {};
    Ticket second(commands, {});
    std::thread caller([&] { CHECK(counting.queue.submit(second)); });
    caller.join();
    CHECK(second.answers.size() == 1);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
