#include "tests/tools/control_plane.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <httplib.h>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>
#include <nlohmann/json.hpp>

#include "journal/lifecycle_store.hpp"
#include "metrics/prometheus_exporter.hpp"

namespace fenceline::testing {

namespace {

using nlohmann::json;

constexpr const char* process_case = "a control plane as a process";

// Asks for what a pool needs and for what its fences refuse.
class Worker {
  public:
    Worker(LifecycleStore& store, int seed)
        : store_(store), engine_(static_cast<std::uint64_t>(seed)) {}

    // False when the store failed, which a refusal is not.
    [[nodiscard]] bool step() {
        if (leases_.empty() || below(4) == 0) return spawn();
        if (below(20) == 0)
            return bool(
                store_.apply(Command{{}, SetWarmCapacityTargets{{{"duck:1", below(9)}}, 20}}));
        const auto at = static_cast<std::size_t>(below(static_cast<int>(leases_.size())));
        const WorkerLease lease = leases_[at];
        const auto answer = ask(lease);
        if (answer && answer->lease) leases_[at] = *answer->lease;
        return bool(answer);
    }

  private:
    [[nodiscard]] int below(int n) {
        return static_cast<int>(engine_() % static_cast<std::uint64_t>(n));
    }
    [[nodiscard]] bool spawn() {
        const auto answer = store_.spawn({.image = below(2) == 0 ? "duck:1" : "duck:2",
                                          .org = "acme",
                                          .caps = {.max_global_workers = 20}});
        if (answer && answer->lease) leases_.push_back(*answer->lease);
        if (leases_.size() > 20) leases_.erase(leases_.begin());
        return bool(answer);
    }
    [[nodiscard]] Result<Answer> ask(const WorkerLease& lease) {
        switch (below(10)) {
            case 0: return store_.publish_reserved(lease);
            case 1: return store_.publish_idle(lease);
            case 2:
            case 3: return store_.begin_activation(lease);
            case 4:
            case 5: return store_.complete_activation(lease);
            case 6: return store_.heartbeat(lease);
            case 7: return store_.drain(lease);
            case 8: return store_.retire_drained(lease, "normal");
            default: return store_.apply(Command{{}, ReportPodDeleted{lease.worker()}});
        }
    }

    LifecycleStore& store_;
    std::mt19937_64 engine_;
    std::vector<WorkerLease> leases_;
};

// One line of a page: what is before its number, and the number.
struct Line {
    std::string text;
    double value = 0;

    [[nodiscard]] bool of(std::string_view family) const {
        return text.starts_with("duckgres_" + std::string(family) + "{");
    }
};

std::vector<Line> lines_of(const std::string& page) {
    std::vector<Line> lines;
    std::istringstream in(page);
    for (std::string text; std::getline(in, text);) {
        const auto space = text.rfind(' ');
        if (text.starts_with('#') || space == std::string::npos)
            lines.push_back({text + "\n", 0});
        else
            lines.push_back({text.substr(0, space), std::stod(text.substr(space + 1))});
    }
    return lines;
}

std::string page_of(const std::vector<Line>& lines) {
    std::ostringstream out;
    out.precision(17);
    for (const Line& line : lines) {
        out << line.text;
        if (!line.text.ends_with('\n')) out << ' ' << line.value << '\n';
    }
    return out.str();
}

// Makes a true page say something else. What it needs is there once the pool has lived a little.
class Liar {
  public:
    explicit Liar(std::string lie) : lie_(std::move(lie)) {}

    [[nodiscard]] std::string told(const std::string& page) {
        if (lie_ == "none") return page;
        const std::lock_guard lock(mutex_);
        auto lines = lines_of(page);
        if (lie_ == "stale") return page_of(with_old_counts(std::move(lines)));
        const auto family = lie_ == "bucket" ? "worker_lifecycle_transition_duration_seconds_bucket"
                                             : "worker_lifecycle_transitions_total";
        const auto at = std::ranges::find_if(
            lines, [&](const Line& line) { return line.of(family) && line.value > 0; });
        if (at == lines.end()) return page;
        if (lie_ == "counter") at->value += 1;
        if (lie_ == "bucket") at->value -= 1;
        if (lie_ == "missing") lines.erase(at);
        return page_of(lines);
    }

