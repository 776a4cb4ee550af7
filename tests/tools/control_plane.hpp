#pragma once

// A small control plane as a process of its own: a store on a journal, its metrics through
// fenceline::prometheus over HTTP. On request its page lies, as one that miscounts would.
//
//   ControlPlane plane({.journal = path, .instance = "cp-a"});
//   plane.work(200);
//   run_program({"diff", path, "--against", plane.url()});
//
// The process is this test program again, running one case that is skipped otherwise.

#include <string>

#include "tests/support/program.hpp"

namespace fenceline::testing {

struct ControlPlaneOrders {
    std::string journal, instance;
    // none, counter (one too many), missing (a series), bucket (one observation slips into the
    // next), stale (counts of workers stay as the first page had them).
    std::string lie = "none";
    int seed = 1;
    bool leads = true;
};

class ControlPlane {
  public:
    explicit ControlPlane(const ControlPlaneOrders& orders);

    [[nodiscard]] const std::string& url() const { return url_; }
    // Returns when so many operations are done.
    void work(int operations);
    // Goes on working until end(), whatever is asked meanwhile.
    void keep_working();
    // Positions of the journal so far, as the store sees it.
    [[nodiscard]] long long position();
    [[nodiscard]] int end() { return talk_.end(); }

  private:
    Conversation talk_;
    std::string url_;
};

}  // namespace fenceline::testing
