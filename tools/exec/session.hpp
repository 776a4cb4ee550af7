#pragma once

// The conversation of `exec`: lines in, answers out, in order; lines that already wait share one
// commit; nothing is answered before its event is durable.
//
// Threading: one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tools/exec/input_clock.hpp"
#include "tools/exec/line_reader.hpp"
#include "tools/exec/request.hpp"

namespace fenceline::tools {

struct SessionOptions {
    std::string caller;           // default of queries about somebody's workers
    bool strict = false;          // stop at the first refused line
    InputClock* clock = nullptr;  // set: lines say what time it is
};

class Session {
  public:
    Session(LifecycleStore& store, SessionOptions options)
        : store_(store), options_(std::move(options)) {}

    // Reads to the end of the input; gives the exit code.
    [[nodiscard]] int run(LineReader& input);

  private:
    // A line on its way to its answer, which is ready or comes with the batch.
    struct Waiting {
        std::int64_t line = 0;
        std::optional<Json> id;
        bool in_batch = false;
        Json answer;
    };

    void take(const InputLine& input);
    void take_command(std::int64_t number, Line& line);
    // False: the line goes back in time, and was refused.
    [[nodiscard]] bool set_clock(std::int64_t number, const Line& line);
    void refuse(std::int64_t number, const std::optional<Json>& id, const Error& why);
    [[nodiscard]] Json ask(const Query& query, std::int64_t number);
    [[nodiscard]] Json sweep(const Sweep& sweep, std::int64_t number);
    [[nodiscard]] Json failed(std::int64_t number, const Error& error);
    void flush();
    void answer_now(std::int64_t number, const std::optional<Json>& id, Json answer);

    LifecycleStore& store_;
    SessionOptions options_;
    std::vector<Command> batch_;
    std::vector<Waiting> waiting_;
    bool stopped_ = false;
    bool refused_ = false;  // a line was refused as input
    bool journal_failed_ = false;
    bool output_failed_ = false;
};

}  // namespace fenceline::tools
