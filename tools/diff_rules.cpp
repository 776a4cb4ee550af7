#include "tools/diff_rules.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "metrics/exposition_line.hpp"
#include "replay/contract.hpp"
#include "tools/command_line.hpp"

namespace fenceline::tools {

namespace {

auto wrong(std::string why, std::string hint = {}) {
    return fail(ErrorCode::invalid_request, std::move(why), std::move(hint));
}

std::string without_part(const std::string& name) {
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"})
        if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
    return name;
}

bool is_label(const std::string& name) {
    return std::ranges::any_of(replay::known_families(), [&](const replay::KnownFamily& family) {
        return std::ranges::find(family.labels, name) != family.labels.end();
    });
}

Result<replay::Ignored> label_ignored(const std::string& text) {
    const auto equals = text.find('=');
    std::string name = text.substr(0, equals), value = text.substr(equals + 1);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    if (is_label(name)) return replay::Ignored{"", {{name, value}}};
    std::set<std::string> labels;
    for (const auto& family : replay::known_families())
        labels.insert(family.labels.begin(), family.labels.end());
    const auto meant = nearest_word(name, {labels.begin(), labels.end()});
    return wrong("no metric has a label \"" + name + "\"" +
                 (meant ? "; did you mean \"" + *meant + "\"?" : ""));
}

}  // namespace

Result<std::string> metric_named(const std::string& name, const std::string& name_space) {
    if (const auto* known = replay::known_family(name, name_space))
        return full_name(*known, name_space);
    std::vector<std::string> names;
    for (const auto& family : replay::known_families())
        names.push_back(full_name(family, name_space));
    auto meant = nearest_word(name, names);
    if (!meant) {
        // A piece of a name is as good as a typo of it.
        const auto part = std::ranges::find_if(
            names, [&](const std::string& each) { return each.find(name) != std::string::npos; });
        if (!name.empty() && part != names.end()) meant = *part;
    }
    return wrong("\"" + name + "\" is no metric of the journal" +
                     (meant ? "; did you mean \"" + *meant + "\"?" : ""),
                 "fenceline metrics JOURNAL shows them; --namespace when their names begin "
                 "otherwise");
}

Result<replay::Tolerance> parse_tolerance(const std::string& text, const std::string& name_space) {
    const auto equals = text.rfind('=');
    const auto form = [&] {
        return wrong("--tolerance \"" + text + "\" is not METRIC=NUMBER or METRIC=PERCENT%");
    };
    if (equals == std::string::npos) return form();
    const std::string name = text.substr(0, equals);
    std::string amount = text.substr(equals + 1);
    const bool percent = amount.ends_with('%');
    if (percent) amount.pop_back();
    const auto number = parse_number(amount);
    if (!number || !std::isfinite(*number) || *number < 0) return form();
    // A family's own name may end as a part of a histogram does: the whole name goes first.
    const bool whole = replay::known_family(name, name_space) != nullptr;
    const std::string family = whole ? name : without_part(name);
    auto metric = metric_named(family, name_space);
    if (!metric) return tl::unexpected<Error>(std::move(metric.error()));
    return replay::Tolerance{.metric = *metric + name.substr(family.size()),
                             .absolute = percent ? 0 : *number,
                             .percent = percent ? *number : 0};
}

Result<replay::Ignored> parse_ignored(const std::string& text, const std::string& name_space) {
    const auto brace = text.find('{');
    if (brace == std::string::npos && text.find('=') != std::string::npos)
        return label_ignored(text);
    replay::Ignored out{.metric = text.substr(0, brace)};
    if (brace != std::string::npos) {
        const auto sample = parse_sample(text + " 0");
        if (!sample) return wrong("--ignore \"" + text + "\": " + sample.error());
        out.labels = sample->labels;
    }
    auto metric = metric_named(out.metric, name_space);
    if (!metric) return tl::unexpected<Error>(std::move(metric.error()));
    out.metric = std::move(*metric);
    return out;
}

}  // namespace fenceline::tools
