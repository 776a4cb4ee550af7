// The kept corpora of the fuzzers, once more and without them: what broke once stays mended.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/fuzz/targets.hpp"

using namespace fenceline;

namespace {

namespace fs = std::filesystem;

std::vector<std::string> corpus(const std::string& name) {
    std::vector<fs::path> paths;
    for (const auto& entry :
         fs::directory_iterator(fs::path(FENCELINE_SOURCE_DIR) / "tests/fuzz/corpus" / name))
        paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::vector<std::string> out;
    for (const auto& path : paths) {
        std::ostringstream bytes;
        bytes << std::ifstream(path, std::ios::binary).rdbuf();
        out.push_back(bytes.str());
    }
    return out;
}

}  // namespace

TEST_SUITE("fuzz/corpus") {
    TEST_CASE("every kept input comes back") {
        for (const auto& target : fuzz::targets) {
            const auto inputs = corpus(target.name);
            CAPTURE(target.name);
            CHECK(inputs.size() >= 3);
            for (const auto& input : inputs) target.run(input);
        }
    }

    TEST_CASE("every kept input comes back with a few bytes changed") {
        std::mt19937 random(1);
        for (const auto& target : fuzz::targets) {
            const int rounds = std::string_view(target.name) == "journal_file" ? 3 : 50;
            for (const auto& input : corpus(target.name))
                for (int round = 0; round < rounds && !input.empty(); ++round) {
                    std::string changed = input;
                    for (int i = 0; i < 3; ++i)
                        changed[random() % changed.size()] = static_cast<char>(random());
                    changed.resize(changed.size() - random() % (changed.size() / 4 + 1));
                    target.run(changed);
                }
        }
    }
}
