#include "tools/simulator/settings.hpp"

#include "tools/simulator/scenario.hpp"

namespace fenceline::tools {

namespace {

Result<void> within(const std::string& what, std::int64_t value, std::int64_t least,
                    std::int64_t most) {
    if (value >= least && value <= most) return {};
    return fail(ErrorCode::invalid_request, what + " is " + std::to_string(value) +
                                                ", not between " + std::to_string(least) + " and " +
                                                std::to_string(most));
}

constexpr std::int64_t in_seconds(Duration span) {
    return span.ns / seconds(1).ns;
}

}  // namespace

Result<void> check_settings(const SimulationSettings& settings) {
    namespace limit = simulation_limits;
    FENCELINE_TRY(within("workers", settings.workers, 1, limit::workers));
    FENCELINE_TRY(within("orgs", settings.orgs, 1, limit::orgs));
    FENCELINE_TRY(within("images", settings.images, 1, limit::images));
    FENCELINE_TRY(within("replicas", settings.replicas, 2, limit::replicas));
    FENCELINE_TRY(within("duration in seconds", in_seconds(settings.duration),
                         in_seconds(limit::shortest), in_seconds(limit::longest)));
    if (!find_scenario(settings.scenario))
        return fail(ErrorCode::invalid_request,
                    "there is no scenario \"" + settings.scenario + "\"");
    return {};
}

}  // namespace fenceline::tools
