#pragma once

// Which events `log` shows, and where `replay --until` stops. Several values of one option: any of
// them; several options: all.

#include <string>
#include <string_view>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/event_view.hpp"

namespace fenceline::tools {

struct EventFilter {
    std::vector<std::string> workers, orgs, images, owners;
    std::vector<std::string> origins, operations, outcomes;

    void add_options(Subcommand& command);
    // The list behind an option's name without its dashes; null for another word.
    [[nodiscard]] std::vector<std::string>* values_of(std::string_view key);
    [[nodiscard]] static std::vector<std::string> keys();
    // Turns labels and numbers into values; what is wrong with one of them.
    [[nodiscard]] Result<void> understand();

    [[nodiscard]] bool all() const { return !any_; }
    [[nodiscard]] bool matches(const Event& event, const Names& names) const;

  private:
    bool any_ = false;
    std::vector<WorkerId> worker_ids_;
    std::vector<Origin> origin_values_;
    std::vector<Operation> operation_values_;
    std::vector<Outcome> outcome_values_;
};

}  // namespace fenceline::tools
