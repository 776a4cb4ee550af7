#pragma once

// Turns of phrase that several rules share.

#include <cstddef>
#include <set>

#include "events/text.hpp"
#include "replay/incident/words.hpp"

namespace fenceline::replay::incident {

// "cp-a (12), cp-b (3) and 2 others"; the counts are left out when there is one name alone.
void say_callers(Words& words, const Census<TextId>& callers, const Dictionary& texts,
                 std::size_t named);
void say_operations(Words& words, const Census<Operation>& operations, std::size_t named);
// "worker 3, worker 5 and 2 others"
void say_workers(Words& words, const std::vector<WorkerId>& workers, std::size_t named);
// " within 3 min 20 s, #12 to #90"; one position alone when they are the same.
void say_when(Words& words, Position first, Position last, Duration span);

// Says a list as people do: "a, b and c", or "a, b and 3 others".
template <typename Say>
void say_list(Words& words, std::size_t size, std::size_t named, const Say& say) {
    const std::size_t shown = size <= named + 1 ? size : named;  // "and 1 other" saves nothing
    for (std::size_t i = 0; i < shown; ++i) {
        if (i > 0) words.add(i + 1 == size ? " and " : ", ");
        say(i);
    }
    if (shown < size)
        words.add(" and ").count(static_cast<std::int64_t>(size - shown), "other", "others");
}

}  // namespace fenceline::replay::incident