  private:
    [[nodiscard]] std::vector<Line> with_old_counts(std::vector<Line> lines) {
        const auto is_count = [](const Line& line) { return line.of("worker_lifecycle_count"); };
        if (old_.empty()) std::ranges::copy_if(lines, std::back_inserter(old_), is_count);
        const auto at = std::ranges::find_if(lines, is_count) - lines.begin();
        std::erase_if(lines, is_count);
        lines.insert(lines.begin() + at, old_.begin(), old_.end());
        return lines;
    }

    const std::string lie_;
    std::mutex mutex_;
    std::vector<Line> old_;
};

void say(const std::string& line) {
    std::cout << line << std::endl;
}

// A listening server, as long as it lives.
class Page {
  public:
    Page(LifecycleStore& store, const std::string& lie)
        : liar_(lie), collectable_(make_collectable(store, {.view = {}, .version = "1"})) {
        server_.Get("/metrics", [this](const auto&, auto& response) {
            const auto page = prometheus::TextSerializer().Serialize(collectable_->Collect());
            response.set_content(liar_.told(page), "text/plain; version=0.0.4");
        });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();
    }
    ~Page() {
        server_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/metrics";
    }

  private:
    Liar liar_;
    std::shared_ptr<prometheus::Collectable> collectable_;
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

// Works beside whoever asks, as long as it lives.
class Background {
  public:
    Background(LifecycleStore& store, int seed)
        : thread_([this, &store, seed] {
              Worker worker(store, seed);
              while (!over_ && well_) well_ = worker.step();
          }) {}
    ~Background() {
        over_ = true;
        thread_.join();
        CHECK(well_);
    }

  private:
    std::atomic<bool> over_ = false, well_ = true;
    std::thread thread_;
};

void be_a_control_plane() {
    std::string line;
    REQUIRE(std::getline(std::cin, line));
    const auto orders = json::parse(line);
    auto opened = LifecycleStore::open({.path = orders["journal"],
                                        .create = true,
                                        .instance = orders["instance"],
                                        .leads = orders["leads"]});
    REQUIRE(opened);
    LifecycleStore& store = **opened;
    {
        const Page page(store, orders["lie"]);
        Worker worker(store, orders["seed"]);
        std::optional<Background> background;
        say(page.url());
        while (std::getline(std::cin, line)) {
            if (line == "keep working") {
                background.emplace(store, orders["seed"].get<int>() + 1'000);
            } else if (line == "position") {
                const auto position = store.position();
                REQUIRE(position);
                say(std::to_string(position->value));
                continue;
            } else {
                for (int i = std::stoi(line); i > 0; --i) REQUIRE(worker.step());
            }
            say("done");
        }
    }
    CHECK(store.close());
}

}  // namespace

ControlPlane::ControlPlane(const ControlPlaneOrders& orders)
    : talk_("/proc/self/exe",
            {"--no-skip", "--no-intro", std::string("--test-case=") + process_case}) {
    url_ = talk_.ask(json{
        {"journal", orders.journal},
        {"instance", orders.instance},
        {"lie", orders.lie},
        {"seed", orders.seed},
        {"leads",
         orders.leads}}.dump());
    INFO(url_);
    REQUIRE(url_.starts_with("http://"));
}

void ControlPlane::work(int operations) {
    REQUIRE(talk_.ask(std::to_string(operations)) == "done");
}

void ControlPlane::keep_working() {
    REQUIRE(talk_.ask("keep working") == "done");
}

long long ControlPlane::position() {
    return std::stoll(talk_.ask("position"));
}

}  // namespace fenceline::testing

TEST_SUITE("tools/control_plane") {
    TEST_CASE("a control plane as a process" * doctest::skip()) {
        fenceline::testing::be_a_control_plane();
    }
}
