// Every row of the lifecycle contract's table, asked of the real program: each operation in each
// state, with the right token and with each wrong one. The table is written down here anew, from
// the contract; nothing of it comes from the program.

#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/json_match.hpp"

using namespace fenceline::testing;

namespace {

using Strings = std::vector<std::string>;

const Strings states{"spawning", "idle",     "reserved", "activating", "hot",
                     "hot_idle", "draining", "retired",  "lost"};
const Strings active{"spawning", "idle", "reserved", "activating", "hot", "hot_idle", "draining"};
const Strings leased{"spawning", "idle", "reserved", "activating", "hot", "hot_idle"};

struct Row {
    std::string operation;
    Strings from;
    std::string to;  // empty: the same state
    Json more;       // fields beyond the token
};

const std::vector<Row> lease_rows{
    {"publish_idle", {"spawning"}, "idle", {}},
    {"publish_reserved", {"spawning"}, "reserved", {}},
    {"begin_activation", {"reserved"}, "activating", {}},
    {"complete_activation", {"activating"}, "hot", {}},
    {"park", {"hot"}, "hot_idle", {}},
    {"unpark", {"hot_idle"}, "hot", {}},
    {"heartbeat", active, "", {}},
    {"refresh_lease", leased, "", {}},
    {"credentials_refreshed", leased, "", {{"expires_at", "2026-05-25T00:00:00Z"}}},
    {"drain", leased, "draining", {}},
    {"retire_drained", {"draining"}, "retired", {{"reason", "normal"}}},
    {"mark_lost_from_lease", leased, "lost", {{"reason", "crash"}}},
    {"retire_local", leased, "retired", {{"reason", "normal"}}},
};

const std::vector<Row> snapshot_rows{
    {"retire_from_snapshot", active, "retired", {{"target", "retired"}, {"reason", "shutdown"}}},
    {"retire_from_snapshot", leased, "lost", {{"target", "lost"}, {"reason", "crash"}}},
    {"retire_orphan_from_snapshot", active, "retired", {{"reason", "orphaned"}}},
    {"retire_idle_variant_from_snapshot",
     {"idle", "hot_idle"},
     "retired",
     {{"reason", "hot_idle_ttl_expired"}}},
};

bool holds(const Strings& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// Lines and what their answers must have, asked all at once.
class Script {
  public:
    void ask(const Json& line, const Json& expected) {
        input_ += line.dump() + "\n";
        expected_.push_back({line, expected});
    }
    // A worker of its own for the next question, in this state.
    int adopt(const std::string& state, const std::string& org = "") {
        const int worker = ++worker_;
        Json line{{"op", "adopt"}, {"worker", worker},       {"state", state}, {"owner", "cp-a"},
                  {"epoch", 5},    {"image", image(worker)}, {"pod", "w"}};
        if (!org.empty()) line["org"] = org;
        ask(line, {{"outcome", "transitioned"}, {"to", state}, {"worker", worker}});
        return worker;
    }
    // One image a worker, so that a claim by image finds that one only.
    static std::string image(int worker) { return "i" + std::to_string(worker); }
    // The record's version: lines are answered in order and each is one event.
    [[nodiscard]] int last_position() const { return static_cast<int>(expected_.size()); }

    void play() {
        TempDir dir;
        const auto journal = dir / "pool.db";
        REQUIRE(run_program({"init", journal}).code == 0);
        const auto ran = run_program({"exec", journal, "--as", "cp-a"}, {.input = input_});
        const auto answers = ran.lines();
        REQUIRE_MESSAGE(answers.size() == expected_.size(), ran.err);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const auto wrong = mismatch(expected_[i].second, Json::parse(answers[i]));
            CHECK_MESSAGE(wrong.empty(), wrong << "\n  asked " << expected_[i].first.dump()
                                               << "\n  heard " << answers[i]);
        }
        CHECK(ran.code == 0);  // a refusal is an answer
        const auto verified = run_program({"verify", journal});
        CHECK_MESSAGE(verified.code == 0, verified.out);
    }

  private:
    std::string input_;
    std::vector<std::pair<Json, Json>> expected_;
    int worker_ = 0;
};

Json lease_line(const Row& row, int worker, const std::string& owner, int epoch) {
    Json line{{"op", row.operation},
              {"lease",
               {{"worker", worker},
                {"owner", owner},
                {"epoch", epoch},
                {"image", Script::image(worker)}}}};
    if (row.more.is_object()) line.update(row.more);
    return line;
}

Json refused(const std::string& outcome, const std::string& check) {
    return {{"outcome", outcome},
            {"transitioned", false},
            {"cleanup_scheduled", false},
            {"lease", "absent"},
            {"refusal", {{"check", check}, {"winner", "any"}}}};
}

Json snapshot_line(const Row& row, int worker, const std::string& state, int version) {
    Json line{{"op", row.operation},
              {"snapshot",
               {{"worker", worker},
                {"state", state},
                {"owner", "cp-a"},
                {"epoch", 5},
                {"version", version},
                {"image", Script::image(worker)}}}};
    line.update(row.more);
    return line;
}

}  // namespace

