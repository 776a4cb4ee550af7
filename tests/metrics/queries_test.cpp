// Dashboards, alert rules and runbooks against the code's own tables: a query that names a metric,
// a label or a label value which cannot exist would stay silent for ever.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "events/labels.hpp"
#include "events/text.hpp"
#include "projections/metrics.hpp"
#include "projections/tallies.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

namespace fs = std::filesystem;
using Values = std::set<std::string>;
// The label names of a family, each with its closed set of values; an empty set: any text.
using Labels = std::map<std::string, Values>;

const fs::path folder = fs::path(FENCELINE_SOURCE_DIR) / "metrics";

template <typename E>
Values values_of(const std::function<bool(E)>& keep = {}) {
    Values out;
    for (const auto& label : all_labels<E>())
        if (!keep || keep(label.value)) out.emplace(label.text);
    return out;
}

// What a scrape adds to every series, and the name that every alert has.
const std::set<std::string> scraped{"job", "instance", "alertname"};

std::map<std::string, Labels> vocabulary() {
    const auto operations = values_of<Operation>(acts_on_worker);
    const auto outcomes = values_of<Outcome>([](Outcome o) { return o != Outcome::none; });
    const auto origins = values_of<Origin>();
    return {
        {"worker_lifecycle_count",
         {{"image", {}},
          {"state", values_of<State>([](State s) { return is_active(s); })},
          {"binding", values_of<Binding>()}}},
        {"worker_lifecycle_transitions_total",
         {{"operation", operations}, {"outcome", outcomes}, {"image", {}}, {"origin", origins}}},
        {"worker_lifecycle_transition_duration_seconds", {{"operation", operations}}},
        {"worker_drain_total_duration_seconds", {}},
        {"worker_spawn_failures_total",
         {{"reason", values_of<SpawnFailureReason>()}, {"image", {}}}},
        {"worker_health_checks_total", {{"result", values_of<HealthResult>()}, {"image", {}}}},
        {"worker_stranded_pods_reconciled_total", {{"outcome", values_of<StrandedOutcome>()}}},
        {"worker_stranded_secrets_reconciled_total", {{"outcome", values_of<StrandedOutcome>()}}},
        {"activation_duration_seconds", {{"image", {}}}},
        {"activation_failures_total", {{"image", {}}}},
        {"warm_capacity_misses_total", {{"image", {}}, {"reason", values_of<MissReason>()}}},
        {"warm_capacity_effective_target", {{"image", {}}}},
        {"warm_capacity_headroom", {}},
    };
}

// The family of a series' name, and whether it has buckets.
const Labels* family_of(const std::map<std::string, Labels>& known, std::string name,
                        bool& bucket) {
    bucket = false;
    if (const auto it = known.find(name); it != known.end()) return &it->second;
    for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
        if (!name.ends_with(suffix) || !name.ends_with("_seconds" + suffix)) continue;
        bucket = suffix == "_bucket";
        const auto it = known.find(name.substr(0, name.size() - suffix.size()));
        if (it != known.end()) return &it->second;
    }
    return nullptr;
}

bool has_value(const Values& values, const std::string& op, const std::string& wanted) {
    if (values.empty()) return true;
    if (op == "=" || op == "!=") return values.contains(wanted);
    // Every alternative of a pattern must mean something.
    std::istringstream parts(wanted);
    for (std::string part; std::getline(parts, part, '|');)
        if (std::ranges::none_of(values, [&](const std::string& value) {
                return std::regex_match(value, std::regex(part));
            }))
            return false;
    return true;
}

// What is wrong with the queries in a text; escaped quotes are read as quotes.
std::vector<std::string> wrong(std::string text) {
    for (std::size_t at = 0; (at = text.find("\\\"", at)) != std::string::npos;) text.erase(at, 1);
    const auto known = vocabulary();
    std::vector<std::string> out;
    static const std::regex series(R"(duckgres_([a-z_]+)(\{[^}]*\})?)");
    static const std::regex matcher("([a-z_]+)(=~|!~|!=|=)\"([^\"]*)\"");
    for (std::sregex_iterator it(text.begin(), text.end(), series), end; it != end; ++it) {
        const auto name = (*it)[1].str();
        if (name.ends_with("_")) continue;  // a namespace, in prose
        bool bucket = false;
        const Labels* labels = family_of(known, name, bucket);
        if (labels == nullptr) {
            out.push_back("no metric " + name);
            continue;
        }
        const auto selector = (*it)[2].str();
        for (std::sregex_iterator m(selector.begin(), selector.end(), matcher); m != end; ++m) {
            const auto label = (*m)[1].str(), op = (*m)[2].str(), value = (*m)[3].str();
            if (scraped.contains(label) || (bucket && label == "le")) continue;
            const auto found = labels->find(label);
            if (found == labels->end())
                out.push_back(name + " has no label " + label);
            else if (value != "$image" && !has_value(found->second, op, value))
                out.push_back(name + ": " + label + " is never " + value);
        }
    }
    static const std::regex by(R"((?:by|on|without) ?\(([a-z_, ]*)\))");
    for (std::sregex_iterator it(text.begin(), text.end(), by), end; it != end; ++it) {
        std::istringstream names((*it)[1].str());
        for (std::string name; std::getline(names >> std::ws, name, ',');) {
            bool somewhere = scraped.contains(name) || name == "le";
            for (const auto& [family, labels] : known) somewhere |= labels.contains(name);
            if (!somewhere) out.push_back("no label " + name);
        }
    }
    return out;
}

