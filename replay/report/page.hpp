#pragma once

// The model as one self-contained HTML file: script, style and data inside, nothing from a network.
//
// Whatever a journal holds reaches the page as packed data that the script reads, never as markup.
// A content security policy allows the page's own script and style by their hashes and nothing
// else, so that not even a mistake of ours would run a text from a journal.
//
// Pure.

#include <string>

#include "replay/report/model.hpp"

namespace fenceline::replay::report {

struct PageOptions {
    std::string title;
    std::string journal;  // its name, for the head line
    std::string version;  // of the program
    bool live = false;    // served: links to /metrics and /healthz
    std::string notice;   // shown above everything, may be empty
};

// The data alone, as the page's script reads it.
[[nodiscard]] std::string data_of(const Model& model, const PageOptions& options);
// The whole file.
[[nodiscard]] std::string page_of(const Model& model, const PageOptions& options);

}  // namespace fenceline::replay::report
