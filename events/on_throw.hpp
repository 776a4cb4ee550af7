#pragma once

// Puts things right when a scope is left by an exception: memory that ran out.
//
//   FENCELINE_TRY(lock.acquire(timeout));
//   const OnThrow release([&] { lock.release(); });   // what follows may throw
//
// `right` must not throw itself.

#include <exception>
#include <utility>

namespace fenceline {

template <typename Right>
class OnThrow {
  public:
    explicit OnThrow(Right right) : right_(std::move(right)) {}
    ~OnThrow() {
        if (std::uncaught_exceptions() > before_) right_();
    }
    OnThrow(const OnThrow&) = delete;
    OnThrow& operator=(const OnThrow&) = delete;

  private:
    Right right_;
    int before_ = std::uncaught_exceptions();
};

}  // namespace fenceline
