// Transcripts: tests/scenarios/*.txt, played against the real program.
//
//   > {"op":"spawn","image":"i"}        a line for exec
//   < {"outcome":"transitioned"}        what its answer must have (json_match.hpp)
//   = lease held                        keeps the answer's field: $held in later lines
//   # ...                               a comment

#include <filesystem>
#include <fstream>
#include <map>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/json_match.hpp"

using namespace fenceline::testing;

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> transcripts() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(FENCELINE_SOURCE_DIR "/tests/scenarios"))
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

class Player {
  public:
    explicit Player(const fs::path& file) : file_(file.filename().string()), in_(file) {
        REQUIRE(in_.good());
    }

    void play() {
        TempDir dir;
        const auto journal = dir / "pool.db";
        REQUIRE(run_program({"init", journal}).code == 0);
        {
            Conversation talk(FENCELINE_PROGRAM,
                              {"exec", journal, "--as", "cp-a", "--clock", "input"});
            for (std::string line; std::getline(in_, line);) {
                ++number_;
                step(talk, line);
            }
            CHECK_MESSAGE(asked_ > 0, file_ << " asks nothing");
            (void)talk.end();
        }
        // Whatever was played, the journal it left is sound.
        const auto verified = run_program({"verify", journal});
        CHECK_MESSAGE(verified.code == 0, file_ << ": " << verified.out << verified.err);
    }

  private:
    void step(Conversation& talk, const std::string& line) {
        if (line.empty() || line[0] == '#') return;
        REQUIRE_MESSAGE(line.size() > 2, place());
        const auto rest = line.substr(2);
        if (line[0] == '>') {
            ++asked_;
            const auto said = talk.ask(filled(rest));
            answer_ = Json::parse(said, nullptr, false);
            REQUIRE_MESSAGE(!answer_.is_discarded(), place() << " answered: " << said);
        } else if (line[0] == '<') {
            const auto expected = Json::parse(filled(rest), nullptr, false);
            REQUIRE_MESSAGE(!expected.is_discarded(), place() << " is not JSON");
            const auto wrong = mismatch(expected, answer_);
            CHECK_MESSAGE(wrong.empty(), place() << wrong << "\n  in " << answer_.dump());
        } else if (line[0] == '=') {
            const auto blank = rest.find(' ');
            REQUIRE_MESSAGE(blank != std::string::npos, place());
            const auto field = answer_.find(rest.substr(0, blank));
            REQUIRE_MESSAGE(field != answer_.end(), place() << answer_.dump());
            kept_[rest.substr(blank + 1)] = field->dump();
        } else {
            FAIL(place() << "neither >, <, = nor #: " << line);
        }
    }
    std::string filled(std::string text) const {
        for (const auto& [name, value] : kept_)
            for (auto at = text.find("$" + name); at != std::string::npos;
                 at = text.find("$" + name, at + value.size()))
                text.replace(at, name.size() + 1, value);
        return text;
    }
    std::string place() const { return file_ + ":" + std::to_string(number_) + ": "; }

    std::string file_;
    std::ifstream in_;
    int number_ = 0, asked_ = 0;
    Json answer_;
    std::map<std::string, std::string, std::greater<>> kept_;  // longer names first
};

}  // namespace

TEST_SUITE("tools/scenarios") {
    TEST_CASE("every transcript plays as it is written") {
        const auto files = transcripts();
        REQUIRE(files.size() >= 8);
        for (const auto& file : files) {
            CAPTURE(file.filename().string());
            Player(file).play();
        }
    }

    TEST_CASE("a transcript that expects something else would be told") {
        CHECK(mismatch(Json::parse(R"({"a":1})"), Json::parse(R"({"a":2})")) == ".a is 2, not 1");
        CHECK(mismatch(Json::parse(R"({"a":1})"), Json::parse(R"({})")) == ".a is missing");
        CHECK(mismatch(Json::parse(R"({"a":"absent"})"), Json::parse(R"({"a":2})")) ==
              ".a is there");
        CHECK(mismatch(Json::parse(R"([1])"), Json::parse(R"([1,2])")) == " has 2 items, not 1");
        CHECK(mismatch(Json::parse(R"({"a":"any"})"), Json::parse(R"({"a":2})")).empty());
    }
}
