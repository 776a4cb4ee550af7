#pragma once

// SIGINT and SIGTERM as something to wait for, so that a command can end in order: `exec` answers
// what it took and closes the store, `serve` lets its last answer out.
//
// One object in the process, made before any thread.

namespace fenceline::tools {

class StopSignals {
  public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // Readable once a signal came; stays so.
    [[nodiscard]] int fd() const;
    // Waits for a signal, at most so long; whether one came.
    [[nodiscard]] bool wait_ms(int timeout_ms) const;
};

}  // namespace fenceline::tools
