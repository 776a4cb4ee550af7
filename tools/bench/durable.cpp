// Durable operations per second, one caller and many, and how long a caller waits.

#include <filesystem>

#include "journal/journal.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tools/bench/bare_sqlite.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/callers.hpp"

namespace fenceline::tools::bench {

namespace {

// Commits between two positions: how many callers shared one.
class SealCount : public Sink {
  public:
    bool seal(const Seal& seal) override {
        commits += seal.first <= seal.last;
        return true;
    }
    std::int64_t commits = 0;
};

Result<double> operations_per_commit(const std::string& path, const std::vector<Position>& spans) {
    auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    double operations = 0, commits = 0;
    for (std::size_t i = 0; i + 1 < spans.size(); i += 2) {
        SealCount until, from;
        FENCELINE_TRY((*reader)->read({}, spans[i], from));
        FENCELINE_TRY((*reader)->read({}, spans[i + 1], until));
        operations += static_cast<double>(spans[i + 1].value - spans[i].value);
        commits += static_cast<double>(until.commits - from.commits);
    }
    return commits > 0 ? operations / commits : 0;
}

}  // namespace

Result<void> measure_durable(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/durable.db";
    auto bare = BareSqlite::open(options.folder + "/bare.db");
    if (!bare) return tl::unexpected<Error>(std::move(bare.error()));
    // Nothing is sealed meanwhile: bare SQLite packs nothing either, and a run would be slower from
    // its first million events on.
    auto store = LifecycleStore::open({.path = path,
                                       .create = true,
                                       .instance = "bench",
                                       .heartbeat_resolution = {},
                                       .seal_after = 0});
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    std::vector<Caller> all;
    for (int i = 0; i < options.callers; ++i) {
        auto caller = Caller::make(**store, i);
        if (!caller) return tl::unexpected<Error>(std::move(caller.error()));
        all.push_back(std::move(*caller));
    }
    std::vector<Caller> one{all.front()};

    std::vector<double> ours_1, bare_1, ours_n, bare_n, bare_threads, ours_loop, speedup, waits;
    std::vector<Position> shared;
    for (int round = 0; round < options.rounds; ++round) {
        auto b1 = (*bare)->insert_for(options.seconds_per_round, 1);
        if (!b1) return tl::unexpected<Error>(std::move(b1.error()));
        auto o1 = run_threads(**store, one, options.seconds_per_round);
        if (!o1) return tl::unexpected<Error>(std::move(o1.error()));
        all.front() = one.front();
        auto bn = (*bare)->insert_for(options.seconds_per_round, options.callers);
        if (!bn) return tl::unexpected<Error>(std::move(bn.error()));
        shared.push_back((*store)->status().position);
        auto on = run_threads(**store, all, options.seconds_per_round);
        if (!on) return tl::unexpected<Error>(std::move(on.error()));
        shared.push_back((*store)->status().position);
        auto bt = run_bare_threads(**bare, options.callers, options.seconds_per_round);
        if (!bt) return tl::unexpected<Error>(std::move(bt.error()));
        bare_threads.push_back(bt->per_second);
        auto loop = run_loop(**store, all, options.seconds_per_round);
        if (!loop) return tl::unexpected<Error>(std::move(loop.error()));
        one.front() = all.front();
        ours_loop.push_back(loop->per_second);
        ours_1.push_back(o1->per_second);
        bare_1.push_back(*b1);
        ours_n.push_back(on->per_second);
        bare_n.push_back(*bn);
        speedup.push_back(on->per_second / o1->per_second);
        waits.insert(waits.end(), on->waits_us.begin(), on->waits_us.end());
    }
    const auto position = (*store)->status().position.value;
    FENCELINE_TRY((*store)->close());
    std::error_code ignored;
    const auto bytes = static_cast<double>(std::filesystem::file_size(path, ignored));

    auto per_commit = operations_per_commit(path, shared);
    if (!per_commit) return tl::unexpected<Error>(std::move(per_commit.error()));

    const std::string n = std::to_string(options.callers);
    using enum Figure::Goal;
    figures.push_back({"durable_1", "durable operations, 1 caller", "op/s", median(ours_1),
                       median(bare_1), 0.9, ratio_at_least});
    figures.push_back({"durable_n", n + " callers, a thread each", "op/s", median(ours_n),
                       median(bare_n), 0.8, ratio_at_least});
    figures.push_back({"durable_threads", "... bare SQLite behind the same queue", "op/s",
                       median(ours_n), median(bare_threads), 0, none});
    figures.push_back({"durable_loop", n + " callers, one event loop", "op/s", median(ours_loop),
                       median(bare_n), 0.8, ratio_at_least});
    figures.push_back(
        {"durable_speedup", n + " callers against one", "x", median(speedup), 0, 15, at_least});
    figures.push_back({"per_commit", "operations a commit, " + n + " callers", "", *per_commit});
    figures.push_back(
        {"wait_p50", "one of " + n + " callers waits, p50", "us", quantile(waits, 0.5)});
    figures.push_back({"wait_p99", "p99", "us", quantile(waits, 0.99)});
    figures.push_back({"wait_p999", "p99.9", "us", quantile(waits, 0.999)});
    figures.push_back(
        {"bytes_per_event", "on disk, an event", "B", bytes / static_cast<double>(position)});
    return {};
}

}  // namespace fenceline::tools::bench
