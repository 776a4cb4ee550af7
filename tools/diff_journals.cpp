#include "tools/diff_journals.hpp"

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/divergence.hpp"
#include "tools/event_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

// Events told field by field; the rest is counted.
constexpr std::size_t most_told = 10;

// One field that is not the same, "detail.reason" in its object.
struct Field {
    std::string name;
    Json one, other;
};

void fields_of(const std::string& prefix, const Json& one, const Json& other,
               std::vector<Field>& out) {
    if (one == other) return;
    if (!one.is_object() || !other.is_object()) {
        out.push_back({prefix, one, other});
        return;
    }
    const std::string dot = prefix.empty() ? "" : prefix + ".";
    for (const auto& [name, value] : one.items())
        fields_of(dot + name, value, other.contains(name) ? other[name] : Json(nullptr), out);
    for (const auto& [name, value] : other.items())
        if (!one.contains(name)) out.push_back({dot + name, nullptr, value});
}

// What an event says, whoever recorded it.
Json said(const replay::Said& event) {
    const std::vector<Recorder> nobody;
    Json out = json_of(event.event, Names{event.texts, nobody});
    out.erase("recorder");
    return out;
}

struct Told {
    Position position;
    std::string operation;
    std::vector<Field> fields;
};

std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

Json json_of(const replay::Divergence& found, const std::vector<Told>& told) {
    Json events = Json::array();
    for (const auto& event : told) {
        Json fields = Json::object();
        for (const auto& field : event.fields)
            fields[field.name] = {{"this", field.one}, {"other", field.other}};
        events.push_back({{"position", event.position.value}, {"differs", std::move(fields)}});
    }
    return {{"same", found.same()},
            {"after", found.after.value},
            {"compared", found.compared.value},
            {"end", found.one_end.value},
            {"other_end", found.other_end.value},
            {"first", found.first ? Json(found.first->value) : Json(nullptr)},
            {"different", found.different},
            {"events", std::move(events)}};
}

std::string text_of(const replay::Divergence& found, const std::vector<Told>& told,
                    const Context& context) {
    Table table({{"POSITION"}, {"OPERATION"}, {"FIELD"}, {"THIS"}, {"OTHER"}});
    for (const auto& event : told)
        for (const auto& field : event.fields)
            table.row({fmt::format("#{}", event.position.value), event.operation, field.name,
                       plain(field.one), plain(field.other)});
    std::string out = table.empty() ? "" : table.text(context) + "\n";
    if (found.same())
        return fmt::format("same: {} events of both journals\n",
                           found.compared.value - found.after.value);
    if (found.first)
        out += fmt::format("DIFFERENT: first at #{}, {} of {} events\n", found.first->value,
                           found.different, found.compared.value - found.after.value);
    else
        out += fmt::format("DIFFERENT: same up to #{}\n", found.compared.value);
    if (found.one_end != found.other_end)
        out += fmt::format("{} journal goes on to #{}\n",
                           found.one_end > found.other_end ? "this" : "the other",
                           std::max(found.one_end, found.other_end).value);
    return out;
}

}  // namespace

int diff_journals(const std::string& path, const std::string& other_path, const std::string& at,
                  const Context& context) {
    const auto reader = open_reader(path);
    if (!reader) return report(path, reader.error());
    const auto other = open_reader(other_path);
    if (!other) return report(other_path, other.error());
    std::vector<Told> told;
    ProgressBar bar(context, "comparing");
    replay::DivergenceOptions options{.progress = bar.callback()};
    if (!at.empty()) {
        const auto to = position_of(**reader, at);
        if (!to) return report_source(path, to.error());
        options.to = *to;
    }
    options.differs = [&](const replay::Said& one, const replay::Said& two) {
        std::vector<Field> fields;
        fields_of("", said(one), said(two), fields);
        const bool different = !fields.empty();
        if (different && told.size() < most_told)
            told.push_back(
                {one.event.position, std::string(to_text(one.event.operation)), std::move(fields)});
        return different;
    };
    const auto found = replay::diverging(**reader, **other, options);
    if (!found) return report(path, found.error());
    if (found->after.given() && found->compared <= found->after) {
        print_error(
            "diff",
            fmt::format("the journals share no event: one begins after #{}, one ends at #{}",
                        found->after.value, found->compared.value));
        return exit_refused;
    }
    if (found->compared.value == 0 && found->same()) {
        print_error("diff", "both journals are empty: there is nothing to compare");
        return exit_refused;
    }
    write_out(context.json ? line_of(json_of(*found, told)) : text_of(*found, told, context));
    return found->same() ? exit_done : exit_differs;
}

}  // namespace fenceline::tools
