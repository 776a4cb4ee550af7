// The options that every seeded test takes: what is no number must not become a test of nothing.

#include "tests/support/extent.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/program.hpp"

using namespace fenceline::testing;

namespace {

// A variable of the environment for as long as it lives.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* was = std::getenv(name)) was_ = was;
        ::setenv(name, value, 1);
    }
    ~Variable() { was_ ? ::setenv(name_, was_->c_str(), 1) : ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
    std::optional<std::string> was_;
};

// This very program.
Ran run_tests(std::vector<std::string> arguments) {
    return run(std::filesystem::read_symlink("/proc/self/exe"), arguments, {});
}

}  // namespace

TEST_SUITE("model/extent") {
    TEST_CASE("a scaled test runs at least once") {
        const Variable seed(Extent::seed_variable, "17"), scale(Extent::scale_variable, "0.1"),
            form(Extent::long_variable, "0");
        CHECK(Extent().seed_or(1) == 17);
        CHECK(Extent().scaled(200) == 20);
        CHECK(Extent().scaled(3) == 1);
        CHECK(Extent().runs(200) == 20);
        CHECK(!Extent().judged());
    }

    TEST_CASE("the long form of random runs has more of them") {
        const Variable scale(Extent::scale_variable, "2"), form(Extent::long_variable, "1");
        CHECK(Extent().long_form);
        CHECK(Extent().scaled(3) == 6);
        CHECK(Extent().runs(3) == 150);
    }

    TEST_CASE("what is no number is refused") {
        for (const char* text : {"", "0", "-1", "x", "1x", "nan", "inf", "1e-30", "1e300"}) {
            const Variable scale(Extent::scale_variable, text);
            CHECK_THROWS_AS(Extent(), std::invalid_argument);
        }
        const Variable seed(Extent::seed_variable, "0.5");
        CHECK_THROWS_AS(Extent(), std::invalid_argument);
    }

    TEST_CASE("a run of no test has failed") {
        const Ran none = run_tests({"-ts=no/such"});
        CHECK(none.code == 2);
        CHECK(none.err.find("the filters leave no test") != std::string::npos);
        CHECK(run_tests({"-tc=a scaled test runs at least once"}).code == 0);
        CHECK(run_tests({"--scale", "x"}).code == 2);
    }

    TEST_CASE("fails when it is asked for" * doctest::skip()) {
        FAIL("as asked");
    }

    TEST_CASE("a run that fails names the options that choose it again") {
        const Ran failed = run_tests({"--no-skip", "-tc=fails when*", "--seed", "17", "--long"});
        CHECK(failed.code == 1);
        CHECK(failed.err.find(" --seed 17 --long\n") != std::string::npos);
    }
}
