#include "journal/memory/memory_journal.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "events/codec.hpp"
#include "events/invariant.hpp"
#include "journal/chain.hpp"
#include "journal/commit_check.hpp"

namespace fenceline {

namespace {

// A fault that is armed for a number of calls.
template <typename Fault>
class Armed {
  public:
    void arm(int times, Fault fault) {
        times_ = times;
        fault_ = fault;
    }
    std::optional<Fault> next() {
        if (times_ <= 0) return std::nullopt;
        --times_;
        return fault_;
    }

  private:
    int times_ = 0;
    Fault fault_{};
};

tl::unexpected<Error> injected(ErrorCode code, Effect effect = Effect::not_applied) {
    return tl::unexpected<Error>(
        Error{code, effect, "injected failure: " + std::string(to_text(code)), {}});
}

// A file would find these when it is read; here they are found when they are written.
Result<void> check_payloads(const Commit& commit, std::uint32_t texts) {
    std::string bytes;
    for (const Event& event : commit.events) {
        bytes.clear();
        codec::encode(event.payload, bytes);
        const auto back = codec::decode(codec::kind_of(event.payload), bytes,
                                        texts + static_cast<std::uint32_t>(commit.texts.size()));
        if (!back)
            return fail(ErrorCode::invalid_request,
                        "position " + std::to_string(event.position.value) +
                            " could not be read back: " + back.error().text);
        FENCELINE_INVARIANT(*back == event.payload, "a payload survives its bytes");
    }
    return {};
}

}  // namespace

struct MemoryStorage::Rows {
    // A commit's seal, and how far the other rows reach with it.
    struct Sealed {
        Seal seal;
        Head head;
        [[nodiscard]] bool is_flush() const { return seal.first > seal.last; }
    };

    mutable std::mutex mutex;
    std::condition_variable unlocked;
    const void* writer = nullptr;  // the journal that holds the write lock

    std::vector<Event> events;
    std::vector<std::string> texts;  // number 1 and on
    std::vector<Recorder> recorders;
    std::vector<Sealed> commits;
    std::map<Position, Checkpoint> checkpoints;

    Armed<MemoryFault> appends;
    Armed<ErrorCode> begin_writes, checkpoint_saves, reads;

    [[nodiscard]] Head head() const { return commits.empty() ? Head{} : commits.back().head; }

    Head add(const Commit& commit) {
        const Head before = head();
        const Head next =
            head_after(before, commit, seal_commit(before.chain, commit, before.texts));
        const Position first{before.position.value + 1};
        events.insert(events.end(), commit.events.begin(), commit.events.end());
        texts.insert(texts.end(), commit.texts.begin(), commit.texts.end());
        if (commit.recorder != nullptr) recorders.push_back(*commit.recorder);
        commits.push_back({{first, next.position, commit.by, next.chain, commit.measured}, next});
        return next;
    }
};

MemoryStorage::MemoryStorage() : rows_(std::make_unique<Rows>()) {}
MemoryStorage::~MemoryStorage() = default;

void MemoryStorage::fail_appends(int times, MemoryFault fault) {
    const std::lock_guard lock(rows_->mutex);
    rows_->appends.arm(times, fault);
}
void MemoryStorage::fail_begin_writes(int times, ErrorCode code) {
    const std::lock_guard lock(rows_->mutex);
    rows_->begin_writes.arm(times, code);
}
void MemoryStorage::fail_checkpoints(int times, ErrorCode code) {
    const std::lock_guard lock(rows_->mutex);
    rows_->checkpoint_saves.arm(times, code);
}
void MemoryStorage::fail_reads(int times, ErrorCode code) {
    const std::lock_guard lock(rows_->mutex);
    rows_->reads.arm(times, code);
}

std::int64_t MemoryStorage::commits() const {
    const std::lock_guard lock(rows_->mutex);
    return static_cast<std::int64_t>(rows_->commits.size());
}

class MemoryJournal final : public Journal {
  public:
    MemoryJournal(std::shared_ptr<MemoryStorage> storage, Duration lock_timeout)
        : storage_(std::move(storage)), rows_(*storage_->rows_), lock_timeout_(lock_timeout) {}
    ~MemoryJournal() override { cancel_write(); }

