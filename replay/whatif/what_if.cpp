#include "replay/whatif/what_if.hpp"

#include <algorithm>

#include "replay/whatif/retelling.hpp"

namespace fenceline::replay {

namespace {

// A limit beyond this is none, and times stay within what a Time can say.
constexpr Duration longest_limit = seconds(std::int64_t{100} * 365 * 24 * 3'600);

Result<void> check(const Policy& policy) {
    for (const auto& limit :
         {policy.hot_idle_ttl, policy.stuck_spawning, policy.stuck_activating, policy.orphan_grace})
        if (limit && (*limit < Duration{} || *limit > longest_limit))
            return fail(ErrorCode::invalid_request,
                        "a limit of the policy is negative, or longer than 100 years");
    for (const auto& cap : {policy.max_org_workers, policy.max_global_workers, policy.warm_target})
        if (cap && *cap < 0)
            return fail(ErrorCode::invalid_request, "a cap of the policy is negative",
                        "0 is no cap");
    return {};
}

// Both reads as one: each is half of the way.
struct Halves {
    const Progress& whole;
    Position after, to;

    [[nodiscard]] Progress half(int nth) const {
        if (!whole) return {};
        return [this, nth](Position done, Position) {
            const auto length = to.value - after.value;
            whole(Position{after.value + (nth * length + done.value - after.value) / 2}, to);
        };
    }
};

}  // namespace

std::int64_t WhatIf::of(Turn turn) const {
    return std::ranges::count(workers, turn, &WorkerOtherwise::turn);
}

Result<WhatIf> what_if(Reader& reader, const WhatIfOptions& options) {
    FENCELINE_TRY(check(options.policy));
    auto head = reader.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    const Position after = options.after.given() ? options.after : beginning->position;
    const Position to = options.to.value_or(head->position);
    if (to > head->position || after > to)
        return fail(ErrorCode::not_found, "there is no #" + std::to_string(after.value + 1) +
                                              " to #" + std::to_string(to.value) +
                                              "; the journal ends at #" +
                                              std::to_string(head->position.value));
    const auto begin = replay(reader, {.to = after});
    if (!begin) return tl::unexpected<Error>(begin.error());
    const Halves halves{options.progress, after, to};
    const Progress first = halves.half(0), second = halves.half(1);
    auto evidence = whatif::gather(reader, *begin, to, first);
    if (!evidence) return tl::unexpected<Error>(std::move(evidence.error()));
    whatif::Retelling retelling(options.policy, *begin, std::move(*evidence), to, second);
    FENCELINE_TRY(whatif::read_window(reader, begin->head, to, retelling));
    auto found = std::move(retelling).take();
    found.after = after;
    found.to = to;
    if (options.progress) options.progress(to, to);
    return found;
}

}  // namespace fenceline::replay
