#include "tools/event_filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

template <typename E>
Result<void> labels_of(const std::vector<std::string>& texts, const char* option,
                       std::vector<E>& out) {
    for (const auto& text : texts) {
        const auto known = label_texts<E>();
        const auto value = from_text<E>(text);
        if (!value || std::ranges::find(known, text) == known.end())
            return fail(ErrorCode::invalid_request, std::string(option) + ": unknown \"" + text +
                                                        "\"" + suggestion(text, known));
        out.push_back(*value);
    }
    return {};
}

template <typename T>
bool any_of(const std::vector<T>& wanted, const T& value) {
    return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool any_text(const std::vector<std::string>& wanted, std::initializer_list<TextId> found,
              const Names& names) {
    if (wanted.empty()) return true;
    return std::ranges::any_of(found, [&](TextId id) {
        return std::ranges::find(wanted, names.texts.text(id)) != wanted.end();
    });
}

// The org that was asked for, where an operation names one.
TextId asked_org(const Event& event) {
    return std::visit(
        [](const auto& detail) -> TextId {
            if constexpr (requires { detail.org; })
                return detail.org;
            else
                return {};
        },
        event.payload);
}

}  // namespace

void EventFilter::add_options(Subcommand& command) {
    command.option("--worker", "ID", workers, "only this worker's")
        .option("--org", "ORG", orgs, "only of this org, as found or as asked for")
        .option("--image", "IMAGE", images, "only of this image")
        .option("--owner", "CP", owners, "only of workers owned by it, or asked by it")
        .option("--origin", "ORIGIN", origins, "only of this origin")
        .option("--operation", "OPERATION", operations, "only this operation")
        .option("--outcome", "OUTCOME", outcomes, "only with this outcome");
}

std::vector<std::string> EventFilter::keys() {
    return {"worker", "org", "image", "owner", "origin", "operation", "outcome"};
}

std::vector<std::string>* EventFilter::values_of(std::string_view key) {
    const std::array lists{&workers, &orgs, &images, &owners, &origins, &operations, &outcomes};
    const auto names = keys();
    const auto it = std::ranges::find(names, key);
    return it == names.end() ? nullptr : lists[static_cast<std::size_t>(it - names.begin())];
}

Result<void> EventFilter::understand() {
    for (const auto& text : workers) {
        std::int64_t id = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
        if (error != std::errc{} || end != text.data() + text.size())
            return fail(ErrorCode::invalid_request, "--worker: \"" + text + "\" is no number");
        const auto worker = worker_of(id);
        if (!worker) return fail(ErrorCode::invalid_request, "--worker: " + worker.error().text);
        worker_ids_.push_back(*worker);
    }
    FENCELINE_TRY(labels_of(origins, "--origin", origin_values_));
    FENCELINE_TRY(labels_of(operations, "--operation", operation_values_));
    FENCELINE_TRY(labels_of(outcomes, "--outcome", outcome_values_));
    for (const auto* each : {&workers, &orgs, &images, &owners, &origins, &operations, &outcomes})
        any_ = any_ || !each->empty();
    return {};
}

bool EventFilter::matches(const Event& event, const Names& names) const {
    return any_of(worker_ids_, event.worker) && any_of(origin_values_, event.origin) &&
           any_of(operation_values_, event.operation) && any_of(outcome_values_, event.outcome) &&
           any_text(orgs, {event.org, asked_org(event)}, names) &&
           any_text(images, {event.image}, names) &&
           any_text(owners, {event.owner, event.caller}, names);
}

}  // namespace fenceline::tools
