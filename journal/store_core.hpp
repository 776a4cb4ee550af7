#pragma once

// The store behind its queue: catch up, decide, append, commit, fold, answer.
//
// Internal to the store. Everything here is guarded by `mutex`; a batch holds it from the lock to
// the commit, so that a query sees only what is durable.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "events/process.hpp"
#include "journal/failures.hpp"
#include "journal/heartbeats.hpp"
#include "journal/journal.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/ticket_queue.hpp"
#include "projections/fold.hpp"
#include "projections/metric_numbers.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline {

class StoreCore {
  public:
    [[nodiscard]] static Result<std::unique_ptr<StoreCore>> open(StoreOptions options,
                                                                 std::unique_ptr<Journal> journal);

    // A child after fork() may ask nothing of its parent's store.
    [[nodiscard]] Result<void> same_process() const;

    // --- with `mutex` taken inside
    // Runs one batch, answers every ticket of it (I1), and wakes their callers.
    void run(Batch& batch);
    // Housekeeping between batches: writes a checkpoint when one is due, packs old history, and
    // begins to move the log.
    void housekeeping();
    // What of it takes long, beside the next batches.
    [[nodiscard]] bool has_work_aside() const { return aside_ == Aside::begun; }
    void work_aside();
    [[nodiscard]] Result<void> close();
    [[nodiscard]] Result<void> reopen(std::unique_ptr<Journal> journal);
    [[nodiscard]] Result<MetricSnapshot> metrics(const MetricView& view, StoreStatus& status);
    [[nodiscard]] StoreStatus status();

    // Calls `read` on the world as of now, what other processes appended included.
    template <typename Read>
    [[nodiscard]] auto query(Read&& read) -> Result<decltype(read(std::declval<const Fold&>()))> {
        const auto lock = hold(mutex_);
        if (auto caught_up = refresh(); !caught_up)
            return tl::unexpected<Error>(std::move(caught_up.error()));
        return read(fold_);
    }

    // Unless told otherwise: the instance's latest leadership event. Only within a query.
    [[nodiscard]] bool leads() const;

    [[nodiscard]] Clock& clock() const { return *clock_; }
    [[nodiscard]] const StoreOptions& options() const { return options_; }

  private:
    // How one command of a batch will be answered once the commit is durable.
    struct Slot {
        Ticket* ticket = nullptr;
        const Command* command = nullptr;
        enum class How { decided, from_memory, replayed, refused } how = How::decided;
        std::size_t first = 0, count = 0;  // its events in staged_ (decided, refused)
        Answer answer;                     // ready already (from_memory, replayed)
        Error error;                       // refused
    };
    enum class Owed { failures, failures_and_heartbeats };
    // How far a commit has come: what an exception on the way means.
    enum class Reached { nothing, staging, appending, appended };

    StoreCore(StoreOptions options, std::unique_ptr<Journal> journal);

    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> load_once();
    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<void> catch_up(const Head& head);
    [[nodiscard]] Result<void> fold_in(const Head& head);
    // Before anything is answered that no commit of ours follows.
    [[nodiscard]] Result<void> make_durable();
    [[nodiscard]] Result<void> begin();
    // Decides what the queue gives, appends it, and answers it.
    void decide(Batch& batch);
    // Appends what is staged, unless preparing it failed already; if not, takes it all back.
    [[nodiscard]] Result<void> append(Result<void> prepared, Undo& undo);
    // Folds what was appended, and the durations that came with it.
    void project();
    // Out of memory in the middle of a commit. The fold is made anew when it is needed next.
    void abandon() noexcept;
    // Appends what is still in memory, without any command.
    [[nodiscard]] Result<void> flush(Owed owed);

    // What a page is made of; `view` learns who leads.
    [[nodiscard]] MetricNumbers take_metrics(MetricView& view, StoreStatus& status);

    // In a child after fork() nothing: nobody is to be kept out there, and whoever held it in the
    // parent will not let it go. The journal refuses the child.
    [[nodiscard]] std::unique_lock<std::mutex> hold(std::mutex& mutex) const {
        if (process_ != this_process()) return {};
        return std::unique_lock(mutex);
    }

    // Not to be told to a caller, but no store goes on with a poisoned journal.
    void note(const Result<void>& housekeeping);
    void keep_house();
    [[nodiscard]] bool checkpoint_pays(std::int64_t least) const;
    void seal_history();
    void drop_history();
    // Waits for what runs aside, and ends it.
    [[nodiscard]] std::unique_lock<std::mutex> end_aside();
    void end_work();

    void stage(Ticket& ticket, const Command& command, Undo& undo);
    void stage_event(Event event, Undo& undo);
    void stage_owed(Owed owed, Undo& undo);
    void stage_tally(WorkerId worker, Time at, Undo& undo);
    [[nodiscard]] Result<bool> replay(Slot& slot, TextId caller);
    [[nodiscard]] bool stays_in_memory(Slot& slot, const Event& event, Duration entered);
    void answer();
    [[nodiscard]] Measurements measure(Measurements room) const;
    // The journal could not even be begun on: every command of the batch hears why.
    void refuse(Batch& batch, const Error& error);
    // The commit failed: what needed it hears why, what did not is answered.
    void refuse_staged(const Error& error);
    // Out of memory: whoever has no answer yet hears that.
    void refuse_rest(Batch& batch) noexcept;
    void count_failure(const Ticket& ticket, const Command& command, const Error& error);
    [[nodiscard]] Time now() const;
    // As whom this process appends: a new recorder until its first commit.
    [[nodiscard]] RecorderId writer() const;

    std::int64_t process_ = this_process();
    std::mutex mutex_;
    std::mutex aside_mutex_;  // held while work runs aside; taken before mutex_
    enum class Aside { none, begun, runs, ran };
    std::atomic<Aside> aside_ = Aside::none;
    LongWork* work_ = nullptr;  // unless that is `none`
    StoreOptions options_;
    Clock* clock_;
    std::unique_ptr<Journal> journal_;
    Fold fold_;    // the whole journal
    Tallies own_;  // what this process did since it opened
    Head head_;    // as folded
    // A read broke off: some of what follows head_ is folded. To go on from there would fold it
    // twice.
    bool torn_ = false;
    Position counting_from_;
    Position checkpointed_;
    Position seal_at_;       // the head from which there may be something to seal
    Position drop_at_;       // likewise, to drop
    Recorder self_;          // id 0 until the first commit
    Measurements measured_;  // of the last commit, for the next one to carry
    Measurements carried_;   // by the last commit
    HeartbeatTallies heartbeats_;
    PendingFailures failures_;
    bool poisoned_ = false;
    bool closed_ = false;

    // The batch being made; buffers are kept from batch to batch.
    Reached reached_ = Reached::nothing;
    std::vector<Event> staged_;
    std::vector<Slot> slots_;
    std::vector<Event> scratch_;
    std::vector<std::string> new_texts_;
    std::size_t staged_failures_ = 0;
    Result<void> readable_;  // what kept the batch from looking up an earlier answer
};

}  // namespace fenceline
