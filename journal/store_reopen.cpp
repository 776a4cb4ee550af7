// After an unknown commit: what of it is really there, and going on from that.

#include "events/on_throw.hpp"
#include "journal/start.hpp"
#include "journal/store_core.hpp"

namespace fenceline {

namespace {

// What one recorder did in a range: the part of an unknown commit that turns out to be there.
class OwnSink : public Sink {
  public:
    OwnSink(Recorder& self, Tallies& own) : self_(self), own_(own) {}
    bool recorder(const Recorder& recorder) override {
        if (recorder.instance == self_.instance && recorder.run == self_.run) self_ = recorder;
        return true;
    }
    bool event(const Event& event) override {
        if (event.recorder == self_.id) own_.apply(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        if (seal.recorder != self_.id) return true;
        own_.apply(seal.measured);
        found_ = true;
        return true;
    }
    [[nodiscard]] bool found() const { return found_; }

  private:
    Recorder& self_;
    Tallies& own_;
    bool found_ = false;
};

}  // namespace

Result<void> StoreCore::reopen(std::unique_ptr<Journal> journal) {
    const auto aside = end_aside();
    const auto lock = hold(mutex_);
    auto head = journal->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    Recorder self = self_;
    self.instance = options_.instance;
    self.run = options_.run;
    Tallies own = own_;
    OwnSink sink(self, own);
    if (auto read = journal->read(head_, head->position, sink); !read) {
        // What this process did there is counted nowhere else.
        if (begins_after(*journal, head_))
            return fail(ErrorCode::not_found,
                        "what became of the unknown commit was dropped: " + read.error().text,
                        "close this store and open a new one");
        return read;
    }

    // Nothing is counted before all is read: whoever tries again begins at the same place.
    const Head seen = head_;
    Fold folded = std::move(fold_);
    const auto as_before = [&] {
        fold_ = std::move(folded);
        head_ = seen;
        torn_ = false;
        poisoned_ = true;
    };
    const OnThrow out_of_memory(as_before);
    journal_ = std::move(journal);
    if (auto loaded = load(); !loaded) {
        as_before();
        return loaded;
    }
    if (!sink.found()) heartbeats_.put_back();
    self_ = std::move(self);
    own_ = std::move(own);
    // A commit that was durable carried what was in memory; one that was not left it there.
    if (sink.found()) {
        measured_ = {};
        heartbeats_.recorded();
        failures_.doubt_recorded();
    } else {
        failures_.doubt_dismissed();
    }
    poisoned_ = closed_ = false;
    return {};
}

}  // namespace fenceline
