#pragma once

// The last scrapes that a Prometheus server holds, one page a target, read over its HTTP API.
//
//   auto pages = prometheus_pages({.server = "http://127.0.0.1:9090", .name_space = "duckgres"});
//
// One instant query asks for the store's metrics and for what their pages say of themselves, so
// that each page comes with the position at which it was made. Labels that the server adds
// (`job`, `instance`) tell the targets apart and are taken off again.

#include <optional>
#include <string>
#include <vector>

#include "metrics/exposition.hpp"
#include "tools/http_get.hpp"

namespace fenceline::tools {

struct PrometheusQuery {
    std::string server;      // http://HOST:PORT, a path prefix allowed
    std::string name_space;  // of the metrics
    std::string selector;    // more matchers: job="store"
    std::optional<Time> at;  // none: the server's now
    HttpOptions http;
};

struct TargetPage {
    std::string target;  // "instance=\"cp-a:9464\",job=\"store\""
    Scrape page;
};

[[nodiscard]] Result<std::vector<TargetPage>> prometheus_pages(const PrometheusQuery& query);

// The same of an answer that is there already.
[[nodiscard]] Result<std::vector<TargetPage>> pages_of_answer(const std::string& json,
                                                              const std::string& name_space);

}  // namespace fenceline::tools
