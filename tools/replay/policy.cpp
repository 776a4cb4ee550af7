#include "tools/replay/policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

namespace {

using replay::Policy;

struct Limit {
    std::string_view key;
    std::optional<Duration> Policy::*value;
};
struct Cap {
    std::string_view key;
    std::optional<std::int64_t> Policy::*value;
};
constexpr std::array limits{Limit{"hot_idle_ttl", &Policy::hot_idle_ttl},
                            Limit{"stuck_spawning", &Policy::stuck_spawning},
                            Limit{"stuck_activating", &Policy::stuck_activating},
                            Limit{"orphan_grace", &Policy::orphan_grace}};
constexpr std::array caps{Cap{"max_org_workers", &Policy::max_org_workers},
                          Cap{"max_global_workers", &Policy::max_global_workers},
                          Cap{"warm_target", &Policy::warm_target}};

tl::unexpected<Error> refuse(std::string text, std::string hint = {}) {
    return fail(ErrorCode::invalid_request, "--with: " + std::move(text), std::move(hint));
}

Result<void> set(Policy& policy, const std::string& key, const std::string& value) {
    for (const auto& limit : limits) {
        if (limit.key != key) continue;
        if (policy.*limit.value) return refuse("\"" + key + "\" is there twice");
        const auto duration = parse_duration(value);
        if (!duration)
            return refuse("\"" + value + "\" is not a duration for " + key,
                          "such as " + key + "=30s or " + key + "=5m");
        policy.*limit.value = *duration;
        return {};
    }
    for (const auto& cap : caps) {
        if (cap.key != key) continue;
        if (policy.*cap.value) return refuse("\"" + key + "\" is there twice");
        std::int64_t number = -1;
        const char* const end = value.data() + value.size();
        const auto read = std::from_chars(value.data(), end, number);
        if (read.ec != std::errc() || read.ptr != end || number < 0)
            return refuse("\"" + value + "\" is not a whole number for " + key,
                          "such as " + key + "=4; 0 is no cap");
        policy.*cap.value = number;
        return {};
    }
    std::vector<std::string> keys;
    for (const auto& limit : limits) keys.emplace_back(limit.key);
    for (const auto& cap : caps) keys.emplace_back(cap.key);
    return refuse("unknown \"" + key + "\"" + suggestion(key, keys));
}

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
    Policy policy;
    if (text.empty()) return policy;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const std::string part(text.substr(begin, end - begin));
        begin = end + 1;
        const auto equals = part.find('=');
        if (equals == part.npos || equals + 1 == part.size())
            return refuse("\"" + part + "\" is not KEY=VALUE");
        FENCELINE_TRY(set(policy, part.substr(0, equals), part.substr(equals + 1)));
    }
    return policy;
}

std::string policy_text(const Policy& policy) {
    std::string out;
    const auto add = [&](std::string_view key, const std::string& value) {
        if (!out.empty()) out += ",";
        out += std::string(key) + "=" + value;
    };
    for (const auto& limit : limits)
        if (const auto& value = policy.*limit.value) add(limit.key, duration_text(*value));
    for (const auto& cap : caps)
        if (const auto& value = policy.*cap.value) add(cap.key, std::to_string(*value));
    return out;
}

}  // namespace fenceline::tools
