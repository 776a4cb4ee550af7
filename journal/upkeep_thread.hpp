#pragma once

// A thread for what no caller shall wait for. It is started by the first wake(), sleeps between
// two, and takes no signals: those are the host's.
//
// Threading: wake() from any thread. After fork() a child has no such thread: wake() says so, and
// the destructor waits for nobody.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "events/process.hpp"

namespace fenceline {

class UpkeepThread {
  public:
    explicit UpkeepThread(std::function<void()> done) : work_(std::move(done)) {}
    // Waits for work that is being done.
    ~UpkeepThread();
    UpkeepThread(const UpkeepThread&) = delete;
    UpkeepThread& operator=(const UpkeepThread&) = delete;

    // The work is done once at least, from its beginning, after this. False: there is no thread to
    // be had, and nothing will be done.
    [[nodiscard]] bool wake();

  private:
    void start();
    void loop();

    std::function<void()> work_;
    std::int64_t process_ = this_process();
    std::mutex starting_;
    std::unique_ptr<std::thread> thread_;
    // It sleeps on this: a condition variable would wait in a child, at its end, for a thread that
    // is not there.
    enum Order : int { none, work, end };
    std::atomic<int> order_ = none;
};

}  // namespace fenceline
