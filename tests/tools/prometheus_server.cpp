#include "tests/tools/prometheus_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include <doctest/doctest.h>
#include <httplib.h>

namespace fenceline::testing {

namespace {

constexpr const char* prometheus = "/usr/bin/prometheus";

int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(fd, generic, size) == 0);
    REQUIRE(::getsockname(fd, generic, &size) == 0);
    ::close(fd);
    return ntohs(address.sin_port);
}

}  // namespace

bool prometheus_is_there() {
    if (access(prometheus, X_OK) == 0) return true;
    MESSAGE("skipped: prometheus is not installed (Debian package: prometheus)");
    return false;
}

PrometheusServer::PrometheusServer(const TempDir& dir, const std::string& config)
    : port_(free_port()) {
    std::ofstream(dir / "prometheus.yml") << config;
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) become(dir);
    httplib::Client http("127.0.0.1", port_);
    for (int tries = 0; tries < 300; ++tries) {
        if (const auto ready = http.Get("/-/ready"); ready && ready->status == 200) return;
        ::poll(nullptr, 0, 100);
    }
    FAIL("prometheus did not start");
}

PrometheusServer::~PrometheusServer() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
}

std::string PrometheusServer::get(const std::string& path) const {
    httplib::Client http("127.0.0.1", port_);
    http.set_read_timeout(30);
    const auto answer = http.Get(path);
    REQUIRE(answer);
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return answer->body;
}

void PrometheusServer::become(const TempDir& dir) const {
    const int log = ::open((dir / "log").c_str(), O_CREAT | O_WRONLY, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    const auto config = "--config.file=" + dir / "prometheus.yml";
    const auto data = "--storage.tsdb.path=" + dir / "data";
    const auto listen = "--web.listen-address=127.0.0.1:" + std::to_string(port_);
    ::execl(prometheus, prometheus, config.c_str(), data.c_str(), listen.c_str(),
            "--storage.tsdb.retention.time=100y", "--query.lookback-delta=30s", nullptr);
    ::_exit(127);
}

}  // namespace fenceline::testing
