#include "tools/replay/corpus.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace fenceline::tools {

namespace {

namespace fs = std::filesystem;

bool begins_as_a_database(const fs::path& path) {
    constexpr std::string_view expected = "SQLite format 3";
    std::string first(expected.size(), '\0');
    std::ifstream file(path, std::ios::binary);
    return file.read(first.data(), static_cast<std::streamsize>(first.size())) && first == expected;
}

Result<void> look_into(const std::string& folder, std::vector<std::string>& out) {
    std::vector<std::string> found;
    std::error_code error;
    fs::recursive_directory_iterator it(folder, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
        std::error_code unknown;
        if (it->symlink_status(unknown).type() == fs::file_type::regular &&
            begins_as_a_database(it->path()))
            found.push_back(it->path().string());
    }
    if (error) return fail(ErrorCode::io, folder + ": " + error.message());
    if (found.empty())
        return fail(ErrorCode::not_found, folder + ": no journal in this folder",
                    "journals are SQLite files that fenceline made, at any depth");
    std::ranges::sort(found);
    out.insert(out.end(), found.begin(), found.end());
    return {};
}

}  // namespace

Result<std::vector<std::string>> corpus_of(const std::vector<std::string>& paths) {
    std::vector<std::string> out;
    for (const auto& path : paths) {
        std::error_code unknown;
        if (!fs::is_directory(path, unknown)) {
            out.push_back(path);
            continue;
        }
        FENCELINE_TRY(look_into(path, out));
    }
    return out;
}

}  // namespace fenceline::tools
