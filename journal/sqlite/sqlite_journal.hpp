#pragma once

// The journal in a SQLite database: the contract of journal/journal.hpp, over the lock file, the
// schema and the reads of this folder.
//
// A commit is answered only after SQLite has synced it and the files by their names are still the
// ones that were written. When that cannot be known, the journal is poisoned: it says so to every
// later call and leaves its files as they are.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/chain.hpp"
#include "journal/journal.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/commit_frames.hpp"
#include "journal/sqlite/event_batch.hpp"
#include "journal/sqlite/files.hpp"
#include "journal/sqlite/lock.hpp"
#include "journal/sqlite/log_move.hpp"
#include "journal/sqlite/open_files.hpp"
#include "journal/sqlite/reads.hpp"
#include "journal/sqlite/recent_commits.hpp"
#include "journal/sqlite/retaining.hpp"
#include "journal/sqlite/sealing.hpp"
#include "journal/sqlite/sqlite.hpp"
#include "journal/sqlite/wal.hpp"

namespace fenceline::sqlite {

class SqliteJournal final : public Journal {
  public:
    enum class Existing { required, made_if_missing, refused };
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(const JournalOptions& options,
                                                               Existing existing);
    ~SqliteJournal() override;
    SqliteJournal(const SqliteJournal&) = delete;
    SqliteJournal& operator=(const SqliteJournal&) = delete;

    [[nodiscard]] Result<Head> begin_write() override;
    [[nodiscard]] Result<void> prepare(std::span<const Event> events) override;
    [[nodiscard]] Result<Head> append(const Commit& commit) override;
    void cancel_write() override;
    [[nodiscard]] Result<void> make_durable() override;
    [[nodiscard]] Result<void> save_checkpoint(const Checkpoint& checkpoint) override;
    [[nodiscard]] Result<void> maintain() override;
    [[nodiscard]] Result<LongWork*> begin_maintenance() override;
    [[nodiscard]] Result<void> end_maintenance() override;
    [[nodiscard]] bool lags() const override;
    [[nodiscard]] Result<void> close() override;
    [[nodiscard]] Result<SealStep> seal(const SealRequest& request) override;
    [[nodiscard]] Result<RetainStep> retain(const RetainRequest& request) override;
    [[nodiscard]] Result<void> pin(const Pin& pin) override;
    [[nodiscard]] Result<void> unpin(const std::string& name) override;
    [[nodiscard]] Result<void> compact() override;

    [[nodiscard]] Result<std::string> id() override;
    [[nodiscard]] Result<Head> head() override;
    [[nodiscard]] Result<bool> was_head(const Head& head) override;
    [[nodiscard]] Result<Head> beginning() override;
    [[nodiscard]] Result<Base> base() override;
    [[nodiscard]] Result<std::vector<Pin>> pins() override;
    [[nodiscard]] Result<void> read(const Head& after, Position to, Sink& sink) override;
    [[nodiscard]] Result<Event> event(Position position) override;
    [[nodiscard]] Result<Checkpoint> checkpoint(Position position) override;
    [[nodiscard]] Result<std::vector<Position>> checkpoints() override;
    [[nodiscard]] Result<Position> first_at(Time at) override;

  private:
    // All that lives on the connection, in the order in which it must end.
    struct Database {
        CommitFrames commit_frames;
        Connection connection;
        FrameCount frames;
        std::unique_ptr<Reads> reads;
        Statement begin, commit, rollback;
        std::unique_ptr<EventBatch> events;
        Statement text, recorder, flush, checkpoint;
        Statement segment, unrow;  // a segment in, its rows out
    };

    SqliteJournal(const JournalOptions& options, JournalFiles files);
    [[nodiscard]] Result<void> take_lock_and_files(Existing existing);
    [[nodiscard]] Result<void> open_database();
    [[nodiscard]] Result<void> prepare_log();
    [[nodiscard]] Result<void> prepare_statements();

    // The anchor, in sqlite_anchor.cpp. With the lock held: a journal that lacks what its anchor
    // names is refused.
    [[nodiscard]] Result<void> check_anchor();
    [[nodiscard]] Result<void> anchor_new_journal();
    [[nodiscard]] bool anchor_due() const;
    void anchor_if_due(const Head& head);
    void anchor_now(const Head& head);

