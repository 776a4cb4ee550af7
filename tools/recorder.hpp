#pragma once

// What --recorder names: one process of one control plane.

#include <string>

#include "replay/replayer.hpp"

namespace fenceline::tools {

// INSTANCE, or INSTANCE/RUN. An instance's own name may hold a slash, so the last one counts, and
// only when there is such a recorder is it the run's.
[[nodiscard]] inline replay::RecordedBy recorder_of(const std::string& text) {
    const auto slash = text.rfind('/');
    if (slash == std::string::npos) return {.instance = text, .run = {}};
    return {.instance = text.substr(0, slash), .run = text.substr(slash + 1)};
}

// The same in words, for people.
[[nodiscard]] inline std::string recorder_text(const replay::RecordedBy& who) {
    return who.run.empty() ? who.instance : who.instance + "/" + who.run;
}

// Asks with each reading of `text` until one is found. `who` is then the one that was.
template <typename Ask>
[[nodiscard]] auto for_recorder(const std::string& text, replay::RecordedBy& who, Ask&& ask)
    -> decltype(ask(who)) {
    who = recorder_of(text);
    auto answer = ask(who);
    if (answer || answer.error().code != ErrorCode::not_found || who.run.empty()) return answer;
    who = {.instance = text, .run = {}};
    return ask(who);
}

}  // namespace fenceline::tools
