#pragma once

// Runs the real program, as a user does.
//
//   Ran ran = run_program({"ps", path, "--json"});
//   CHECK(ran.code == 0);
//
//   Conversation talk(FENCELINE_PROGRAM, {"exec", path});
//   auto answer = talk.ask(R"({"query":"position"})");

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace fenceline::testing {

struct Ran {
    int code = -1;  // 128 + the signal's number when it was killed
    std::string out, err;
    long most_memory_kib = 0;

    [[nodiscard]] std::vector<std::string> lines() const;
};

struct RunOptions {
    std::string input;
    // More input, piece by piece until an empty one: what should not be in memory at once.
    std::function<std::string()> more_input;
    std::vector<std::string> environment;  // "NAME=value", besides what the test has
    // Without root's right to read and write whatever it likes.
    bool powerless = false;
    // Address space in bytes and processor time in seconds; 0: as much as it likes.
    std::uint64_t most_address_space = 0;
    std::uint64_t most_seconds = 0;
    // What would go on for ever is asked to end (SIGTERM) once its stderr holds this.
    std::string ended_after;
};

[[nodiscard]] Ran run(const std::string& program, const std::vector<std::string>& arguments,
                      const RunOptions& options);

// A program that is talked to, line by line.
class Conversation {
  public:
    Conversation(const std::string& program, const std::vector<std::string>& arguments);
    ~Conversation();
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    void tell(std::string_view lines);
    // Waits for one line of stdout; empty at its end. Fails the test after a minute.
    [[nodiscard]] std::string hear();
    [[nodiscard]] std::string ask(std::string_view line);
    // Waits for one line of stderr.
    [[nodiscard]] std::string hear_error();
    void signal(int number) const;
    // Ends its input and waits for its exit code.
    [[nodiscard]] int end();

  private:
    [[nodiscard]] std::string line_from(int fd, std::string& rest);

    pid_t child_ = -1;
    int in_ = -1, out_ = -1, err_ = -1;
    std::string out_rest_, err_rest_;
};

#ifdef FENCELINE_PROGRAM
inline Ran run_program(const std::vector<std::string>& arguments, const RunOptions& options = {}) {
    return run(FENCELINE_PROGRAM, arguments, options);
}
#endif

}  // namespace fenceline::testing
