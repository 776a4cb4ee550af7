#pragma once

// Work over a second long shows a bar, the rate and the time left on a terminal's stderr; nothing
// when piped.
//
//   ProgressBar bar(context, "folding");
//   options.progress = bar.callback();

#include <chrono>
#include <string>

#include "replay/replayer.hpp"
#include "tools/command_line.hpp"

namespace fenceline::tools {

class ProgressBar {
  public:
    ProgressBar(const Context& context, std::string what);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    // Empty when nothing is to be shown, so that the work need not count.
    [[nodiscard]] replay::Progress callback();

  private:
    void show(Position done, Position end);

    bool on_;
    std::string what_;
    std::chrono::steady_clock::time_point began_, last_;
    std::int64_t first_ = -1;  // done when the first call came: not our work
    bool shown_ = false;
};

}  // namespace fenceline::tools
