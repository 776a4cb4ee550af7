// A child that is forked in the middle of a batch: what its parent held, nobody there lets go.

#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "tests/support/passing_journal.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/store_fork");

namespace {

class Watched final : public PassingJournal {
  public:
    explicit Watched(std::function<void()> before_append)
        : PassingJournal(make_memory_journal(std::make_shared<MemoryStorage>())),
          before_append_(std::move(before_append)) {}
    Result<Head> append(const Commit& commit) override {
        before_append_();
        return PassingJournal::append(commit);
    }

  private:
    std::function<void()> before_append_;
};

// 0: it was.
int refused(LifecycleStore& store) {
    const std::vector<Command> commands(2, Command{{}, Spawn{.image = "i"}});
    auto one = store.spawn({.image = "i"});
    if (one || one.error().code != ErrorCode::invalid_request) return 1;
    if (one.error().effect != Effect::not_applied) return 2;
    for (const auto& answer : store.apply(commands))
        if (answer || answer.error().code != ErrorCode::invalid_request) return 3;
    return 0;
}

}  // namespace

TEST_CASE("a child forked while a batch is written is refused") {
    std::unique_ptr<LifecycleStore> store;
    int status = -1;
    auto opened = LifecycleStore::open({.instance = "cp-a"}, std::make_unique<Watched>([&] {
                                           if (status != -1) return;
                                           const pid_t child = ::fork();
                                           if (child == 0) {
                                               ::alarm(20);
                                               ::_exit(refused(*store));
                                           }
                                           ::waitpid(child, &status, 0);
                                       }));
    REQUIRE(opened);
    store = std::move(*opened);
    CHECK(store->spawn({.image = "i"}).has_value());
    CHECK(status == 0);
    CHECK(store->spawn({.image = "i"}).has_value());
}

TEST_SUITE_END();

}  // namespace fenceline::testing
