#pragma once

// The incidents that a simulation can live through: each is a plan of what goes wrong when.

#include <span>
#include <string_view>

namespace fenceline::tools {

class Simulation;

struct Scenario {
    std::string_view name;
    std::string_view summary;
    // A scenario that brings a new release starts with the one before it everywhere.
    enum class Releases { stay, change } releases = Releases::stay;
    void (*arrange)(Simulation&);
};

[[nodiscard]] std::span<const Scenario> scenarios();
// Null when there is none of that name.
[[nodiscard]] const Scenario* find_scenario(std::string_view name);

}  // namespace fenceline::tools
