// Every test program's main(): doctest's, with the options of tests/support/extent.hpp. A run that
// fails names the options that choose it again; one whose filters leave no test has failed.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
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

// Hears how many tests the filters left.
struct Listener final : doctest::IReporter {
    static inline bool ran_none = false;

    explicit Listener(const doctest::ContextOptions&) {}
    void test_run_end(const doctest::TestRunStats& run) override {
        ran_none = run.numTestCasesPassingFilters == 0;
    }
    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("filters", 1, Listener);

}  // namespace

int main(int argc, char** argv) {
    auto arguments = without_extent(argc, argv);
    std::string options;
    try {
        options = Extent().options();
    } catch (const std::invalid_argument& wrong) {
        std::fprintf(stderr, "%s: %s\n", argv[0], wrong.what());
        return 2;
    }
    const int code = doctest::Context(static_cast<int>(arguments.size()), arguments.data()).run();
    if (code != 0) std::fprintf(stderr, "again: %s%s\n", argv[0], options.c_str());
    if (!Listener::ran_none) return code;
    std::fprintf(stderr, "%s: the filters leave no test\n", argv[0]);
    return 2;
}