TEST_SUITE("tools/exec rows") {
    TEST_CASE("lease operations land where the contract says and nowhere else") {
        Script script;
        for (const auto& row : lease_rows)
            for (const auto& state : states) {
                const int worker = script.adopt(state);
                const auto good = lease_line(row, worker, "cp-a", 5);
                if (!holds(row.from, state)) {
                    auto answer = refused("fence_miss_state", "legal_state");
                    answer.update({{"from", state}, {"to", state}});
                    script.ask(good, answer);
                    continue;
                }
                Json answer{{"outcome", "transitioned"},
                            {"transitioned", true},
                            {"cleanup_scheduled", false},
                            {"from", state},
                            {"to", row.to.empty() ? state : row.to},
                            {"refusal", "absent"}};
                if (row.operation == "refresh_lease")
                    answer["lease"] = {{"worker", worker}, {"owner", "cp-a"}, {"epoch", 6}};
                script.ask(good, answer);
            }
        script.play();
    }

    TEST_CASE("a lease of another owner or epoch is turned away before the state is asked") {
        Script script;
        for (const auto& row : lease_rows)
            for (const auto& state : states) {
                const int worker = script.adopt(state);
                script.ask(lease_line(row, worker, "cp-b", 5),
                           refused("fence_miss_owner", "owner"));
                script.ask(lease_line(row, worker, "cp-b", 4),
                           refused("fence_miss_owner", "owner"));
                script.ask(lease_line(row, worker, "cp-a", 4),
                           refused("fence_miss_epoch", "epoch"));
                // A higher epoch passes the fence of retire_local alone.
                if (row.operation != "retire_local")
                    script.ask(lease_line(row, worker, "cp-a", 6),
                               refused("fence_miss_epoch", "epoch"));
                else if (holds(row.from, state))
                    script.ask(lease_line(row, worker, "cp-a", 6), {{"outcome", "transitioned"}});
                script.ask(lease_line(row, 1'000'000, "cp-a", 5), refused("row_missing", "exists"));
            }
        script.play();
    }

    TEST_CASE("publish_idle is refused for an org-bound worker") {
        Script script;
        const int worker = script.adopt("spawning", "acme");
        script.ask(lease_line(lease_rows[0], worker, "cp-a", 5),
                   refused("fence_miss_state", "neutral"));
        script.play();
    }

    TEST_CASE("snapshot operations land where the contract says and schedule cleanup") {
        Script script;
        for (const auto& row : snapshot_rows)
            for (const auto& state : states) {
                const int worker = script.adopt(state);
                const auto line = snapshot_line(row, worker, state, script.last_position());
                if (holds(row.from, state))
                    script.ask(line, {{"outcome", "transitioned"},
                                      {"cleanup_scheduled", true},
                                      {"from", state},
                                      {"to", row.to}});
                else
                    script.ask(line, refused("fence_miss_state", "legal_state"));
            }
        script.play();
    }

    TEST_CASE("a snapshot that is not the record's is turned away by the first check that fails") {
        Script script;
        for (const auto& row : snapshot_rows)
            for (const auto& state : row.from) {
                const int worker = script.adopt(state);
                const int version = script.last_position();
                auto line = snapshot_line(row, worker, state, version);
                line["snapshot"]["owner"] = "cp-b";
                script.ask(line, refused("fence_miss_owner", "owner"));
                line = snapshot_line(row, worker, state, version);
                line["snapshot"]["epoch"] = 4;
                script.ask(line, refused("fence_miss_epoch", "epoch"));
                line = snapshot_line(row, worker, state == "hot" ? "idle" : "hot", version);
                script.ask(line, refused("fence_miss_state", "observed_state"));
                line = snapshot_line(row, worker, state, version - 1);
                script.ask(line, refused("fence_miss_updated_at", "version"));
                line = snapshot_line(row, 1'000'000, state, version);
                script.ask(line, refused("row_missing", "exists"));
            }
        script.play();
    }

    TEST_CASE("claims and the take-over raise the epoch from their one state") {
        Script script;
        for (const auto& state : states) {
            int worker = script.adopt(state);
            Json claim{{"op", "claim_idle"},
                       {"org", "acme"},
                       {"image", Script::image(worker)},
                       {"as", "cp-b"}};
            Json won{{"outcome", "transitioned"},
                     {"from", state},
                     {"to", "reserved"},
                     {"lease", {{"owner", "cp-b"}, {"epoch", 6}}}};
            const Json none{{"outcome", "no_idle"}, {"worker", "absent"}, {"lease", "absent"}};
            script.ask(claim, state == "idle" ? won : none);

            worker = script.adopt(state, "acme");
            claim = {{"op", "claim_hot_idle"},
                     {"org", "acme"},
                     {"image", Script::image(worker)},
                     {"as", "cp-b"}};
            auto others = claim;
            others["org"] = "umbrella";
            script.ask(others, none);
            script.ask(claim, state == "hot_idle" ? won : none);

            worker = script.adopt(state);
            Json take{{"op", "take_over"},
                      {"worker", worker},
                      {"epoch", 5},
                      {"org", "acme"},
                      {"as", "cp-b"}};
            auto stale = take;
            stale["epoch"] = 4;
            script.ask(stale, refused("fence_miss_epoch", "epoch"));
            script.ask(take, state == "hot" ? won : refused("fence_miss_state", "legal_state"));
        }
        script.play();
    }

    TEST_CASE("a worker is created once") {
        Script script;
        for (const auto& state : states) {
            const int worker = script.adopt(state);
            script.ask({{"op", "spawn"}, {"worker", worker}},
                       refused("fence_miss_state", "legal_state"));
            script.ask({{"op", "adopt"}, {"worker", worker}, {"state", "hot"}},
                       refused("fence_miss_state", "legal_state"));
        }
        script.play();
    }
}
