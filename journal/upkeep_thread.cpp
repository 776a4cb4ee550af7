#include "journal/upkeep_thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <exception>

namespace fenceline {

UpkeepThread::~UpkeepThread() {
    if (process_ != this_process()) {
        (void)thread_.release();  // it is the parent's
        return;
    }
    order_ = end;
    order_.notify_one();
    if (thread_ != nullptr) thread_->join();
}

bool UpkeepThread::wake() {
    if (process_ != this_process()) return false;
    {
        const std::lock_guard lock(starting_);
        if (thread_ == nullptr) start();
        if (thread_ == nullptr) return false;
    }
    order_ = work;
    order_.notify_one();
    return true;
}

// A thread inherits the signals that its maker has blocked. What it does wrong itself is not kept
// from the host's handler.
void UpkeepThread::start() {
    sigset_t others, before;
    ::sigfillset(&others);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigdelset(&others, own);
    if (::pthread_sigmask(SIG_SETMASK, &others, &before) != 0) return;
    try {
        thread_ = std::make_unique<std::thread>([this] { loop(); });
        ::pthread_setname_np(thread_->native_handle(), "fenceline");
    } catch (const std::exception&) {  // the process may have no more threads, or memory
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void UpkeepThread::loop() {
    for (;;) {
        order_.wait(none);
        if (order_.exchange(none) == end) return;
        work_();
    }
}

}  // namespace fenceline
