// What `diff` and `explain` are given: pages on standard input, in the older labels, too large,
// cut short; damaged journals; recorders whose names hold a slash.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "metrics/exposition.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline::testing;

namespace {

std::string made_journal(const TempDir& dir, const std::string& scenario = "rollout") {
    auto path = dir / "pool.db";
    REQUIRE(run_program({"simulate", path, "--scenario", scenario, "--seed", "7", "--workers", "10",
                         "--duration", "3m"})
                .code == 0);
    return path;
}

void check_error(const Ran& ran, int code, const std::string& part) {
    INFO(ran.err);
    CHECK(ran.code == code);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("fenceline: "));
    CHECK(ran.err.find(part) != std::string::npos);
}

// A page that does not say who made it, as a program without the exporter exposes it.
std::string without_origin(const std::string& page) {
    std::istringstream in(page);
    std::string out;
    for (std::string line; std::getline(in, line);)
        if (line.find("fenceline_") == std::string::npos) out += line + "\n";
    return out;
}

// Promises `promised` bytes, sends the page (once, or as long as somebody listens) and hangs up.
class BrokenServer {
  public:
    enum Times { once, again_and_again };
    BrokenServer(std::string page, std::size_t promised, Times times = once)
        : page_(std::move(page)) {
        server_.Get("/metrics", [this, promised, times](const auto&, auto& response) {
            response.set_content_provider(
                promised, "text/plain",
                [this, times](std::size_t from, std::size_t, httplib::DataSink& sink) {
                    if (from >= page_.size() && times == once) return false;
                    return sink.write(page_.data(), page_.size());
                });
        });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();
    }
    ~BrokenServer() {
        server_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/metrics";
    }

  private:
    const std::string page_;
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_SUITE("tools/diff_input") {
    TEST_CASE("a page on standard input is compared and a wrong one is found") {
        const TempDir dir;
        const auto path = made_journal(dir);
        const auto page = run_program({"metrics", path}).out;
        const std::vector<std::string> asked{"diff", path, "--against", "-"};
        CHECK(run_program(asked, {.input = page}).code == 0);
        const std::string counter = "duckgres_worker_lifecycle_transitions_total{";
        const auto at = page.find("\n" + counter) + 1;
        REQUIRE(at > 0);
        auto wrong = page;
        wrong.erase(at, page.find('\n', at) - at + 1);
        const auto ran = run_program(asked, {.input = wrong});
        CHECK(ran.code == 1);
        CHECK(ran.out.find("DIFFERENT: 1 of ") != std::string::npos);
        check_error(run_program(asked, {.input = ""}), 4, "there is no sample");
        check_error(run_program({"diff", path, "--against", "-", "--against", "-"}), 2, "once");
    }
    TEST_CASE("a page in the older labels is the same in them and different in ours") {
        const TempDir dir;
        const auto path = made_journal(dir, "epoch-pileup");
        const auto page = run_program({"metrics", path, "--labels", "seed"}).out;
        REQUIRE(page != run_program({"metrics", path}).out);
        const std::vector<std::string> asked{"diff", path, "--against", "-"};
        auto seed = asked;
        seed.insert(seed.end(), {"--labels", "seed"});
        const auto ran = run_program(seed, {.input = page});
        INFO(ran.out << ran.err);
        CHECK(ran.code == 0);
        CHECK(run_program(asked, {.input = page}).code == 1);
    }
    TEST_CASE("a body beyond the limit is refused") {
        const TempDir dir;
        const auto path = made_journal(dir);
        constexpr auto limit = fenceline::limits::exposition_bytes;
        const std::string piece = "# " + std::string((std::size_t{1} << 20) - 3, 'x') + "\n";
        const BrokenServer server(piece, limit + piece.size(), BrokenServer::again_and_again);
        check_error(run_program({"diff", path, "--against", server.url()}), 4, "larger than");
        std::size_t given = 0;
        const auto more = [&] {
            return (given += piece.size()) > limit + piece.size() ? std::string() : piece;
        };
        check_error(run_program({"diff", path, "--against", "-"}, {.more_input = more}), 4,
                    "larger than");
        std::ofstream(dir / "large.prom") << "# a hole follows\n";
        std::filesystem::resize_file(dir / "large.prom", limit + 1);
        check_error(run_program({"diff", path, "--against", dir / "large.prom"}), 4, "larger than");
    }
    TEST_CASE("an answer that breaks off is an error even after whole lines") {
        const TempDir dir;
        const auto path = made_journal(dir);
        const auto page = run_program({"metrics", path}).out;
        const BrokenServer whole(page, page.size()), broken(page, page.size() + 1);
        CHECK(run_program({"diff", path, "--against", whole.url()}).code == 0);
        check_error(run_program({"diff", path, "--against", broken.url()}), 4, "breaks off");
    }
    TEST_CASE("a damaged journal is not compared") {
        const TempDir dir;
        const auto path = made_journal(dir), copy = dir / "damaged.db";
        const auto page = run_program({"metrics", path}).out;
        REQUIRE(run_program({"backup", path, copy}).code == 0);
        std::fstream file(copy, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(4'096);
        file << std::string(60'000, '\x5a') << std::flush;
        REQUIRE(file);
        const auto ran = run_program({"diff", copy, "--against", "-"}, {.input = page});
        check_error(ran, 3, "damaged.db");
        check_error(run_program({"explain", copy, "warm_capacity_headroom"}), 3, "damaged.db");
    }
    TEST_CASE("a recorder whose own name holds a slash needs no run") {
        const TempDir dir;
        const auto path = dir / "live.db";
        REQUIRE(run_program({"init", path}).code == 0);
        for (const std::string instance : {"team/cp-a", "team/cp-b"}) {
            Conversation exec(FENCELINE_PROGRAM, {"exec", path, "--as", instance});
            CHECK(exec.ask(R"({"op":"spawn","image":"duck:1"})").find("worker") !=
                  std::string::npos);
            CHECK(exec.end() == 0);
        }
        const auto page =
            without_origin(run_program({"metrics", path, "--recorder", "team/cp-a"}).out);
        const auto ran = run_program({"diff", path, "--against", "-", "--recorder", "team/cp-a"},
                                     {.input = page});
        INFO(ran.out << ran.err);
        CHECK(ran.code == 0);
        CHECK(ran.out.ends_with(" by team/cp-a\n"));
        CHECK(run_program({"diff", path, "--against", "-"}, {.input = page}).code == 1);
        const auto told = run_program(
            {"explain", path, R"(duckgres_worker_lifecycle_transitions_total{operation="spawn"})",
             "--recorder", "team/cp-a", "--json"});
        INFO(told.err);
        REQUIRE(told.code == 0);
        CHECK(nlohmann::json::parse(told.out)["value"] == 1);
        check_error(run_program({"explain", path, "worker_lifecycle_count", "--recorder", "x/y"}),
                    2, "nothing was recorded by");
    }
}
