#include "replay/export/rule_test.hpp"

#include <algorithm>

#include "replay/export/numbers.hpp"

namespace fenceline::replay {

namespace {

// Single-quoted YAML: only the quote itself is doubled.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        out += c;
        if (c == '\'') out += c;
    }
    return out + "'";
}

std::string seconds_text(Duration span) {
    return std::to_string(span.ns / 1'000'000) + "ms";
}

class Writer {
  public:
    Writer(const SampleTable& table, const RuleTestOptions& options, const Write& write)
        : table_(table), options_(options), out_(write) {}

    Result<std::int64_t> all() {
        head();
        for (const SampledFamily& family : table_.families)
            if (is_asked(family)) series_of(family);
        checks();
        FENCELINE_TRY(out_.finish());
        return series_;
    }

  private:
    [[nodiscard]] bool is_asked(const SampledFamily& family) const {
        return options_.only.empty() || std::ranges::count(options_.only, family.name) > 0;
    }
    void head() {
        if (!options_.rules.empty()) out_ += "rule_files:\n";
        for (const auto& rules : options_.rules) out_ += "  - " + quoted(rules) + "\n";
        const auto step = seconds_text(table_.step);
        out_ += "evaluation_interval: " + step + "\ntests:\n  - name: " + quoted(options_.name) +
                "\n    interval: " + step + "\n    input_series:\n";
    }
    void series_of(const SampledFamily& family) {
        for (const SampledSeries& series : family.series) {
            if (family.type != MetricType::histogram) {
                one(family, series, family.name, {}, 0);
                continue;
            }
            const auto bounds = family.bounds_ns.size();
            for (std::size_t i = 0; i <= bounds; ++i) {
                std::string le = "+Inf";
                if (i < bounds) {
                    le.clear();
                    append_seconds(family.bounds_ns[i], le);
                }
                one(family, series, family.name + "_bucket", {{"le", le}}, i);
            }
            one(family, series, family.name + "_count", {}, bounds);
        }
    }
    // Runs of one value are written as `value x more`.
    void one(const SampledFamily& family, const SampledSeries& series, const std::string& name,
             const ExtraLabels& more, std::size_t which) {
        ++series_;
        out_ +=
            "      - series: " + quoted(series_text(name, options_.labels, series.labels, more)) +
            "\n        values: '";
        SampleCursor cursor(series, family.width());
        for (std::int64_t step = 0; step < table_.steps;) {
            const auto value = cursor.at(step)[which];
            std::int64_t more_of_it = 0;
            while (step + more_of_it + 1 < table_.steps &&
                   cursor.at(step + more_of_it + 1)[which] == value)
                ++more_of_it;
            if (step > 0) out_ += " ";
            out_ += std::to_string(value);
            if (more_of_it > 0) out_ += "x" + std::to_string(more_of_it);
            step += more_of_it + 1;
            last_ = value;
        }
        out_ += "'\n";
        if (more.empty()) sums_.emplace_back(name, last_);
    }
    void checks() {
        const auto end = seconds_text(Duration{table_.step.ns * (table_.steps - 1)});
        if (!sums_.empty()) out_ += "    promql_expr_test:\n";
        for (auto it = sums_.begin(); it != sums_.end();) {
            const auto& name = it->first;
            std::int64_t sum = 0;
            for (; it != sums_.end() && it->first == name; ++it) sum += it->second;
            out_ += "      - expr: sum(";
            out_ += name;
            out_ += ")\n        eval_time: ";
            out_ += end;
            out_ += "\n        exp_samples:\n          - labels: '{}'\n            value: ";
            out_ += std::to_string(sum);
            out_ += "\n";
        }
    }

    const SampleTable& table_;
    const RuleTestOptions& options_;
    Buffered out_;
    std::int64_t series_ = 0;
    std::int64_t last_ = 0;
    std::vector<std::pair<std::string, std::int64_t>> sums_;  // by metric, in order
};

}  // namespace

Result<std::int64_t> write_rule_test(const SampleTable& table, const RuleTestOptions& options,
                                     const Write& write) {
    for (const auto& name : options.only)
        if (std::ranges::find(table.families, name, &SampledFamily::name) == table.families.end())
            return fail(ErrorCode::invalid_request, "the window has no metric \"" + name + "\"",
                        "names are those of `fenceline metrics`, namespace included");
    return Writer(table, options, write).all();
}

}  // namespace fenceline::replay
