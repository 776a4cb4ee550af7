// Processes that are killed while they write, check and start: whatever they were answered is
// there once, whole, and asking again gives the first answer.
//
//   --seed 17     other moments
//   --scale 5     five times as many kills
//   --long        a thousand kills
//
// A kill alone proves little about durability, as the kernel keeps what was written: that is what
// the power cuts are for.

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

namespace {

constexpr const char* orders_variable = "FENCELINE_VICTIM";
constexpr const char* victim_case = "a process that will be killed";
constexpr int threads_each = 3;

// --- the victim: spawns and adopts for ever, and writes down what it was answered

StoreOptions victim_options(const std::string& path, const std::string& name) {
    return {.path = path,
            .instance = name,
            .heartbeat_resolution = Duration{},
            .checkpoint_events = 40,  // so that kills fall into checkpoints too
            .wal_reserve_bytes = 1 << 20};
}

Command command_of(const std::string& id) {
    return {{.origin = Origin::public_api, .request_id = id}, Spawn{.image = "image"}};
}

// One line an answer, by one write: a kill leaves it whole or absent.
void note(int file, const std::string& id, const Answer& answer) {
    const auto line = id + " " + std::to_string(answer.position.value) + " " +
                      std::to_string(answer.worker.value) + "\n";
    (void)!::write(file, line.data(), line.size());
}

// Ends a victim whose store or journal refused it, with the reason for whoever reads the run.
[[noreturn]] void give_up(const char* doing, const std::string& why) {
    std::fprintf(stderr, "a victim, %s: %s\n", doing, why.c_str());
    ::_exit(6);
}

// One that also packs history all the time, and drops most of it: kills fall into either.
bool keeps_house(const std::string& name) {
    return name.starts_with("keeper-");
}

void keep_house(const std::string& path, const std::string& name, int pipe) {
    auto journal = open_journal({.path = path, .wal_reserve_bytes = 1 << 20});
    if (!journal) give_up("opening the journal", journal.error().text);
    for (;;) {
        SealStep sealed{.more = true};
        while (sealed.more) {
            const auto head = (*journal)->head();
            if (!head) give_up("reading the head", head.error().text);
            const auto step =
                (*journal)->seal({.last = Position{head->position.value - 10}, .least = 20});
            if (!step) give_up("sealing", step.error().text);
            sealed = *step;
        }
        RetainStep dropped{.more = true};
        while (dropped.more) {
            const auto step = (*journal)->retain({.most_bytes = 1, .keep = 40, .by = name});
            if (!step) give_up("dropping", step.error().text);
            dropped = *step;
        }
        (void)!::write(pipe, "h", 1);
    }
}

int be_victim(const std::string& orders) {
    std::string path, name;
    int pipe = -1;
    std::istringstream(orders) >> path >> name >> pipe;
    const int log =
        ::open((path + "." + name + ".log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    (void)!::write(pipe, "s", 1);  // it starts: a kill from here on may fall into the opening
    auto store = LifecycleStore::open(victim_options(path, name));
    if (!store) give_up("opening its store", store.error().text);
    std::vector<std::jthread> threads;
    for (int t = 0; t < threads_each; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0;; ++i) {
                const auto id = name + "-" + std::to_string(t) + "-" + std::to_string(i);
                std::vector<Command> commands{command_of(id)};
                if (i % 4 == 3) commands.push_back(command_of(id + "b"));  // a batch of one caller
                const auto answers = (*store)->apply(commands);
                for (std::size_t n = 0; n < answers.size(); ++n) {
                    if (!answers[n]) give_up("asking", answers[n].error().text);
                    note(log, commands[n].ask.request_id, *answers[n]);
                }
                (void)!::write(pipe, "a", 1);
            }
        });
    if (keeps_house(name)) threads.emplace_back([&] { keep_house(path, name, pipe); });
    threads.clear();
    return 0;
}

// --- the harness

struct Victim {
    pid_t pid = -1;
    int pipe = -1;
};

Victim start(const std::string& path, const std::string& name) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    const std::string variable =
        std::string(orders_variable) + "=" + path + " " + name + " " + std::to_string(ends[1]);
    const std::string which = std::string("--test-case=") + victim_case;
    std::vector<char*> arguments;
    for (const char* argument : {"victim", "--no-skip", "--no-intro", which.c_str()})
        arguments.push_back(const_cast<char*>(argument));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
    environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        const int nowhere = ::open("/dev/null", O_WRONLY);
        ::dup2(nowhere, 1);
        ::execve("/proc/self/exe", arguments.data(), environment.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    return {pid, ends[0]};
}

// Waits for so many bytes of progress; false when none came for a while or the process ended.
bool wait_for(const Victim& victim, std::int64_t bytes) {
    char buffer[256];
    while (bytes > 0) {
        pollfd waiting{victim.pipe, POLLIN, 0};
        if (::poll(&waiting, 1, 20'000) <= 0) return false;
        const auto n =
            ::read(victim.pipe, buffer,
                   std::min<std::size_t>(sizeof buffer, static_cast<std::size_t>(bytes)));
        if (n <= 0) return false;
        bytes -= n;
    }
    return true;
}

// Within microseconds of the last answer, at another moment each time.
void spin(std::uint64_t turns) {
    std::atomic<std::uint64_t> turn = 0;
    while (turn.fetch_add(1) < turns) {
    }
}

void kill_hard(Victim& victim) {
    ::kill(victim.pid, SIGKILL);
    int status = 0;
    ::waitpid(victim.pid, &status, 0);
    ::close(victim.pipe);
    CHECK(WIFSIGNALED(status));  // it ran until then: no answer was an error
    victim.pid = -1;
}

struct Answered {
    std::int64_t position = 0, worker = 0;
};

std::map<std::string, Answered> answered_by(const std::string& path, const std::string& name) {
    std::map<std::string, Answered> out;
    std::ifstream in(path + "." + name + ".log");
    std::string id;
    for (Answered answer; in >> id >> answer.position >> answer.worker;) out[id] = answer;
    return out;
}

struct Judgement {
    std::int64_t answered = 0, unanswered = 0;
    Position beginning;     // what came before was dropped, and says so
    std::string objection;  // empty: all is as it was promised
};

// All that was answered is there once, at its position; asking again says the same.
Judgement judge(const std::string& path, const std::vector<std::string>& names) {
    Judgement out;
    auto reader = open_reader(path);
    REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
    const auto heard = hear(**reader);
    const auto beginning = (*reader)->beginning();
    REQUIRE(beginning.has_value());
    out.beginning = beginning->position;
    std::map<std::string, const Event*> by_id;
    const auto object = [&](const std::string& what) {
        if (out.objection.empty()) out.objection = what;
    };
    for (const auto& event : heard.events)
        if (!event.request_id.empty() && !by_id.emplace(event.request_id, &event).second)
            object("twice: " + event.request_id);
    const auto verified = replay::verify(**reader);
    REQUIRE(verified.has_value());
    if (!verified->sound()) object(verified->findings.front().what);
    for (const auto& name : names) {
        const auto answers = answered_by(path, name);
        for (const auto& [id, answer] : answers) {
            const auto it = by_id.find(id);
            const bool dropped = answer.position <= out.beginning.value;
            if (it == by_id.end() && !dropped)
                object("lost: " + id);
            else if (it == by_id.end())
                continue;
            else if (it->second->position.value != answer.position ||
                     it->second->worker.value != answer.worker)
                object("answered otherwise than it is there: " + id);
        }
        auto store = LifecycleStore::open(victim_options(path, name));
        REQUIRE(store.has_value());
        for (const auto& [id, event] : by_id) {
            if (!id.starts_with(name + "-")) continue;
            const auto again = (*store)->apply(command_of(id));
            if (!again || !again->replayed || again->position != event->position)
                object("asked again it is another one: " + id);
            ++(answers.contains(id) ? out.answered : out.unanswered);
        }
    }
    return out;
}

struct Totals {
    std::int64_t kills = 0, at_start = 0, answered = 0, unanswered = 0;
};

// Three processes on one journal: one is killed at a time and replaced, the others go on.
Judgement round(std::uint64_t seed, Totals& totals, const std::string& kind = "cp-") {
    std::mt19937_64 random(seed);
    TempDir dir;
    const auto path = dir / "pool.db";
    REQUIRE(create_journal({.path = path, .wal_reserve_bytes = 0}).has_value());
    std::vector<std::string> names;
    std::vector<Victim> victims;
    const auto begin = [&] {
        names.push_back(kind + std::to_string(names.size()));
        return start(path, names.back());
    };
    for (int i = 0; i < 3; ++i) victims.push_back(begin());
    for (auto& victim : victims) REQUIRE(wait_for(victim, 2));
    for (int kill = 0; kill < 10; ++kill) {
        auto& victim = victims[random() % victims.size()];
        const bool at_start = random() % 3 == 0;
        if (at_start) {  // the one that replaces it gets no further than its opening
            auto young = begin();
            REQUIRE(wait_for(young, 1));
            spin(random() % 3'000'000);
            kill_hard(young);
            ++totals.at_start;
        } else {
            REQUIRE(wait_for(victim, 1 + static_cast<std::int64_t>(random() % 20)));
            spin(random() % 200'000);
            kill_hard(victim);
            victim = begin();
        }
        ++totals.kills;
        // Whoever is left is served: nobody waits for the dead.
        for (auto& survivor : victims) REQUIRE(wait_for(survivor, 2));
    }
    for (auto& victim : victims) kill_hard(victim);
    totals.kills += 3;
    const auto judged = judge(path, names);
    CHECK_MESSAGE(judged.objection.empty(), judged.objection);
    totals.answered += judged.answered;
    totals.unanswered += judged.unanswered;
    return judged;
}

}  // namespace

TEST_SUITE_BEGIN("crash/kill");

TEST_CASE(victim_case* doctest::skip()) {
    if (const char* orders = std::getenv(orders_variable)) std::_Exit(be_victim(orders));
}

TEST_CASE("a killed writer leaves all that was answered and nothing by halves") {
    const Extent extent;
    const auto rounds = static_cast<std::uint64_t>(extent.scaled(extent.long_form ? 77 : 3));
    const auto first = extent.seed_or(1);
    Totals totals;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        CAPTURE(first + i);
        (void)round(first + i, totals);
    }
    MESSAGE(totals.kills << " kills, " << totals.at_start << " of them at the start; "
                         << totals.answered << " answered operations are there once, and "
                         << totals.unanswered << " that nobody was told of");
    if (extent.judged()) CHECK(totals.kills >= 30);
    CHECK(totals.answered > 100);
}

TEST_CASE("a process killed while it seals or drops leaves a journal that is whole") {
    const Extent extent;
    const auto rounds = static_cast<std::uint64_t>(extent.scaled(extent.long_form ? 30 : 1));
    const auto first = extent.seed_or(1);
    Totals totals;
    Position dropped;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        CAPTURE(first + i);
        dropped = std::max(dropped, round(first + i, totals, "keeper-").beginning);
    }
    MESSAGE(totals.kills << " kills; events up to #" << dropped.value << " were dropped meanwhile");
    CHECK(totals.kills >= 13);
    CHECK(dropped.given());
}

TEST_CASE("the judge sees an answer that is lost and one that is there otherwise") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto options = victim_options(path, "cp-0");
    options.create = true;
    {
        auto store = LifecycleStore::open(options);
        REQUIRE(store.has_value());
        REQUIRE((*store)->apply(command_of("cp-0-0-0")).has_value());
    }
    std::string line, word;
    SUBCASE("as it was") {
        line = "cp-0-0-0 1 1";
    }
    SUBCASE("lost") {
        line = "cp-0-0-1 2 2";
        word = "lost";
    }
    SUBCASE("otherwise") {
        line = "cp-0-0-0 1 2";
        word = "otherwise";
    }
    std::ofstream(path + ".cp-0.log") << line << "\n";
    const auto judged = judge(path, {"cp-0"});
    CHECK(judged.objection.empty() == word.empty());
    CHECK(judged.objection.find(word) != std::string::npos);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
