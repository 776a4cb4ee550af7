#pragma once

// Lines from a file descriptor, as they come: a line that is there is given at once, so that its
// caller can put lines that already wait into one commit.
//
// Memory is bounded by `most` bytes a line whatever is sent: a longer line is skipped to its end
// and reported as too long.
//
// Threading: one thread.

#include <cstddef>
#include <cstdint>
#include <string>

namespace fenceline::limits {

// One line of `exec`'s input.
inline constexpr std::size_t input_line_bytes = std::size_t{1} << 20;

}  // namespace fenceline::limits

namespace fenceline::tools {

struct InputLine {
    std::int64_t number = 0;  // from 1, blank lines counted
    std::string text;
    bool too_long = false;  // `text` is then empty
};

class LineReader {
  public:
    // `stop_fd` becomes readable when reading should end (-1: never).
    explicit LineReader(int fd, int stop_fd = -1, std::size_t most = limits::input_line_bytes)
        : fd_(fd), stop_fd_(stop_fd), most_(most) {}

    enum class Got { line, nothing_yet, end, failed };
    enum class Wait { yes, no };
    // The next line that is not blank. Without waiting: `nothing_yet` when none is there.
    [[nodiscard]] Got next(InputLine& line, Wait wait);

  private:
    enum class Filled { some, nothing_yet, end, failed };
    Filled fill(Wait wait);
    bool take_line(InputLine& line);

    int fd_, stop_fd_;
    std::size_t most_;  // bytes of a line
    std::string buffer_;
    std::size_t begin_ = 0;    // of the line that is being read
    std::size_t scanned_ = 0;  // no newline before this
    std::int64_t number_ = 0;
    bool skipping_ = false;  // inside a line that is too long
    bool ended_ = false;
};

}  // namespace fenceline::tools
