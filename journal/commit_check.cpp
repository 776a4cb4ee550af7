#include "journal/commit_check.hpp"

#include <algorithm>

namespace fenceline {

namespace {

tl::unexpected<Error> refuse(const std::string& why) {
    return fail(ErrorCode::invalid_request, "the commit does not continue the journal: " + why);
}

Result<void> check_recorder(const Head& head, const Commit& commit) {
    if (commit.recorder == nullptr) {
        if (commit.by.value >= 1 && commit.by.value <= head.recorders) return {};
        return refuse("recorder " + std::to_string(commit.by.value) + " is not known");
    }
    if (commit.events.empty()) return refuse("a recorder's first commit has no events");
    if (commit.recorder->id != commit.by) return refuse("it brings another recorder than its own");
    if (commit.by.value != head.recorders + 1)
        return refuse("recorder " + std::to_string(commit.by.value) + " is not the next one");
    return {};
}

// What the table of the events asks of each by itself (journal/FORMAT.md).
bool sound(const Event& event) {
    return event.epoch.value >= 0 && event.version.value >= 0 && event.version < event.position &&
           (event.from == event.to || transitioned(event));
}

}  // namespace

Result<void> check_commit(const Head& head, const Commit& commit) {
    FENCELINE_TRY(check_recorder(head, commit));
    if (commit.events.empty() && (commit.measured.values.empty() || !commit.texts.empty()))
        return refuse("a flush brings durations and nothing else");
    if (std::ranges::any_of(commit.texts, &std::string::empty))
        return refuse("the empty text has its number already");

    auto position = head.position.value;
    auto at = head.at;
    const auto texts = head.texts + static_cast<std::uint32_t>(commit.texts.size());
    for (const Event& event : commit.events) {
        ++position;
        if (event.position.value != position)
            return refuse("position " + std::to_string(event.position.value) + " where " +
                          std::to_string(position) + " is next");
        if (event.at < at)
            return refuse("position " + std::to_string(position) + " is before the time of the " +
                          "event before it");
        if (event.recorder != commit.by)
            return refuse("position " + std::to_string(position) + " is by another recorder");
        if (!check_texts(event, texts))
            return refuse("position " + std::to_string(position) + " names a text without number");
        if (!sound(event))
            return refuse("position " + std::to_string(position) + " cannot have happened");
        at = event.at;
    }
    return {};
}

Head head_after(const Head& before, const Commit& commit, const ChainHash& chain) {
    Head head = before;
    head.chain = chain;
    if (commit.events.empty()) {
        ++head.flushes;
        return head;
    }
    head.position = commit.events.back().position;
    head.at = commit.events.back().at;
    head.texts += static_cast<std::uint32_t>(commit.texts.size());
    if (commit.recorder != nullptr) ++head.recorders;
    return head;
}

Result<void> check_texts(const Event& event, std::uint32_t texts) {
    for (const TextId id : {event.caller, event.image, event.owner, event.org})
        if (id.value >= texts)
            return fail(ErrorCode::corrupt, "position " + std::to_string(event.position.value) +
                                                " names text " + std::to_string(id.value) +
                                                ", which is not there");
    return {};
}

}  // namespace fenceline