    Result<Head> head() override;
    Result<void> read(const Head& after, Position to, Sink& sink) override;
    Result<Event> event(Position position) override;
    Result<Checkpoint> checkpoint(Position position) override;
    Result<std::vector<Position>> checkpoints() override;
    Result<Position> first_at(Time at) override;
    Result<Head> begin_write() override;
    Result<Head> append(const Commit& commit) override;
    void cancel_write() override;
    Result<void> save_checkpoint(const Checkpoint& checkpoint) override;
    Result<SealStep> seal(const SealRequest& request) override;
    Result<void> maintain() override;

  private:
    using Sealed = MemoryStorage::Rows::Sealed;

    // What a read gives to a sink: copied, so that a slow sink blocks nobody.
    struct Part {
        std::uint32_t first_text = 0;
        std::vector<std::string> texts;
        std::vector<Recorder> recorders;
        std::vector<Event> events;
        std::optional<Seal> seal;
    };
    std::vector<Part> copy(const Head& after, Position to) const;
    void copy_commit(const Sealed& sealed, Head& seen, Position to, std::vector<Part>& out) const;
    static bool deliver(const Part& part, Sink& sink);

    Result<void> usable() const;
    Result<void> readable();
    Result<void> lock(std::unique_lock<std::mutex>& guard);
    void unlock();

