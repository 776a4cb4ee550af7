#pragma once

// What a test expects of an answer: the fields it names, and no word about the others.

#include <string>

#include <nlohmann/json.hpp>

namespace fenceline::testing {

using Json = nlohmann::ordered_json;

// Where `found` is not what `expected` asks for; empty when it is. Objects: every field named, the
// text "absent" for one that must not be there. Lists: item by item, as many. The text "any":
// whatever, but there.
inline std::string mismatch(const Json& expected, const Json& found, const std::string& path = "") {
    if (expected == "any") return {};
    if (expected.is_object() && found.is_object()) {
        for (const auto& [key, value] : expected.items()) {
            const auto it = found.find(key);
            if (value == "absent") {
                if (it != found.end()) return path + "." + key + " is there";
                continue;
            }
            if (it == found.end()) return path + "." + key + " is missing";
            if (auto wrong = mismatch(value, *it, path + "." + key); !wrong.empty()) return wrong;
        }
        return {};
    }
    if (expected.is_array() && found.is_array()) {
        if (expected.size() != found.size())
            return path + " has " + std::to_string(found.size()) + " items, not " +
                   std::to_string(expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto at = path + "[" + std::to_string(i) + "]";
            if (auto wrong = mismatch(expected[i], found[i], at); !wrong.empty()) return wrong;
        }
        return {};
    }
    return expected == found ? "" : path + " is " + found.dump() + ", not " + expected.dump();
}

}  // namespace fenceline::testing
