#pragma once

// What `fenceline export` was asked, and the formats behind it: one function each, all alike.

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "replay/export/write.hpp"
#include "replay/replayer.hpp"
#include "tools/command_line.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

struct ExportOptions {
    std::string path, format, from, to, out, recorder;
    std::vector<std::string> redact;  // --redact org,pod,owner
    std::string step = "15s";
    std::string labels = "exact";
    std::string name_space = "duckgres";
    std::vector<std::string> label;   // --label k=v
    std::vector<std::string> metric;  // --metric NAME
    std::vector<std::string> rules;   // --rules FILE
};

// Everything that an exporter may use. It gives what is told on stderr when it is done:
// "1234 samples of 56 series".
struct ExportTask {
    const ExportOptions& options;
    Reader& reader;
    Window window;
    replay::Progress progress;
    replay::Write write;
};

// `invalid_request` is wrong usage; other errors are the journal's or the output's.
[[nodiscard]] Result<std::string> export_jsonl(const ExportTask& task);
[[nodiscard]] Result<std::string> export_csv(const ExportTask& task);
[[nodiscard]] Result<std::string> export_perfetto(const ExportTask& task);
[[nodiscard]] Result<std::string> export_openmetrics(const ExportTask& task);
[[nodiscard]] Result<std::string> export_rule_test(const ExportTask& task);
// A journal, which is no stream: the exit code of the whole command.
[[nodiscard]] int export_incident(const ExportOptions& options, const Context& context);

}  // namespace fenceline::tools
