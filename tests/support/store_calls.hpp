#pragma once

// The same command through the store's named function where it has one, so that each of those is
// held against the oracle as well; and a command in words, for whoever reads a failure.

#include <string>

#include "journal/lifecycle_store.hpp"

namespace fenceline::testing {

[[nodiscard]] Result<Answer> call_by_name(LifecycleStore& store, const Command& command);
[[nodiscard]] std::string in_words(const Command& command);

}  // namespace fenceline::testing