std::string text_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

std::vector<fs::path> files(const std::string& part, const std::string& extension) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder / part))
        if (entry.path().extension() == extension) out.push_back(entry.path());
    std::ranges::sort(out);
    REQUIRE_FALSE(out.empty());
    return out;
}

std::vector<std::string> all_of(const std::string& text, const std::string& pattern) {
    std::vector<std::string> out;
    const std::regex wanted(pattern);
    for (std::sregex_iterator it(text.begin(), text.end(), wanted), end; it != end; ++it)
        out.push_back((*it)[1].str());
    return out;
}

const std::string rules = text_of(folder / "alerts" / "fenceline.rules.yml");

}  // namespace

TEST_SUITE("metrics/queries") {
    TEST_CASE("the vocabulary is that of the page") {
        const auto known = vocabulary();
        const PoolGauges pool;
        const auto page = snapshot(pool, Tallies{}, Dictionary{}, {.name_space = ""});
        CHECK(page.families.size() == known.size());
        for (const auto& family : page.families) CHECK(known.contains(family.name));
    }

    TEST_CASE("a query for what cannot exist is found") {
        CHECK(
            wrong("rate(duckgres_worker_spawn_failures_total{reason=\"pod_create\"}[5m])").empty());
        CHECK(wrong("duckgres_worker_spawn_failure_total").size() == 1);
        CHECK(wrong("duckgres_worker_spawn_failures_total{stage=\"pod_create\"}").size() == 1);
        CHECK(wrong("duckgres_worker_spawn_failures_total{reason=\"pod\"}").size() == 1);
        CHECK(wrong("duckgres_worker_spawn_failures_total{reason=~\"pod_.*|disk\"}").size() == 1);
        CHECK(wrong("duckgres_worker_lifecycle_count{state=\\\"retired\\\"}").size() == 1);
        CHECK(wrong("sum by (stage) (duckgres_warm_capacity_headroom)").size() == 1);
        CHECK(wrong("duckgres_activation_duration_seconds_bucket{le=\"1\"}").empty());
        CHECK(wrong("duckgres_activation_duration_seconds_sum{le=\"1\"}").size() == 1);
    }

    TEST_CASE("rules and dashboards and runbooks ask only for what exists") {
        auto all = files("alerts", ".yml");
        for (const auto& path : files("dashboards", ".json")) all.push_back(path);
        for (const auto& path : files("runbooks", ".md")) all.push_back(path);
        for (const auto& path : all)
            for (const auto& problem : wrong(text_of(path)))
                FAIL_CHECK(path.filename().string() << ": " << problem);
    }

    TEST_CASE("every alert has a severity and a runbook and a line in the index") {
        const auto alerts = all_of(rules, "alert: (\\w+)");
        const auto books = all_of(rules, "runbook_url: (\\S+)");
        CHECK(alerts.size() >= 20);
        CHECK(all_of(rules, "severity: (critical|warning|info)\n").size() == alerts.size());
        REQUIRE(books.size() == alerts.size());
        const auto index = text_of(folder / "runbooks" / "README.md");
        for (std::size_t i = 0; i < alerts.size(); ++i) {
            CHECK(books[i] == "metrics/runbooks/" + alerts[i] + ".md");
            CHECK(text_of(folder / "runbooks" / (alerts[i] + ".md")).starts_with("# " + alerts[i]));
            CHECK(index.find("(" + alerts[i] + ".md)") != std::string::npos);
        }
        // ... and none is left over.
        CHECK(files("runbooks", ".md").size() == alerts.size() + 1);
    }

    TEST_CASE("every alert fires when it should and is silent just below") {
        TempDir dir;
        const auto promtool = [&](const std::vector<std::string>& arguments) {
            return run("/usr/bin/env", arguments, {});
        };
        fs::copy(folder / "alerts", dir.path());
        const auto file = dir / "fenceline.rules.yml", tests = dir / "fenceline.tests.yml";
        const auto lint =
            promtool({"promtool", "check", "rules", "--lint=all", "--lint-fatal", file});
        CHECK_MESSAGE(lint.code == 0, (lint.out + lint.err));
        const auto sound = promtool({"promtool", "test", "rules", tests});
        CHECK_MESSAGE(sound.code == 0, (sound.out + sound.err));
        const auto text = text_of(tests);
        for (const auto& alert : all_of(rules, "alert: (\\w+)")) {
            CHECK(text.find(alert + " fires") != std::string::npos);
            CHECK(text.find(alert + " stays silent") != std::string::npos);
        }
        // A rule whose bound was moved is found.
        auto moved = rules;
        moved.replace(moved.find("> 50\n"), 4, "> 90");
        std::ofstream(file) << moved;
        CHECK(promtool({"promtool", "test", "rules", tests}).code == 1);
    }

    TEST_CASE("the dashboard is JSON and its panels have a data source and a description") {
        const auto path = (folder / "dashboards" / "fenceline.json").string();
        const auto parsed = run("/usr/bin/env", {"python3", "-m", "json.tool", path}, {});
        CHECK_MESSAGE(parsed.code == 0, parsed.err);
        const auto text = text_of(path);
        CHECK(all_of(text, "(\"type\": \"timeseries\")").size() >= 15);
        CHECK(text.find("\"description\": \"\"") == std::string::npos);
        CHECK(text.find("\"uid\": \"fenceline\"") != std::string::npos);
        CHECK(text.find("__inputs") == std::string::npos);
    }
}
