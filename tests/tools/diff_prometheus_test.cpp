// `diff` against what a real Prometheus has scraped: from `serve`, and from a control plane whose
// page lacks a series.

#include <poll.h>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/control_plane.hpp"
#include "tests/tools/json_match.hpp"
#include "tests/tools/prometheus_server.hpp"

using namespace fenceline::testing;

namespace {

std::string job(const std::string& name, const std::string& url) {
    const auto host = url.substr(url.find("//") + 2);
    return "  - job_name: " + name + "\n    static_configs: [{targets: ['" +
           host.substr(0, host.find('/')) + "']}]\n";
}

// Prometheus scrapes at moments of its own choice.
void wait_for_scrapes(const PrometheusServer& server, std::size_t targets) {
    for (int tries = 0; tries < 600; ++tries) {
        const auto answer =
            Json::parse(server.get("/api/v1/query?query=fenceline_journal_position"));
        if (answer["data"]["result"].size() == targets) return;
        ::poll(nullptr, 0, 50);
    }
    FAIL("prometheus has scraped nothing");
}

}  // namespace

TEST_SUITE("tools/diff_prometheus") {
    TEST_CASE("what a real Prometheus scraped is the same or names the series it lacks") {
        if (!prometheus_is_there()) return;
        const TempDir dir;
        const auto served = dir / "served.db", lied = dir / "lied.db";
        REQUIRE(run_program({"simulate", served, "--scenario", "rollout", "--seed", "7",
                             "--workers", "20", "--duration", "5m"})
                    .code == 0);
        Conversation serve(FENCELINE_PROGRAM, {"serve", served, "--listen", "127.0.0.1:0"});
        const auto listening = serve.hear_error();
        ControlPlane liar({.journal = lied, .instance = "cp-a", .lie = "missing"});
        liar.work(150);
        const PrometheusServer server(
            dir, "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n" +
                     job("true", listening.substr(listening.find("http://"))) +
                     job("liar", liar.url()));
        wait_for_scrapes(server, 2);

        const auto against = "prometheus:" + server.url();
        const auto same =
            run_program({"diff", served, "--against", against, "--selector", "job=\"true\""});
        INFO(same.out << same.err);
        CHECK(same.code == 0);
        CHECK(same.out.find("same: ") != std::string::npos);
        const auto found = run_program(
            {"diff", lied, "--against", against, "--selector", "job=\"liar\"", "--json"});
        INFO(found.out << found.err);
        REQUIRE(found.code == 1);
        const auto told = Json::parse(found.out);
        REQUIRE(told["differences"].size() == 1);
        const auto& lacking = told["differences"][0];
        CHECK(lacking["metric"] == "duckgres_worker_lifecycle_transitions_total");
        CHECK(lacking["live"].is_null());
        CHECK(lacking["events"].size() > 0);
        CHECK(run_program({"diff", served, "--against", against, "--selector", "job=\"none\""})
                  .code == 4);

        serve.signal(15);
        CHECK(serve.end() == 0);
        CHECK(liar.end() == 0);
    }
}
