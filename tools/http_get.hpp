#pragma once

// One page fetched over HTTP, whole or not at all.
//
//   auto page = http_get("http://127.0.0.1:9464/metrics", {.timeout = seconds(10)});
//
// The time-out is for the whole answer: a server that sends a byte now and then does not hold it
// up. Redirects are not followed; an answer of another status, or one that breaks off, is an error.

#include <cstddef>
#include <string>
#include <string_view>

#include "events/result.hpp"
#include "events/time.hpp"

namespace fenceline::tools {

namespace limits {

inline constexpr Duration fetch_timeout = seconds(10);

}  // namespace limits

struct HttpOptions {
    Duration timeout = limits::fetch_timeout;
    std::size_t most_bytes = 0;
};

[[nodiscard]] bool is_http_url(std::string_view text);

// `url` with this path where it has none.
[[nodiscard]] std::string with_path(const std::string& url, std::string_view path);

[[nodiscard]] Result<std::string> http_get(const std::string& url, const HttpOptions& options);

// A value as it may stand in a query.
[[nodiscard]] std::string url_encoded(std::string_view text);

}  // namespace fenceline::tools
