// `fenceline export` of metrics, resampled: openmetrics, and a test of alert rules.

#include <fmt/format.h>

#include "replay/export/openmetrics.hpp"
#include "replay/export/rule_test.hpp"
#include "tools/export/options.hpp"
#include "tools/export/sampling.hpp"

namespace fenceline::tools {

namespace {

Result<replay::ExtraLabels> labels_of(const ExportOptions& options) {
    replay::ExtraLabels labels;
    for (const std::string& text : options.label) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            return fail(ErrorCode::invalid_request, "--label \"" + text + "\" is not NAME=VALUE");
        labels.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    FENCELINE_TRY(replay::check_labels(labels));
    return labels;
}

}  // namespace

Result<std::string> export_openmetrics(const ExportTask& task) {
    const auto labels = labels_of(task.options);
    if (!labels) return tl::unexpected<Error>(labels.error());
    const auto table = sampled(task);
    if (!table) return tl::unexpected<Error>(table.error());
    const auto samples = replay::write_openmetrics(*table, *labels, task.write);
    if (!samples) return tl::unexpected<Error>(samples.error());
    return fmt::format("{} samples in {} steps of {} from {}", *samples, table->steps,
                       task.options.step, to_rfc3339(table->first));
}

Result<std::string> export_rule_test(const ExportTask& task) {
    const auto labels = labels_of(task.options);
    if (!labels) return tl::unexpected<Error>(labels.error());
    const auto table = sampled(task);
    if (!table) return tl::unexpected<Error>(table.error());
    const auto series =
        replay::write_rule_test(*table,
                                {.labels = *labels,
                                 .rules = task.options.rules,
                                 .only = task.options.metric,
                                 .name = task.options.path + ", from " + to_rfc3339(table->first)},
                                task.write);
    if (!series) return tl::unexpected<Error>(series.error());
    return fmt::format("{} series in {} steps of {} from {}", *series, table->steps,
                       task.options.step, to_rfc3339(table->first));
}

}  // namespace fenceline::tools
