#include "tools/exec/line_reader.hpp"

#include <poll.h>
#include <unistd.h>
#include <cerrno>

namespace fenceline::tools {

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

bool blank(std::string_view text) {
    return text.find_first_not_of(" \t\r") == text.npos;
}

}  // namespace

// Moves a complete line out of the buffer. False: there is none yet.
bool LineReader::take_line(InputLine& line) {
    const auto end = buffer_.find('\n', scanned_);
    const bool complete = end != std::string::npos;
    const auto size = (complete ? end : buffer_.size()) - begin_;
    const bool too_long = skipping_ || size > most_;
    if (!complete && !(ended_ && (size > 0 || skipping_))) {
        if (too_long) {  // drop what came so far, remember that the line goes on
            skipping_ = true;
            buffer_.clear();
            begin_ = 0;
        }
        scanned_ = buffer_.size();
        return false;
    }
    line.number = ++number_;
    line.too_long = too_long;
    line.text = too_long ? std::string() : buffer_.substr(begin_, size);
    begin_ = scanned_ = complete ? end + 1 : buffer_.size();
    skipping_ = false;
    return true;
}

LineReader::Filled LineReader::fill(Wait wait) {
    if (begin_ > 0) {  // at most one line is moved, and never more than the limit
        buffer_.erase(0, begin_);
        scanned_ -= begin_;
        begin_ = 0;
    }
    for (;;) {
        pollfd fds[2] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
        const int ready = ::poll(fds, 2, wait == Wait::yes ? -1 : 0);
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return Filled::failed;
        if (fds[1].revents != 0) return Filled::end;
        if (ready == 0) return Filled::nothing_yet;
        const auto before = buffer_.size();
        buffer_.resize(before + chunk_bytes);
        const auto n = ::read(fd_, buffer_.data() + before, chunk_bytes);
        const int why = errno;
        buffer_.resize(before + (n > 0 ? static_cast<std::size_t>(n) : 0));
        if (n > 0) return Filled::some;
        if (n == 0) return Filled::end;
        if (why == EAGAIN && wait == Wait::no) return Filled::nothing_yet;
        if (why != EINTR && why != EAGAIN) return Filled::failed;
    }
}

LineReader::Got LineReader::next(InputLine& line, Wait wait) {
    for (;;) {
        while (take_line(line))
            if (line.too_long || !blank(line.text)) return Got::line;
        if (ended_) return Got::end;
        switch (fill(wait)) {
            case Filled::some: break;
            case Filled::nothing_yet: return Got::nothing_yet;
            case Filled::end: ended_ = true; break;
            case Filled::failed: return Got::failed;
        }
    }
}

}  // namespace fenceline::tools
