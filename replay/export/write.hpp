#pragma once

// Where an export goes, piece by piece: nothing is ever held as a whole.
//
//   Buffered out(write);
//   out += "a line\n";
//   return out.finish();
//
// Threading: one thread.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "events/result.hpp"

namespace fenceline::replay {

// Takes bytes; false when no more can be taken (a full disk, a reader that went away).
using Write = std::function<bool(std::string_view)>;

// Gathers small pieces into large ones.
class Buffered {
  public:
    explicit Buffered(Write write) : write_(std::move(write)) {}

    Buffered& operator+=(std::string_view text) {
        buffer_ += text;
        if (buffer_.size() >= piece) flush();
        return *this;
    }
    // For those who append in place; += "" afterwards lets it go out.
    [[nodiscard]] std::string& buffer() { return buffer_; }
    [[nodiscard]] bool good() const { return good_; }

    [[nodiscard]] Result<void> finish() {
        flush();
        if (good_) return {};
        return fail(ErrorCode::io, "the output could not be written whole",
                    "is the disk full, or did its reader go away?");
    }

  private:
    static constexpr std::size_t piece = 64 * 1024;

    void flush() {
        if (good_ && !buffer_.empty()) good_ = write_(buffer_);
        buffer_.clear();
    }

    Write write_;
    std::string buffer_;
    bool good_ = true;
};

}  // namespace fenceline::replay
