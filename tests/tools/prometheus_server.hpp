#pragma once

// A real Prometheus server of the test's own, on loopback, with its data in the test's folder.
//
//   if (!prometheus_is_there()) return;
//   PrometheusServer server(dir, "global: {}\n");
//   server.get("/api/v1/query?query=up");

#include <string>

#include <sys/types.h>

#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

// Says so when the test is skipped for want of it.
[[nodiscard]] bool prometheus_is_there();

class PrometheusServer {
  public:
    // Returns once it is ready. Blocks that are in `data` of the folder are there from the start.
    PrometheusServer(const TempDir& dir, const std::string& config);
    ~PrometheusServer();
    PrometheusServer(const PrometheusServer&) = delete;
    PrometheusServer& operator=(const PrometheusServer&) = delete;

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    // The body of an answer that must be a good one.
    [[nodiscard]] std::string get(const std::string& path) const;

  private:
    [[noreturn]] void become(const TempDir& dir) const;

    int port_;
    pid_t child_ = -1;
};

}  // namespace fenceline::testing
