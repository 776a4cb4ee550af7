#include "tools/progress.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "tools/output.hpp"

namespace fenceline::tools {

namespace {
constexpr auto silence = std::chrono::seconds(1);
constexpr auto between = std::chrono::milliseconds(100);
constexpr int bar_width = 30;
}  // namespace

ProgressBar::ProgressBar(const Context& context, std::string what)
    : on_(context.progress),
      what_(std::move(what)),
      began_(std::chrono::steady_clock::now()),
      last_(began_) {}

ProgressBar::~ProgressBar() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
}

replay::Progress ProgressBar::callback() {
    if (!on_) return {};
    return [this](Position done, Position end) { show(done, end); };
}

void ProgressBar::show(Position done, Position end) {
    const auto now = std::chrono::steady_clock::now();
    if (first_ < 0) first_ = done.value;
    if (now - began_ < silence || now - last_ < between || end.value <= 0) return;
    last_ = now;
    shown_ = true;
    const auto spent = std::chrono::duration<double>(now - began_).count();
    const auto rate = static_cast<double>(done.value - first_) / spent;
    const auto left = rate > 0 ? static_cast<double>(end.value - done.value) / rate : 0;
    const auto share = static_cast<double>(done.value) / static_cast<double>(end.value);
    const auto filled = std::min(bar_width, static_cast<int>(share * bar_width));
    const auto text =
        fmt::format("\r\x1b[K{} [{}{}] {:.0f} %  {:.0f}/s  {} left", what_,
                    std::string(filled, '#'), std::string(bar_width - filled, '.'), share * 100,
                    rate, human_duration(static_cast<std::int64_t>(left * 1e9)));
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace fenceline::tools
