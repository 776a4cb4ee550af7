#pragma once

// A directory of one test's own, gone with the object.
//
//   TempDir dir;
//   auto path = dir / "pool.db";

#include <cstdlib>
#include <filesystem>
#include <string>

#include "events/invariant.hpp"

namespace fenceline::testing {

class TempDir {
  public:
    TempDir() {
        auto name = (std::filesystem::temp_directory_path() / "fenceline-XXXXXX").string();
        FENCELINE_INVARIANT(::mkdtemp(name.data()) != nullptr, "a test gets its own directory");
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;  // what a test made unremovable stays behind
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

}  // namespace fenceline::testing
