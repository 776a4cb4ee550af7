#include "tools/http_get.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <httplib.h>

#include "tools/output.hpp"
#include "tools/tcp_received.hpp"

namespace fenceline::tools {

namespace {

using Steady = std::chrono::steady_clock;

// Ends a request that is not over in time or brings too much, whatever it is waiting for: the
// library reads a status line and headers of any length.
class Limits {
  public:
    enum class Passed { none, time, bytes };

    Limits(httplib::Client& client, Duration timeout, std::size_t most_bytes) {
        client.set_socket_options([this](socket_t socket) { socket_ = socket; });
        watch_ = std::thread([this, &client, timeout, most_bytes] {
            const auto until = Steady::now() + std::chrono::nanoseconds(timeout.ns);
            std::unique_lock lock(mutex_);
            while (!done_.wait_for(lock, look_every, [this] { return over_; })) {
                if (Steady::now() >= until) passed_ = Passed::time;
                if (tcp_received(socket_) > most_bytes) passed_ = Passed::bytes;
                if (passed_ != Passed::none) break;
            }
            if (over_) return;
            lock.unlock();
            client.stop();
        });
    }
    ~Limits() { (void)end(); }
    Limits(const Limits&) = delete;
    Limits& operator=(const Limits&) = delete;

    // Which of them had passed.
    Passed end() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        done_.notify_one();
        if (watch_.joinable()) watch_.join();
        return passed_;
    }

  private:
    static constexpr std::chrono::milliseconds look_every{5};

    std::atomic<int> socket_ = -1;
    std::mutex mutex_;
    std::condition_variable done_;
    bool over_ = false;
    Passed passed_ = Passed::none;
    std::thread watch_;  // last: it uses all of the above
};

struct Url {
    std::string server;  // scheme, host, port
    std::string path;
};

Url parts_of(const std::string& url) {
    const auto slash = url.find('/', url.find("://") + 3);
    if (slash == std::string::npos) return {url, "/"};
    return {url.substr(0, slash), url.substr(slash)};
}

auto no_answer(std::string why, std::string hint = {}) {
    return fail(ErrorCode::io, std::move(why), std::move(hint));
}

std::string seconds_text(Duration span) {
    return human_duration(span.ns);
}

Result<std::string> answer_of(const httplib::Response& head, std::string body) {
    if (head.status >= 300 && head.status < 400)
        return no_answer(fmt::format("it redirects (status {}) to {}", head.status,
                                     head.get_header_value("Location")),
                         "name the address that answers itself");
    if (head.status != 200) return no_answer(fmt::format("it answers status {}", head.status));
    return body;
}

}  // namespace

bool is_http_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

std::string with_path(const std::string& url, std::string_view path) {
    const auto parts = parts_of(url);
    return parts.path == "/" ? parts.server + std::string(path) : url;
}

std::string url_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<std::string> http_get(const std::string& url, const HttpOptions& options) {
    const Url parts = parts_of(url);
    if (parts.server.find('@') != std::string::npos)
        return no_answer("an address with a user in it is not understood");
    httplib::Client client(parts.server);
    if (!client.is_valid()) return no_answer("the address is not understood");
    // The deadline decides; the library's own time-outs start anew with each byte.
    const auto span = std::chrono::nanoseconds(options.timeout.ns) + std::chrono::seconds(1);
    client.set_connection_timeout(span);
    client.set_read_timeout(span);
    client.set_write_timeout(span);
    std::string body;
    bool too_large = false;
    httplib::Response head;
    // What carries the body, and what is said before it, take some more.
    Limits limits(client, options.timeout, options.most_bytes + options.most_bytes / 8 + (1 << 20));
    const auto result = client.Get(
        parts.path,
        [&](const httplib::Response& response) {
            head.status = response.status;
            head.headers = response.headers;
            return true;
        },
        [&](const char* data, std::size_t size) {
            too_large = body.size() + size > options.most_bytes;
            if (!too_large) body.append(data, size);
            return !too_large;
        });
    const auto passed = limits.end();
    const bool late = passed == Limits::Passed::time;
    if (too_large || passed == Limits::Passed::bytes)
        return no_answer(fmt::format("the answer is larger than {} bytes", options.most_bytes));
    if (result) return answer_of(head, std::move(body));
    const bool connection = result.error() == httplib::Error::Connection ||
                            result.error() == httplib::Error::ConnectionTimeout;
    if (late || result.error() == httplib::Error::ConnectionTimeout)
        return no_answer("no whole answer within " + seconds_text(options.timeout),
                         "--timeout gives it more time");
    if (connection) return no_answer("nobody answers there");
    return no_answer("the answer breaks off (" + httplib::to_string(result.error()) + ")");
}

}  // namespace fenceline::tools
