#include "tools/prometheus_api.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "metrics/exposition_line.hpp"
#include "replay/contract.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

namespace {

using replay::KnownFamily;

auto not_understood(std::string why) {
    return fail(ErrorCode::corrupt, "the server's answer is not understood: " + std::move(why));
}

// A series' name taken apart.
struct Name {
    std::string family;
    MetricType type = MetricType::gauge;
    std::string_view suffix;               // of a histogram's
    std::vector<std::string_view> labels;  // the page's own; the rest are the target's
};

std::optional<Name> name_of(std::string_view name, const std::string& name_space) {
    for (const KnownFamily& family : replay::known_families()) {
        const std::string full = full_name(family, name_space);
        if (family.type != MetricType::histogram) {
            if (name == full) return Name{full, family.type, {}, family.labels};
            continue;
        }
        for (const std::string_view suffix : {"_bucket", "_sum", "_count"})
            if (name == full + std::string(suffix))
                return Name{full, family.type, suffix, family.labels};
    }
    if (name == "fenceline_recorder_info")
        return Name{std::string(name), MetricType::gauge, {}, {"instance", "run"}};
    if (name.starts_with("fenceline_")) return Name{std::string(name), MetricType::gauge, {}, {}};
    return std::nullopt;
}

ScrapedType type_of(MetricType type) {
    if (type == MetricType::counter) return ScrapedType::counter;
    return type == MetricType::gauge ? ScrapedType::gauge : ScrapedType::histogram;
}

// A label of the page, and one of the target, that both wanted one name: the server renamed the
// page's to `exported_...`.
void split(const Json& metric, const Name& name, ScrapedLabels& own, ScrapedLabels& target,
           std::string& le) {
    for (const auto& [label, text] : metric.items()) {
        if (label == "__name__") continue;
        const auto value = text.get<std::string>();
        constexpr std::string_view exported = "exported_";
        const std::string_view shown = label;
        const bool renamed = shown.starts_with(exported);
        const std::string_view plain = renamed ? shown.substr(exported.size()) : shown;
        const bool ours = std::ranges::find(name.labels, plain) != name.labels.end();
        if (label == "le" && name.suffix == "_bucket")
            le = value;
        else if (ours && (renamed || !metric.contains(std::string(exported) + label)))
            own.emplace_back(plain, value);
        else
            target.emplace_back(label, value);
    }
    std::ranges::sort(own);
    std::ranges::sort(target);
}

// Targets with their families and series, while rows come in any order.
class Targets {
  public:
    [[nodiscard]] Result<void> row(const Json& row, const std::string& name_space);
    [[nodiscard]] Result<std::vector<TargetPage>> pages();

  private:
    struct Series {
        ScrapedSeries made;
        bool has_sum = false, has_count = false;
    };
    struct Family {
        ScrapedType type = ScrapedType::untyped;
        std::map<ScrapedLabels, Series> series;
    };
    std::map<ScrapedLabels, std::map<std::string, Family>> targets_;
};

Result<void> Targets::row(const Json& row, const std::string& name_space) {
    const Json& metric = row.at("metric");
    const auto name = name_of(metric.at("__name__").get<std::string>(), name_space);
    if (!name) return {};
    ScrapedLabels own, target;
    std::string le;
    split(metric, *name, own, target, le);
    const auto value = parse_number(row.at("value").at(1).get<std::string>());
    if (!value) return not_understood("a value is no number");
    Family& family = targets_[target][name->family];
    family.type = type_of(name->type);
    Series& series = family.series[own];
    series.made.labels = own;
    if (name->suffix == "_bucket") {
        const auto bound = parse_number(le);
        if (!bound) return not_understood("a bucket's bound is no number");
        series.made.buckets.emplace_back(*bound, *value);
    } else if (name->suffix == "_sum") {
        series.made.sum = *value;
        series.has_sum = true;
    } else if (name->suffix == "_count") {
        series.made.count = *value;
        series.has_count = true;
    } else {
        series.made.value = *value;
    }
    return {};
}

Result<std::vector<TargetPage>> Targets::pages() {
    std::vector<TargetPage> out;
    for (auto& [labels, families] : targets_) {
        TargetPage& page = out.emplace_back();
        for (const auto& [name, value] : labels)
            page.target += fmt::format("{}{}=\"{}\"", page.target.empty() ? "" : ",", name, value);
        for (auto& [name, family] : families) {
            ScrapedFamily& made = page.page.families.emplace_back();
            made.name = name;
            made.type = family.type;
            for (auto& [own, series] : family.series) {
                std::ranges::sort(series.made.buckets);
                const bool whole = series.has_sum && series.has_count &&
                                   !series.made.buckets.empty() &&
                                   std::isinf(series.made.buckets.back().first);
                if (family.type == ScrapedType::histogram && !whole)
                    return not_understood("a series of " + name +
                                          " lacks its sum, its count or its bucket +Inf");
                made.series.push_back(std::move(series.made));
            }
        }
    }
    // What was asked for by pattern may match pages of others.
    std::erase_if(out, [](const TargetPage& page) {
        return std::ranges::all_of(page.page.families, [](const ScrapedFamily& family) {
            return family.name.starts_with("fenceline_");
        });
    });
    return out;
}

std::string matcher_of(const PrometheusQuery& query) {
    std::string names;
    for (const KnownFamily& family : replay::known_families()) {
        names += full_name(family, query.name_space);
        if (family.type == MetricType::histogram) names += "(_bucket|_sum|_count)";
        names += '|';
    }
    names +=
        "fenceline_journal_position|fenceline_counting_from_position|fenceline_recorder_info|"
        "fenceline_pending_failures";
    return fmt::format("{{__name__=~\"{}\"{}{}}}", names, query.selector.empty() ? "" : ",",
                       query.selector);
}

}  // namespace

Result<std::vector<TargetPage>> pages_of_answer(const std::string& json,
                                                const std::string& name_space) {
    const Json answer = Json::parse(json, nullptr, false);
    if (answer.is_discarded()) return not_understood("it is not JSON");
    try {
        if (answer.at("status") != "success")
            return fail(ErrorCode::io, "the server refuses the query: " +
                                           answer.value("error", "no reason given"));
        Targets targets;
        for (const Json& row : answer.at("data").at("result"))
            FENCELINE_TRY(targets.row(row, name_space));
        auto pages = targets.pages();
        if (pages && pages->empty())
            return fail(ErrorCode::not_found,
                        "the server holds none of the store's metrics at that time",
                        "--at another time, --namespace, or --selector 'job=\"...\"'");
        return pages;
    } catch (const Json::exception&) {
        return not_understood("it is not the answer to an instant query");
    }
}

Result<std::vector<TargetPage>> prometheus_pages(const PrometheusQuery& query) {
    std::string url = query.server;
    while (url.ends_with('/')) url.pop_back();
    url += "/api/v1/query?query=" + url_encoded(matcher_of(query));
    if (query.at)
        url += fmt::format("&time={}.{:09}", query.at->ns / 1'000'000'000,
                           query.at->ns % 1'000'000'000);
    auto answer = http_get(url, query.http);
    if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
    return pages_of_answer(*answer, query.name_space);
}

}  // namespace fenceline::tools
