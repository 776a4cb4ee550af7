// `diff` and `explain` through the program: live pages, planted faults, bad input.

#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/prometheus_api.hpp"

using namespace fenceline::testing;

namespace {

using nlohmann::json;

std::string made_journal(const TempDir& dir, const std::string& seed = "7") {
    auto path = dir / ("pool-" + seed + ".db");
    REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--seed", seed, "--workers",
                         "20", "--duration", "5m"})
                .code == 0);
    return path;
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void check_error(const Ran& ran, int code, const std::string& part) {
    INFO(ran.err);
    CHECK(ran.code == code);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("fenceline: "));
    CHECK(holds(ran.err, part));
}

// A server that answers each path in its own way, on a port of its own.
class Server {
  public:
    Server() {
        server_.Get("/bad", [](const auto&, auto& response) { response.status = 500; });
        server_.Get("/moved",
                    [](const auto&, auto& response) { response.set_redirect("/metrics"); });
        server_.Get("/hangs", [this](const auto&, auto& response) {
            (void)release_.get_future().wait_for(std::chrono::seconds(20));
            response.set_content("late\n", "text/plain");
        });
        server_.Get("/metrics", [this](const auto&, auto& response) {
            response.set_content(page, "text/plain");
        });
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();
    }
    ~Server() {
        release_.set_value();
        server_.stop();
        thread_.join();
    }
    [[nodiscard]] std::string at(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    std::string page;

  private:
    httplib::Server server_;
    std::promise<void> release_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_SUITE("tools/diff") {
    TEST_CASE("a page served from a journal that exec writes is the same") {
        const TempDir dir;
        const auto path = dir / "live.db";
        REQUIRE(run_program({"init", path}).code == 0);
        Conversation exec(FENCELINE_PROGRAM, {"exec", path, "--as", "cp-a"});
        Conversation serve(FENCELINE_PROGRAM, {"serve", path, "--listen", "127.0.0.1:0"});
        const auto listening = serve.hear_error();
        const auto url = listening.substr(listening.find("http://"));
        for (int i = 0; i < 20; ++i) {
            CHECK(holds(exec.ask(R"({"op":"spawn","image":"duck:1","org":"acme"})"), "worker"));
            const auto ran = run_program({"diff", path, "--against", url});
            INFO(ran.out << ran.err);
            CHECK(ran.code == 0);
            CHECK(holds(ran.out, "same: "));
        }
        CHECK(exec.end() == 0);
        serve.signal(15);
        CHECK(serve.end() == 0);
    }
    TEST_CASE("a miscounted page differs with its events in text and JSON and JUnit") {
        const TempDir dir;
        const auto path = made_journal(dir);
        const auto page = run_program({"metrics", path}).out;
        const std::string headroom = "\nduckgres_warm_capacity_headroom ";
        const auto at = page.find(headroom);
        REQUIRE(at != std::string::npos);
        const auto value =
            page.substr(at + headroom.size(), page.find('\n', at + 1) - at - headroom.size());
        write_file(dir / "wrong.prom", replaced(page, headroom + value, headroom + "12345"));
        const auto ran = run_program(
            {"diff", path, "--against", dir / "wrong.prom", "--junit", dir / "diff.xml"});
        INFO(ran.out << ran.err);
        CHECK(ran.code == 1);
        CHECK(holds(ran.out, "duckgres_warm_capacity_headroom"));
        CHECK(holds(ran.out, "DIFFERENT: 1 of "));
        const auto told =
            json::parse(run_program({"diff", path, "--against", dir / "wrong.prom", "--json"}).out);
        CHECK(told["same"] == false);
        CHECK(told["differences"].size() == 1);
        CHECK(told["differences"][0]["live"] == 12345);
        CHECK(told["differences"][0]["events"].size() == 1);
        std::stringstream xml;
        xml << std::ifstream(dir / "diff.xml").rdbuf();
        CHECK(holds(xml.str(), "tests=\"13\" failures=\"1\""));
        CHECK(run_program({"diff", path, "--against", dir / "wrong.prom", "--ignore",
                           "warm_capacity_headroom"})
                  .code == 0);
        CHECK(run_program({"diff", path, "--against", dir / "wrong.prom", "--tolerance",
                           "warm_capacity_headroom=20000"})
                  .code == 0);
    }
    TEST_CASE("pages that cannot be compared are errors and never the same") {
        const TempDir dir;
        const auto path = made_journal(dir);
        const auto page = run_program({"metrics", path}).out;
        const auto against = [&](const std::string& text) {
            write_file(dir / "page", text);
            return run_program({"diff", path, "--against", dir / "page"});
        };
        CHECK(against(page).code == 0);
        check_error(against(page.substr(0, page.size() / 2)), 4, "line ");
        check_error(against("<html>no</html>\n"), 4, "line 1");
        check_error(against(""), 4, "there is no sample");
        check_error(against("up 1\n"), 4, "none of the store's metrics");
        check_error(run_program({"diff", path, "--against", dir / "gone"}), 4, "cannot be read");
        check_error(run_program({"diff", path}), 2, "--against is needed");
        write_file(dir / "page", page);
        check_error(run_program({"diff", path, "--against", dir / "page", "--at", "#999999999"}), 2,
                    "no position");
        check_error(
            run_program({"diff", path, "--against", dir / "page", "--ignore", "warm_capacity"}), 2,
            "did you mean");
        write_file(dir / "page", page);
        check_error(run_program({"diff", path, "--against", dir / "page", "--namespace", "other"}),
                    4, "none of the store's metrics");
        const auto empty = dir / "empty.db";
        REQUIRE(run_program({"init", empty}).code == 0);
        check_error(run_program({"diff", empty, "--against", dir / "page"}), 4, "empty");
        check_error(run_program({"diff", dir / "page", "--against", dir / "page"}), 3, "");
    }
    TEST_CASE("addresses that do not answer as they should are errors") {
        const TempDir dir;
        const auto path = made_journal(dir);
        Server server;
        server.page = run_program({"metrics", path}).out;
        const auto against = [&](const std::string& url) {
            return run_program({"diff", path, "--against", url, "--timeout", "300ms"});
        };
        CHECK(run_program({"diff", path, "--against", server.at("")}).code == 0);
        check_error(against(server.at("/bad")), 4, "status 500");
        check_error(against(server.at("/moved")), 4, "redirects");
        check_error(against(server.at("/hangs")), 4, "no whole answer within");
        check_error(against("http://127.0.0.1:1/metrics"), 4, "nobody answers");
    }
    TEST_CASE("another journal parts at its first event that says something else") {
        const TempDir dir;
        const auto path = made_journal(dir), other = made_journal(dir, "8");
        const auto copy = dir / "copy.db";
        REQUIRE(run_program({"backup", path, copy}).code == 0);
        CHECK(run_program({"diff", path, "--against", copy}).code == 0);
        const auto ran = run_program({"diff", path, "--against", other});
        CHECK(ran.code == 1);
        CHECK(holds(ran.out, "DIFFERENT: first at #"));
    }
    TEST_CASE("an answer of a Prometheus server becomes one page a target") {
        const auto row = [](const std::string& labels, const std::string& value) {
            return R"({"metric":{)" + labels + R"(},"value":[1,")" + value + R"("]})";
        };
        const auto answer = [](const std::string& rows) {
            return R"({"status":"success","data":{"resultType":"vector","result":[)" + rows + "]}}";
        };
        const std::string where = R"("job":"s","instance":"a:1")";
        const auto pages = fenceline::tools::pages_of_answer(
            answer(row(R"("__name__":"duckgres_warm_capacity_headroom",)" + where, "4") + "," +
                   row(R"("__name__":"fenceline_recorder_info","exported_instance":"cp-a",)"
                       R"("run":"r",)" +
                           where,
                       "1")),
            "duckgres");
        REQUIRE(pages);
        REQUIRE(pages->size() == 1);
        CHECK(pages->front().page.value("duckgres_warm_capacity_headroom", {}) == 4.0);
        CHECK(pages->front().page.value("fenceline_recorder_info",
                                        {{"instance", "cp-a"}, {"run", "r"}}) == 1.0);
        CHECK_FALSE(fenceline::tools::pages_of_answer(answer(""), "duckgres"));
        CHECK_FALSE(fenceline::tools::pages_of_answer("nonsense", "duckgres"));
        CHECK_FALSE(fenceline::tools::pages_of_answer(R"({"status":"error"})", "duckgres"));
    }
}

TEST_SUITE("tools/explain") {
    TEST_CASE("the events of a number add up to it") {
        const TempDir dir;
        const auto path = made_journal(dir);
        for (const std::string sample :
             {R"(duckgres_worker_lifecycle_transitions_total{operation="drain"})",
              R"(duckgres_worker_lifecycle_transition_duration_seconds_count{operation="spawn"})",
              R"(duckgres_worker_drain_total_duration_seconds_bucket{le="30"})",
              R"(worker_lifecycle_count{state="hot"})", "warm_capacity_headroom"}) {
            CAPTURE(sample);
            const auto ran = run_program({"explain", path, sample, "--json", "--limit", "100000"});
            INFO(ran.err);
            REQUIRE(ran.code == 0);
            const auto told = json::parse(ran.out);
            double sum = 0;
            for (const auto& event : told["events"]) sum += event["adds"].get<double>();
            CHECK(sum == told["value"].get<double>());
            CHECK(told["events"].size() > 0);
        }
    }
    TEST_CASE("names and labels that are mistyped come with the nearest") {
        const TempDir dir;
        const auto path = made_journal(dir);
        check_error(run_program({"explain", path, "duckgres_worker_lifecycle_cuont"}), 2,
                    "did you mean \"duckgres_worker_lifecycle_count\"");
        check_error(run_program({"explain", path, R"(worker_lifecycle_count{stat="hot"})"}), 2,
                    "did you mean \"state\"");
        check_error(run_program({"explain", path, R"(worker_lifecycle_count{state="hott"})"}), 2,
                    "did you mean \"hot\"");
        check_error(run_program({"explain", path, "worker_lifecycle_count{"}), 2, "no sample");
        check_error(
            run_program({"explain", path, "worker_lifecycle_count", "--from", "#9", "--to", "#4"}),
            2, "--from is after --to");
        check_error(run_program({"explain", dir / "gone.db", "worker_lifecycle_count"}), 3, "");
    }
}
