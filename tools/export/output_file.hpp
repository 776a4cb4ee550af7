#pragma once

// Where an export goes: stdout, or a file that is there only when it is whole.
//
//   auto out = OutputFile::open(path);      // empty: stdout
//   out->write("...");
//   out->close();                           // puts the file in place
//
// Threading: one thread.

#include <cstdio>
#include <string>
#include <string_view>

#include "events/result.hpp"

namespace fenceline::tools {

class OutputFile {
  public:
    // `already_exists` when there is anything at `path`: an export never overwrites a journal, or
    // another export.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);
    ~OutputFile();
    OutputFile(OutputFile&& other) noexcept;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    // False when not all of it could be written.
    bool write(std::string_view text);
    [[nodiscard]] Result<void> close();

  private:
    OutputFile() = default;

    std::string path_, unfinished_;
    std::FILE* file_ = nullptr;
};

}  // namespace fenceline::tools