    std::shared_ptr<MemoryStorage> storage_;
    MemoryStorage::Rows& rows_;
    Duration lock_timeout_;
    bool poisoned_ = false;
};

// --- reading ------------------------------------------------------------------------------------

Result<void> MemoryJournal::usable() const {
    if (!poisoned_) return {};
    return fail(ErrorCode::poisoned, "an earlier commit of this journal ended unknown",
                "open the journal again");
}

Result<void> MemoryJournal::readable() {
    FENCELINE_TRY(usable());
    if (const auto fault = rows_.reads.next()) return injected(*fault);
    return {};
}

Result<Head> MemoryJournal::head() {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(readable());
    return rows_.head();
}

void MemoryJournal::copy_commit(const Sealed& sealed, Head& seen, Position to,
                                std::vector<Part>& out) const {
    Part part{.first_text = seen.texts};
    for (; seen.texts < sealed.head.texts; ++seen.texts)
        part.texts.push_back(rows_.texts[seen.texts - 1]);
    for (; seen.recorders < sealed.head.recorders; ++seen.recorders)
        part.recorders.push_back(rows_.recorders[static_cast<std::size_t>(seen.recorders)]);
    const auto last = std::min(sealed.seal.last, to);
    for (; seen.position < last; ++seen.position.value)
        part.events.push_back(rows_.events[static_cast<std::size_t>(seen.position.value)]);
    if (last == sealed.seal.last) part.seal = sealed.seal;
    out.push_back(std::move(part));
}

std::vector<MemoryJournal::Part> MemoryJournal::copy(const Head& after, Position to) const {
    std::vector<Part> out;
    Head seen = after;
    // The first commit that `after` does not hold: its last position, or its flush, is beyond.
    const auto known = [&](const Sealed& sealed) {
        return sealed.is_flush() ? sealed.head.flushes <= after.flushes
                                 : sealed.seal.last <= after.position;
    };
    auto sealed = std::ranges::partition_point(
        rows_.commits, [&](const Sealed& s) { return s.seal.last < after.position; });
    for (; sealed != rows_.commits.end(); ++sealed) {
        if (known(*sealed)) continue;
        const Position begins{sealed->is_flush() ? sealed->seal.last : sealed->seal.first};
        if (begins > to) break;
        copy_commit(*sealed, seen, to, out);
    }
    return out;
}

bool MemoryJournal::deliver(const Part& part, Sink& sink) {
    auto number = part.first_text;
    for (const auto& recorder : part.recorders)
        if (!sink.recorder(recorder)) return false;
    for (const auto& text : part.texts)
        if (!sink.text(TextId{number++}, text)) return false;
    const bool stored = sink.wants_stored();
    std::string bytes;
    for (const auto& event : part.events) {
        bytes.clear();
        if (stored) codec::encode(event.payload, bytes);
        if (stored && !sink.stored(codec::kind_of(event.payload), bytes)) return false;
        if (!sink.event(event)) return false;
    }
    if (!part.seal) return true;
    bytes.clear();
    if (stored) codec::encode(part.seal->measured, bytes);
    if (stored && !sink.stored_measured(bytes)) return false;
    return sink.seal(*part.seal);
}

Result<void> MemoryJournal::read(const Head& after, Position to, Sink& sink) {
    std::vector<Part> parts;
    {
        const std::lock_guard guard(rows_.mutex);
        FENCELINE_TRY(readable());
        parts = copy(after, to);
    }
    for (const Part& part : parts)
        if (!deliver(part, sink)) break;
    return {};
}

Result<Event> MemoryJournal::event(Position position) {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(readable());
    if (position.value < 1 || position > rows_.head().position)
        return fail(ErrorCode::not_found, "there is no position " + std::to_string(position.value));
    return rows_.events[static_cast<std::size_t>(position.value - 1)];
}

Result<Checkpoint> MemoryJournal::checkpoint(Position position) {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(readable());
    const auto beyond = rows_.checkpoints.upper_bound(position);
    if (beyond == rows_.checkpoints.begin())
        return fail(ErrorCode::not_found,
                    "no checkpoint at or before position " + std::to_string(position.value));
    return std::prev(beyond)->second;
}

Result<std::vector<Position>> MemoryJournal::checkpoints() {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(readable());
    std::vector<Position> out;
    out.reserve(rows_.checkpoints.size());
    for (const auto& [position, checkpoint] : rows_.checkpoints) out.push_back(position);
    return out;
}

Result<Position> MemoryJournal::first_at(Time at) {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(readable());
    const auto found = std::ranges::lower_bound(rows_.events, at, {}, &Event::at);
    return Position{found - rows_.events.begin() + 1};
}

// --- writing ------------------------------------------------------------------------------------

Result<void> MemoryJournal::lock(std::unique_lock<std::mutex>& guard) {
    if (rows_.writer == this)
        return fail(ErrorCode::invalid_request, "this journal is being written already");
    const auto limit = std::chrono::nanoseconds(lock_timeout_.ns);
    if (!rows_.unlocked.wait_for(guard, limit, [&] { return rows_.writer == nullptr; }))
        return fail(ErrorCode::busy, "the write lock was not to be had in time");
    rows_.writer = this;
    return {};
}

void MemoryJournal::unlock() {
    rows_.writer = nullptr;
    rows_.unlocked.notify_one();
}

Result<Head> MemoryJournal::begin_write() {
    std::unique_lock guard(rows_.mutex);
    FENCELINE_TRY(usable());
    if (const auto fault = rows_.begin_writes.next()) return injected(*fault);
    FENCELINE_TRY(lock(guard));
    return rows_.head();
}

Result<Head> MemoryJournal::append(const Commit& commit) {
    const std::lock_guard guard(rows_.mutex);
    FENCELINE_TRY(usable());
    if (rows_.writer != this)
        return fail(ErrorCode::invalid_request, "append comes after begin_write");
    unlock();  // under the mutex: nobody can come between
    FENCELINE_TRY(check_commit(rows_.head(), commit));
    FENCELINE_TRY(check_payloads(commit, rows_.head().texts));
    const auto fault = rows_.appends.next();
    if (!fault) return rows_.add(commit);
    if (fault->effect == Effect::unknown) {
        poisoned_ = true;
        if (fault->landed == Landed::yes) (void)rows_.add(commit);
    }
    return injected(fault->code, fault->effect);
}

void MemoryJournal::cancel_write() {
    const std::lock_guard guard(rows_.mutex);
    if (rows_.writer == this) unlock();
}

Result<void> MemoryJournal::save_checkpoint(const Checkpoint& checkpoint) {
    std::unique_lock guard(rows_.mutex);
    FENCELINE_TRY(usable());
    FENCELINE_TRY(lock(guard));
    unlock();
    if (const auto fault = rows_.checkpoint_saves.next()) return injected(*fault);
    const bool known =
        checkpoint.head == Head{} || std::ranges::any_of(rows_.commits, [&](const Sealed& sealed) {
            return sealed.head == checkpoint.head;
        });
    if (!known)
        return fail(ErrorCode::invalid_request, "a checkpoint belongs to a head of its journal");
    rows_.checkpoints.insert_or_assign(checkpoint.head.position, checkpoint);
    return {};
}

Result<SealStep> MemoryJournal::seal(const SealRequest&) {
    FENCELINE_TRY(usable());
    return SealStep{};
}

Result<void> MemoryJournal::maintain() {
    std::unique_lock guard(rows_.mutex);
    FENCELINE_TRY(usable());
    FENCELINE_TRY(lock(guard));
    unlock();
    return {};
}

std::unique_ptr<Journal> make_memory_journal(std::shared_ptr<MemoryStorage> storage,
                                             Duration lock_timeout) {
    return std::make_unique<MemoryJournal>(std::move(storage), lock_timeout);
}

}  // namespace fenceline