    // Refused in a child after fork() and after an unknown commit.
    [[nodiscard]] Result<void> usable() const;
    [[nodiscard]] Result<void> not_writing() const;
    // Lock and BEGIN IMMEDIATE; end() gives both back.
    enum class Sync { in_commit, after_lock };
    [[nodiscard]] Result<void> begin(Sync wanted = Sync::in_commit);
    [[nodiscard]] Result<void> set_sync(Sync wanted);
    [[nodiscard]] bool others_write() const;
    [[nodiscard]] bool may_sync_late() const;
    void end();
    // COMMIT, and what its failure means.
    [[nodiscard]] Result<void> commit();
    [[nodiscard]] int step_commit();
    // Of everything in the log, up to `head` at least.
    [[nodiscard]] Result<void> sync(Position head);
    void note_synced(Position position);
    // After a failed sync of what others see already: without the write lock, and under it.
    void doubt_log();
    void mend_log();
    [[nodiscard]] Error poison(Error error);
    // Under the write lock. Mends and poisons when it was a sync that failed, Effect::unknown: what
    // it should have made durable may be anywhere.
    [[nodiscard]] Error mend_after(Error error);

    // Moving the log, in sqlite_maintain.cpp.
    [[nodiscard]] bool move_is_due() const;
    void put_off_move();
    void moved_all();
    [[nodiscard]] Result<bool> begin_move();
    [[nodiscard]] Result<void> open_log_move();
    [[nodiscard]] Result<void> move_now();

    [[nodiscard]] Result<Head> insert(const Commit& commit);
    [[nodiscard]] Result<Head> find_head();
    void look_at_recent() noexcept;
    void note_recent(const Head& head);
    [[nodiscard]] Result<void> insert_names(const Commit& commit);
    [[nodiscard]] Result<void> insert_events(const Commit& commit, ChainHash& chain);
    // Encodes the payloads of those that have not been yet.
    void add_payloads(std::span<const Event> events);
    [[nodiscard]] std::string_view payload_of(std::size_t event) const;
    // Makes rows of those that are not yet.
    [[nodiscard]] Result<void> insert_rows(std::span<const Event> events,
                                           const SealBytes* last_seal);
    [[nodiscard]] Result<void> insert_flush(const Commit& commit, ChainHash& chain);

    [[nodiscard]] Result<bool> begin_sealing(const SealRequest& request);
    [[nodiscard]] Result<bool> overtaken(Position first);
    [[nodiscard]] Result<void> gather();
    [[nodiscard]] Result<bool> prove(OpenSegment& segment);
    [[nodiscard]] Result<void> put_in_place();
    [[nodiscard]] Result<void> swap_rows(const SegmentRow& row);

    // Dropping, in sqlite_retain.cpp.
    [[nodiscard]] Result<void> begin_retaining(Position last);
    [[nodiscard]] Result<void> fold_on();
    [[nodiscard]] Result<void> drop(const std::string& by);
    [[nodiscard]] Result<void> drop_rows(const PackedCheckpoint& packed, const Drop& what);
    [[nodiscard]] Result<void> check_kept();

    JournalOptions options_;
    JournalFiles files_;
    LockFile lock_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<LogMove> log_move_;  // from the first one on
    OpenFiles open_files_;
    std::int64_t process_;
    bool writing_ = false;
    bool poisoned_ = false;
    bool mend_owed_ = false;       // the log is in doubt, and could not be mended
    Sync sync_ = Sync::in_commit;  // as the connection is set
    Position told_;                // of what others appended, too, a caller knows up to here
    Position synced_;              // known to be durable up to here
    Head head_;                    // while writing_: the journal's
    // Of the database when head_ was its head, unless that is not known.
    std::optional<DataVersion> head_as_of_;
    // Between the last two times that this one began, or that cannot be told.
    bool others_append_ = false;
    int checkpoint_frames_, checkpoint_due_;  // frames in the log from which it is moved
    bool move_held_up_ = false;               // by a reader, or by whoever moves it
    std::string id_;
    Clock* clock_;
    bool made_ = false;             // by this opening
    std::optional<Head> anchored_;  // as this object wrote it last
    Time anchored_at_;

    // Kept from call to call.
    Slice slice_;
    CommitHasher hasher_;
    std::string hashed_;  // what it hashed, where others may want it
    RecentCommits recent_;
    std::string measured_;
    // Of the commit: payloads as bytes, one after the other, and where each ends.
    std::string payloads_;
    std::vector<std::size_t> payload_ends_;
    std::size_t inserted_ = 0;              // how many of its events are rows already
    std::vector<NewEventRow> rows_;         // the ones that become rows now
    std::unique_ptr<Sealing> sealing_;      // the segment that is being filled
    std::unique_ptr<Retaining> retaining_;  // what is being folded to be dropped
};

}  // namespace fenceline::sqlite
