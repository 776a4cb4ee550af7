// What a server says before it answers, without an end.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "tools/http_get.hpp"

namespace fenceline::testing {

namespace {

// Says `opening` to the first who comes, and then the rest again and again.
class Endless {
  public:
    Endless(std::string opening, std::string rest)
        : opening_(std::move(opening)), rest_(std::move(rest)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listening_, 1) == 0);
        REQUIRE(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        talker_ = std::thread([this] { talk(); });
    }
    ~Endless() {
        talker_.join();
        ::close(listening_);
    }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(port_) + "/metrics";
    }

  private:
    void talk() const {
        const int socket = ::accept(listening_, nullptr, nullptr);
        const std::string* saying = &opening_;
        while (::send(socket, saying->data(), saying->size(), MSG_NOSIGNAL) > 0) saying = &rest_;
        ::close(socket);
    }

    std::string opening_, rest_;
    int listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port_ = 0;
    std::thread talker_;
};

}  // namespace

TEST_SUITE_BEGIN("tools/http_get");

TEST_CASE("what is said before the page has an end") {
    std::string opening = "HTTP/1.1 200 ", rest(100'000, 'a');
    SUBCASE("a status line") {}
    SUBCASE("a header") {
        opening += "OK\r\nX: ";
    }
    SUBCASE("headers") {
        opening += "OK\r\n";
        rest = "X: a\r\n";
    }
    const Endless server(opening, rest);
    const auto page =
        tools::http_get(server.url(), {.timeout = seconds(60), .most_bytes = 1'000'000});
    REQUIRE_FALSE(page.has_value());
    CHECK(page.error().text == "what it says before the page is too long");
}

TEST_CASE("what is no HTTP is named") {
    const Endless server("SSH-2.0-example\r\n", "a\r\n");
    const auto page = tools::http_get(server.url(), {.timeout = seconds(60), .most_bytes = 1'000});
    REQUIRE_FALSE(page.has_value());
    CHECK(page.error().text == "it does not answer in HTTP");
}

TEST_SUITE_END();

}  // namespace fenceline::testing
