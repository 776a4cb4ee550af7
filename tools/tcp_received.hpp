#pragma once

// How much came through a connection, as the kernel counts it (TCP_INFO, Linux 4.1).
//
// A file of its own: cpp-httplib includes the C library's header of TCP, which lacks that count and
// excludes the kernel's header.

#include <cstdint>

namespace fenceline::tools {

// 0 for what is no connection.
[[nodiscard]] std::uint64_t tcp_received(int socket);

}  // namespace fenceline::tools
