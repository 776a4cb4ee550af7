#include "replay/export/openmetrics.hpp"

#include <algorithm>
#include <array>

#include "events/utf8.hpp"
#include "replay/export/numbers.hpp"

namespace fenceline::replay {

namespace {

constexpr std::array<std::string_view, 10> own_labels{"image",   "state",   "binding", "operation",
                                                      "outcome", "origin",  "reason",  "result",
                                                      "le",      "quantile"};

bool valid_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (c >= '0' && c <= '9');
    };
    return !name.empty() && std::ranges::all_of(name, good) &&
           !(name.front() >= '0' && name.front() <= '9');
}

void append_escaped(std::string_view text, std::string& out) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
}

class Writer {
  public:
    Writer(const SampleTable& table, const ExtraLabels& labels, const Write& write)
        : table_(table), labels_(labels), out_(write) {}

    Result<std::int64_t> all() {
        for (const SampledFamily& family : table_.families) {
            head(family);
            for (const SampledSeries& series : family.series)
                if (family.type == MetricType::histogram)
                    histogram(family, series);
                else
                    single(family, series, labelled(family.name, series), 0, append_count);
        }
        out_ += "# EOF\n";
        FENCELINE_TRY(out_.finish());
        return samples_;
    }

  private:
    using Append = void (*)(std::int64_t, std::string&);

    void head(const SampledFamily& family) {
        constexpr std::array<std::string_view, 3> types{"counter", "gauge", "histogram"};
        constexpr std::string_view total = "_total";
        std::string name = family.name;
        if (family.type == MetricType::counter && name.ends_with(total))
            name.resize(name.size() - total.size());
        std::string help;
        append_escaped(family.help, help);
        out_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " ";
        out_ += types[static_cast<std::size_t>(family.type)];
        out_ += "\n";
    }

    std::string labelled(const std::string& name, const SampledSeries& series,
                         const ExtraLabels& more = {}) const {
        return series_text(name, labels_, series.labels, more);
    }

    void histogram(const SampledFamily& family, const SampledSeries& series) {
        const auto bounds = family.bounds_ns.size();
        for (std::size_t i = 0; i <= bounds; ++i) {
            std::string le = "+Inf";
            if (i < bounds) {
                le.clear();
                append_seconds(family.bounds_ns[i], le);
            }
            single(family, series, labelled(family.name + "_bucket", series, {{"le", le}}), i,
                   append_count);
        }
        single(family, series, labelled(family.name + "_sum", series), bounds + 1, append_seconds);
        single(family, series, labelled(family.name + "_count", series), bounds, append_count);
    }

    // One line a step, of the values' `which`.
    void single(const SampledFamily& family, const SampledSeries& series, const std::string& name,
                std::size_t which, Append append) {
        SampleCursor cursor(series, family.width());
        for (std::int64_t step = 0; step < table_.steps && out_.good(); ++step) {
            auto& line = out_.buffer();
            line += name;
            line += ' ';
            append(cursor.at(step)[which], line);
            line += ' ';
            append_timestamp(table_.at(step), line);
            out_ += "\n";
            ++samples_;
        }
    }

    const SampleTable& table_;
    const ExtraLabels& labels_;
    Buffered out_;
    std::int64_t samples_ = 0;
};

}  // namespace

Result<void> check_labels(const ExtraLabels& labels) {
    for (auto it = labels.begin(); it != labels.end(); ++it) {
        const auto refuse = [&](const std::string& why) {
            return fail(ErrorCode::invalid_request, "the label \"" + it->first + "\" " + why);
        };
        if (!valid_name(it->first)) return refuse("cannot be a label's name");
        if (it->first.starts_with("__")) return refuse("is reserved by Prometheus");
        if (std::ranges::find(own_labels, it->first) != own_labels.end())
            return refuse("is one of the metrics' own");
        if (std::any_of(labels.begin(), it, [&](const auto& l) { return l.first == it->first; }))
            return refuse("is given twice");
        if (!is_valid_utf8(it->second)) return refuse("has a value that is not UTF-8");
        if (it->second.empty()) return refuse("has an empty value, which means no label");
    }
    return {};
}

std::string series_text(const std::string& name, const ExtraLabels& first, const ExtraLabels& own,
                        const ExtraLabels& more) {
    std::string out = name;
    char before = '{';
    for (const auto* labels : {&first, &own, &more})
        for (const auto& [key, value] : *labels) {
            out += before;
            out += key;
            out += "=\"";
            append_escaped(value, out);
            out += '"';
            before = ',';
        }
    if (before == ',') out += '}';
    return out;
}

Result<std::int64_t> write_openmetrics(const SampleTable& table, const ExtraLabels& labels,
                                       const Write& write) {
    FENCELINE_TRY(check_labels(labels));
    return Writer(table, labels, write).all();
}

}  // namespace fenceline::replay
