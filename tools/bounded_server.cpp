#include "tools/bounded_server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace fenceline::tools {

namespace {

using std::chrono::milliseconds;

// While a connection waits for its next request: whether the server is to end.
constexpr milliseconds look_every(100);

class BoundedStream final : public httplib::Stream {
  public:
    struct Limits {
        std::size_t bytes;
        milliseconds read, write;
    };
    BoundedStream(socket_t socket, const Limits& limits) : socket_(socket), limits_(limits) {}

    // Of the next request.
    void begin_request() { left_ = limits_.bytes; }
    [[nodiscard]] bool holds_more() const { return at_ < end_; }
    [[nodiscard]] bool wait(short what, milliseconds timeout) const {
        pollfd watched{.fd = socket_, .events = what, .revents = 0};
        int ready = 0;
        do ready = ::poll(&watched, 1, static_cast<int>(timeout.count()));
        while (ready < 0 && errno == EINTR);
        return ready > 0;
    }

    [[nodiscard]] bool is_readable() const override {
        return holds_more() || wait(POLLIN, limits_.read);
    }
    [[nodiscard]] bool is_writable() const override { return wait(POLLOUT, limits_.write); }

    ssize_t read(char* into, std::size_t size) override {
        if (size > 0 && left_ == 0) return -1;
        if (!holds_more()) {
            if (!wait(POLLIN, limits_.read)) return -1;
            const auto came = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
            if (came <= 0) return came;
            at_ = 0;
            end_ = static_cast<std::size_t>(came);
        }
        const auto taken = std::min({size, end_ - at_, left_});
        std::memcpy(into, buffer_.data() + at_, taken);
        at_ += taken;
        left_ -= taken;
        return static_cast<ssize_t>(taken);
    }
    ssize_t write(const char* from, std::size_t size) override {
        return is_writable() ? ::send(socket_, from, size, MSG_NOSIGNAL) : -1;
    }

    // Nobody asks.
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    [[nodiscard]] socket_t socket() const override { return socket_; }

  private:
    socket_t socket_;
    Limits limits_;
    std::size_t left_ = 0;
    std::array<char, 4096> buffer_{};
    std::size_t at_ = 0, end_ = 0;  // in it
};

}  // namespace

bool BoundedServer::process_and_close_socket(socket_t socket) {
    const auto span = [](time_t s, time_t us) {
        return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(s) +
                                                        std::chrono::microseconds(us));
    };
    BoundedStream stream(socket, {.bytes = most_bytes_,
                                  .read = span(read_timeout_sec_, read_timeout_usec_),
                                  .write = span(write_timeout_sec_, write_timeout_usec_)});
    const auto next_comes = [&] {
        for (milliseconds waited(0); !stream.holds_more(); waited += look_every) {
            if (stream.wait(POLLIN, look_every)) break;
            if (waited >= span(keep_alive_timeout_sec_, 0)) return false;
            if (svr_sock_ == INVALID_SOCKET) return false;
        }
        return true;
    };
    bool served = false;
    for (auto left = keep_alive_max_count_; left > 0 && next_comes(); --left) {
        stream.begin_request();
        bool closed = false;
        served = process_request(stream, left == 1, closed, nullptr);
        if (!served || closed) break;
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return served;
}

}  // namespace fenceline::tools
