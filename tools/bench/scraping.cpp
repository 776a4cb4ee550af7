// A page of metrics of a pool of many images, and what its scrapes cost those who write meanwhile.

#include <atomic>
#include <chrono>
#include <thread>

#include "journal/lifecycle_store.hpp"
#include "metrics/prometheus_exporter.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/callers.hpp"
#include "tools/bench/filled_journal.hpp"

namespace fenceline::tools::bench {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t images = 1'000;
constexpr int first_caller = 1'000;  // its workers' numbers are beyond the pool's
constexpr auto between_scrapes = std::chrono::milliseconds(100);

// Gives each image every series that a page can have of it, but for its failures: lives that have
// ended, a live worker, a warm target, a health check and a miss.
Result<void> make_pool(LifecycleStore& store) {
    FENCELINE_TRY(fill(store, images * 10, images));
    constexpr std::int64_t first = images + 1;
    const Ask ask{.caller = "cp-a:boot-1", .origin = Origin::public_api};
    SetWarmCapacityTargets targets{.targets = {}, .max_workers = images};
    std::vector<Command> commands;
    for (std::int64_t i = 0; i < images; ++i) {
        const std::string image = "registry/duck:v1." + std::to_string(i);
        targets.targets.emplace_back(image, 1);
        commands.push_back({ask, Adopt{{.worker = WorkerId{first + i},
                                        .pod = "worker-" + std::to_string(first + i),
                                        .image = image,
                                        .org = "org",
                                        .owner = ask.caller,
                                        .state = State::hot,
                                        .epoch = Epoch{1}}}});
        commands.push_back({ask, ReportHealthChecked{.image = image}});
        commands.push_back({ask, ReportWarmCapacityMissed{.image = image}});
    }
    commands.push_back({ask, std::move(targets)});
    for (auto& answer : store.apply(commands))
        if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
    return {};
}

// Scrapes in turn, as a Prometheus does, for as long as it lives.
class Scraper {
  public:
    explicit Scraper(const prometheus::Collectable& page)
        : thread_([this, &page] {
              while (!stop_) {
                  const auto entered = Steady::now();
                  (void)expose_text(page);
                  const std::chrono::duration<double, std::milli> took = Steady::now() - entered;
                  took_ms_.push_back(took.count());
                  std::this_thread::sleep_until(entered + between_scrapes);
              }
          }) {}
    ~Scraper() { (void)stop(); }
    std::vector<double> stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
        return std::move(took_ms_);
    }

  private:
    std::atomic<bool> stop_ = false;
    std::vector<double> took_ms_;
    std::thread thread_;
};

struct Measured {
    std::vector<double> scrapes_ms, idle_ms, per_second_ratio;
    std::vector<double> waits_us, waits_scraped_us;
};

Result<void> measure_round(LifecycleStore& store, const prometheus::Collectable& page,
                           std::vector<Caller>& callers, int seconds, Measured& out) {
    const auto entered = Steady::now();
    (void)expose_text(page);
    out.idle_ms.push_back(
        std::chrono::duration<double, std::milli>(Steady::now() - entered).count());
    auto alone = run_threads(store, callers, seconds);
    if (!alone) return tl::unexpected<Error>(std::move(alone.error()));
    Scraper scraper(page);
    auto scraped = run_threads(store, callers, seconds);
    const auto took = scraper.stop();
    if (!scraped) return tl::unexpected<Error>(std::move(scraped.error()));
    out.scrapes_ms.insert(out.scrapes_ms.end(), took.begin(), took.end());
    out.per_second_ratio.push_back(scraped->per_second / alone->per_second);
    out.waits_us.insert(out.waits_us.end(), alone->waits_us.begin(), alone->waits_us.end());
    out.waits_scraped_us.insert(out.waits_scraped_us.end(), scraped->waits_us.begin(),
                                scraped->waits_us.end());
    return {};
}

}  // namespace

Result<void> measure_scrapes(const Options& options, Figures& figures) {
    auto store = LifecycleStore::open({.path = options.folder + "/scraped.db",
                                       .create = true,
                                       .instance = "bench",
                                       .heartbeat_resolution = {},
                                       .seal_after = 0});
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    FENCELINE_TRY(make_pool(**store));
    std::vector<Caller> callers;
    for (int i = 0; i < options.callers; ++i) {
        auto caller = Caller::make(**store, first_caller + i);
        if (!caller) return tl::unexpected<Error>(std::move(caller.error()));
        callers.push_back(std::move(*caller));
    }
    const auto page = make_collectable(**store, {});
    const auto bytes = expose_text(*page).size();
    Measured measured;
    for (int round = 0; round < options.rounds; ++round)
        FENCELINE_TRY(measure_round(**store, *page, callers, options.seconds_per_round, measured));
    FENCELINE_TRY((*store)->close());

    const std::string n = std::to_string(options.callers) + " callers";
    using enum Figure::Goal;
    figures.push_back({"scrape_idle", "a page of 1000 images, nobody writes", "ms",
                       median(measured.idle_ms), 0, 50, at_most});
    figures.push_back(
        {"scrape", "... while " + n + " write", "ms", median(measured.scrapes_ms), 0, 50, at_most});
    figures.push_back({"scrape_bytes", "... its size", "MB", static_cast<double>(bytes) / 1e6});
    figures.push_back({"scraped_ratio", n + ", scraped each 100 ms against not", "x",
                       median(measured.per_second_ratio)});
    figures.push_back({"scraped_wait_p99", "... one waits, p99", "us",
                       quantile(measured.waits_scraped_us, 0.99)});
    figures.push_back(
        {"unscraped_wait_p99", "... not scraped", "us", quantile(measured.waits_us, 0.99)});
    return {};
}

}  // namespace fenceline::tools::bench
