#pragma once

// What --against names, read: pages, or another journal.

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "metrics/exposition.hpp"
#include "tools/http_get.hpp"

namespace fenceline::tools {

struct LivePage {
    std::string source;  // as people know it
    Scrape page;
};

struct SourceOptions {
    std::string name_space;
    std::string selector;    // for a Prometheus server
    std::optional<Time> at;  // likewise
    Duration timeout = limits::fetch_timeout;
};

// "prometheus:http://HOST:9090"
[[nodiscard]] bool is_prometheus(std::string_view against);

// A file that begins as a journal does.
[[nodiscard]] bool is_journal(const std::string& against);

// The pages of one --against: a URL or a file or `-` gives one, a Prometheus server one a target.
[[nodiscard]] Result<std::vector<LivePage>> live_pages(const std::string& against,
                                                       const SourceOptions& options);

}  // namespace fenceline::tools
