#pragma once

// A server of cpp-httplib that reads no more of a request than it has use for.
//
// The library (0.11) reads a request's first line whole, however long, before it looks at it. Here
// a connection ends that sends more than `most_bytes` of one request.
//
// Threading: as httplib::Server.

#include <cstddef>

#include <httplib.h>

namespace fenceline::tools {

class BoundedServer final : public httplib::Server {
  public:
    explicit BoundedServer(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  private:
    bool process_and_close_socket(socket_t socket) override;

    std::size_t most_bytes_;
};

}  // namespace fenceline::tools
