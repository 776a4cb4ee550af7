#include "replay/incident/phrases.hpp"

namespace fenceline::replay::incident {

namespace {

void say_tally(Words& words, std::int64_t count, std::size_t of) {
    if (of > 1) words.add(" (").number(count).add(")");
}

}  // namespace

void say_callers(Words& words, const Census<TextId>& callers, const Dictionary& texts,
                 std::size_t named) {
    const auto ranked = callers.ranked();
    say_list(words, ranked.size(), named, [&](std::size_t i) {
        words.name(texts.text(ranked[i].first));
        say_tally(words, ranked[i].second, ranked.size());
    });
}

void say_operations(Words& words, const Census<Operation>& operations, std::size_t named) {
    const auto ranked = operations.ranked();
    say_list(words, ranked.size(), named, [&](std::size_t i) {
        words.add(to_text(ranked[i].first));
        say_tally(words, ranked[i].second, ranked.size());
    });
}

void say_workers(Words& words, const std::vector<WorkerId>& workers, std::size_t named) {
    say_list(words, workers.size(), named, [&](std::size_t i) { words.worker(workers[i]); });
}

void say_when(Words& words, Position first, Position last, Duration span) {
    if (first == last) {
        words.add(" at ").position(first);
        return;
    }
    if (span < milliseconds(1))
        words.add(" at once, ");
    else
        words.add(" within ").span(span).add(", ");
    words.position(first).add(" to ").position(last);
}

}  // namespace fenceline::replay::incident
