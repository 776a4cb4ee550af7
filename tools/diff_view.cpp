#include "tools/diff_view.hpp"
#include "tools/recorder.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "replay/contract.hpp"

namespace fenceline::tools {

namespace {

using replay::Difference;

// Events named in one line; JSON has all that are kept.
constexpr std::size_t events_shown = 8;

std::string number_or_dash(const std::optional<double>& value) {
    return value ? replay::number_text(*value) : "-";
}

std::string apart(const Difference& difference) {
    using enum Difference::Kind;
    switch (difference.kind) {
        case missing: return "missing";
        case surplus: return "surplus";
        case type: return "another type";
        case value: break;
    }
    const double by = *difference.live - *difference.replayed;
    return (by > 0 ? "+" : "") + replay::number_text(replay::as_printed(by));
}

std::string one_line(const Difference& difference, const replay::Causes& causes) {
    std::string out =
        fmt::format("{}: replayed {}, live {}", to_text(difference.sample),
                    number_or_dash(difference.replayed), number_or_dash(difference.live));
    const auto events = events_text(causes);
    return printable(events.empty() ? out : out + ": events " + events);
}

std::string place_of(const ComparedPage& page) {
    std::string out = fmt::format("#{}", page.expected.position.value);
    if (page.expected.counting_from.given())
        out += fmt::format(" counting from #{}", page.expected.counting_from.value);
    if (!page.expected.recorded_by.anybody())
        out += " by " + recorder_text(page.expected.recorded_by);
    return printable(out);
}

std::string summary(const PageDiff& diff) {
    std::string at;
    for (const auto& page : diff.pages)
        at += (at.empty() ? " at " : ", ") + place_of(page) +
              (diff.pages.size() > 1 ? " (" + printable(page.source) + ")" : "");
    std::string out = diff.found.same() ? fmt::format("same: {} numbers of {} series{}",
                                                      diff.found.numbers, diff.found.series, at)
                                        : fmt::format("DIFFERENT: {} of {} numbers of {} series{}",
                                                      diff.found.differences.size(),
                                                      diff.found.numbers, diff.found.series, at);
    if (diff.found.tolerated > 0) out += fmt::format("; {} tolerated", diff.found.tolerated);
    if (diff.found.ignored > 0) out += fmt::format("; {} series ignored", diff.found.ignored);
    if (!diff.found.foreign.empty())
        out += fmt::format("; not compared: {}",
                           printable(fmt::format("{}", fmt::join(diff.found.foreign, ", "))));
    return out + "\n";
}

Json json_of(const std::optional<double>& value) {
    if (!value) return nullptr;
    // JSON has no word for these.
    if (!std::isfinite(*value)) return replay::number_text(*value);
    return *value;
}

Json difference_json(const Difference& difference, const replay::Causes& causes) {
    Json labels = Json::object();
    for (const auto& [name, value] : difference.sample.labels) labels[name] = value;
    if (difference.sample.part == replay::SampleId::Part::bucket)
        labels["le"] = replay::number_text(difference.sample.bound);
    Json events = Json::array();
    for (const auto& cause : causes.events) events.push_back(cause.position.value);
    Json out{{"kind", to_text(difference.kind)},
             {"metric", difference.sample.family},
             {"sample", to_text(difference.sample)},
             {"labels", std::move(labels)},
             {"replayed", json_of(difference.replayed)},
             {"live", json_of(difference.live)},
             {"events", std::move(events)},
             {"events_found", causes.found}};
    if (causes.last_departure.given()) out["last_departure"] = causes.last_departure.value;
    return out;
}

// Text of an XML document: no markup, and none of the characters that XML has no way to write.
std::string xml(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    return out;
}

}  // namespace

std::string events_text(const replay::Causes& causes) {
    if (causes.events.empty())
        return causes.last_departure.given()
                   ? fmt::format("none; the last one left with #{}", causes.last_departure.value)
                   : "";
    const auto shown = std::min(causes.events.size(), events_shown);
    std::string out;
    for (auto i = causes.events.size() - shown; i < causes.events.size(); ++i)
        out += fmt::format("{}#{}", out.empty() ? "" : ", ", causes.events[i].position.value);
    const auto before = causes.found - static_cast<std::int64_t>(shown);
    return before > 0 ? out + fmt::format(" and {} before", before) : out;
}

std::string text_of(const PageDiff& diff, const Context& context) {
    using enum Table::Align;
    Table table(
        {{"METRIC"}, {"REPLAYED", right}, {"LIVE", right}, {"DIFFERENCE", right}, {"EVENTS"}});
    for (std::size_t i = 0; i < diff.found.differences.size(); ++i) {
        const Difference& each = diff.found.differences[i];
        table.row({to_text(each.sample), number_or_dash(each.replayed), number_or_dash(each.live),
                   apart(each), events_text(diff.causes[i])});
    }
    std::string out = table.empty() ? "" : table.text(context) + "\n";
    for (const auto& note : diff.notes) out += "note: " + printable(note) + "\n";
    return out + summary(diff);
}

Json json_of(const PageDiff& diff) {
    Json pages = Json::array();
    for (const auto& page : diff.pages)
        pages.push_back({{"source", page.source},
                         {"position", page.expected.position.value},
                         {"at", json_of(page.expected.at)},
                         {"counting_from", page.expected.counting_from.value},
                         {"instance", page.expected.recorded_by.instance},
                         {"run", page.expected.recorded_by.run},
                         {"says_position", page.expected.says_origin}});
    Json differences = Json::array();
    for (std::size_t i = 0; i < diff.found.differences.size(); ++i)
        differences.push_back(difference_json(diff.found.differences[i], diff.causes[i]));
    return {{"same", diff.found.same()},     {"journal", diff.journal},
            {"pages", std::move(pages)},     {"series", diff.found.series},
            {"numbers", diff.found.numbers}, {"tolerated", diff.found.tolerated},
            {"ignored", diff.found.ignored}, {"not_compared", diff.found.foreign},
            {"notes", diff.notes},           {"differences", std::move(differences)}};
}

std::string junit_of(const PageDiff& diff, const std::string& name_space) {
    std::string cases;
    int failures = 0;
    for (const auto& family : replay::known_families()) {
        const auto name = full_name(family, name_space);
        std::string lines;
        std::int64_t count = 0;
        for (std::size_t i = 0; i < diff.found.differences.size(); ++i) {
            if (diff.found.differences[i].sample.family != name) continue;
            lines += xml(one_line(diff.found.differences[i], diff.causes[i])) + "\n";
            ++count;
        }
        cases += fmt::format("    <testcase classname=\"fenceline.diff\" name=\"{}\"", xml(name));
        if (count == 0) {
            cases += "/>\n";
            continue;
        }
        ++failures;
        cases += fmt::format(
            ">\n      <failure message=\"{} numbers differ\">{}</failure>\n    </testcase>\n",
            count, lines);
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n{}"
        "    <system-out>{}</system-out>\n  </testsuite>\n</testsuites>\n",
        xml("fenceline diff " + diff.journal), replay::known_families().size(), failures, cases,
        xml(summary(diff)));
}

}  // namespace fenceline::tools
