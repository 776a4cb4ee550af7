#pragma once

// What a test needs in order to go on: a journal that opens, an answer that is none of an error.
// The test ends where it is not so.
//
//   const auto reader = reader_of(path);
//   const auto head = value_of(reader->head());
//   CHECK(verified(path).sound());

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "journal/open.hpp"
#include "replay/verify.hpp"

namespace fenceline::testing {

template <typename Value>
Value value_of(Result<Value> result) {
    REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().text));
    return std::move(*result);
}

template <typename Value>
Error error_of(const Result<Value>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error();
}

inline std::unique_ptr<Reader> reader_of(const std::string& path) {
    return value_of(open_reader(path));
}

inline replay::Verification verified(const std::string& path,
                                     std::vector<replay::Anchor> anchors = {}) {
    const auto reader = reader_of(path);
    return value_of(replay::verify(*reader, {.anchors = std::move(anchors), .findings = {}}));
}

}  // namespace fenceline::testing
