// Every test program's main(): doctest's, with the options of tests/support/extent.hpp.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "tests/support/extent.hpp"

namespace {

using fenceline::testing::Extent;

// What is left for doctest.
std::vector<char*> without_extent(int argc, char** argv) {
    std::vector<char*> rest;
    for (int i = 0; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const auto value_of = [&](std::string_view option, const char* variable) {
            if (!argument.starts_with(option)) return false;
            const auto value = argument.substr(option.size());
            if (value.starts_with('='))
                ::setenv(variable, value.data() + 1, 1);
            else if (value.empty())
                ::setenv(variable, ++i < argc ? argv[i] : "", 1);
            return value.empty() || value.starts_with('=');
        };
        if (argument == "--long")
            ::setenv(Extent::long_variable, "1", 1);
        else if (argument.starts_with("--long="))
            ::setenv(Extent::long_variable, argv[i] + std::string_view("--long=").size(), 1);
        else if (!value_of("--seed", Extent::seed_variable) &&
                 !value_of("--scale", Extent::scale_variable))
            rest.push_back(argv[i]);
    }
    return rest;
}

}  // namespace

int main(int argc, char** argv) {
    auto arguments = without_extent(argc, argv);
    try {
        (void)Extent();
    } catch (const std::invalid_argument& wrong) {
        std::fprintf(stderr, "%s: %s\n", argv[0], wrong.what());
        return 2;
    }
    return doctest::Context(static_cast<int>(arguments.size()), arguments.data()).run();
}
