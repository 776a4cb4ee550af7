// How SqliteJournal drops: fold the oldest segments in bounded steps, then put a base in the place
// of some of them in one transaction. And what keeps them: pins.

#include "events/limits.hpp"
#include "events/on_throw.hpp"
#include "events/utf8.hpp"
#include "journal/sqlite/base_row.hpp"
#include "journal/sqlite/sqlite_journal.hpp"

namespace fenceline::sqlite {

Result<RetainStep> SqliteJournal::retain(const RetainRequest& request) {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    auto& reads = *database_->reads;
    const OnThrow out_of_memory([&] { retaining_.reset(); });
    Result<void> done;
    if (retaining_ != nullptr) {
        done = retaining_->complete() ? drop(request.by) : fold_on();
        if (!done) retaining_.reset();
        // Dropped by another process meanwhile: looked at anew.
        if (!done && done.error().code != ErrorCode::not_found)
            return tl::unexpected<Error>(std::move(done.error()));
    }
    RetainStep step{.more = true};
    // Folded and dropped, or not begun yet: what is next?
    if (retaining_ == nullptr || retaining_->before == retaining_->folded().head) {
        // What is planned lies behind the beginning that it is folded from.
        auto steady = Steady::begin(database_->connection);
        if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
        auto head = reads.head();
        if (!head) return tl::unexpected<Error>(std::move(head.error()));
        auto plan = plan_drop(database_->connection, request, head->position);
        if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
        step.pinned = std::move(plan->pinned);
        step.more = plan->last.given();
        if (!step.more)
            retaining_.reset();
        else if (retaining_ == nullptr)
            FENCELINE_TRY(begin_retaining(plan->last));
        else
            retaining_->go_on(plan->last);
    }
    auto begun = reads.beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    step.beginning = begun->position;
    return step;
}

// From the journal's own beginning: no checkpoint is believed for what will be the truth.
Result<void> SqliteJournal::begin_retaining(Position last) {
    auto start = own_start(*this);
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    retaining_ = Retaining::from(std::move(*start), last);
    return {};
}

Result<void> SqliteJournal::fold_on() {
    auto& retaining = *retaining_;
    auto state = Transaction::begin(database_->connection, Transaction::Kind::read);
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    auto segment = database_->reads->segments()->holding(retaining.cursor.next);
    if (!segment) return tl::unexpected<Error>(std::move(segment.error()));
    const auto& folded = retaining.folded().head;
    // Each begins where the one before it ended, or one of them was put in another's place.
    if (*segment != nullptr && (*segment)->row.first == retaining.cursor.next &&
        (*segment)->row.before.chain != folded.chain)
        return tl::unexpected<Error>(
            corrupt_at(retaining.cursor.next, "its segment does not follow the one before"));
    FENCELINE_TRY(database_->reads->fill(retaining.cursor, slice_,
                                         {Reads::Keep::decoded, Reads::Chain::each}));
    (void)slice_.deliver(retaining);
    if (retaining.consistent() && (retaining.complete() || !retaining.cursor.done)) return {};
    return tl::unexpected<Error>(
        corrupt_at(folded.position, "the events after it and the dictionary do not fit together"));
}

// What was planned may have been pinned or dropped by somebody else since.
Result<void> SqliteJournal::check_kept() {
    auto begun = database_->reads->beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    auto pinned =
        pin_on(database_->connection, Position{begun->position.value + 1}, retaining_->last);
    if (!pinned) return tl::unexpected<Error>(std::move(pinned.error()));
    if (pinned->empty() && *begun == retaining_->before) return {};
    retaining_.reset();
    return {};
}

Result<void> SqliteJournal::drop(const std::string& by) {
    const Start& folded = retaining_->folded();
    auto packed = pack({folded.head, folded.fold.save()});
    if (!packed) return tl::unexpected<Error>(std::move(packed.error()));
    const Drop what{.first = Position{retaining_->before.position.value + 1},
                    .last = folded.head.position,
                    .at = clock_->now(),
                    .by = by,
                    .before = retaining_->before.chain,
                    .after = folded.head.chain};
    FENCELINE_TRY(begin());
    const OnThrow out_of_memory([&] { end(); });
    auto dropped = check_kept();
    if (dropped && retaining_ != nullptr) {
        dropped = drop_rows(*packed, what);
        if (dropped) dropped = commit();
        if (dropped) retaining_->before = retaining_->folded().head;
    }
    end();
    return dropped;
}

Result<void> SqliteJournal::drop_rows(const PackedCheckpoint& packed, const Drop& what) {
    auto& database = database_->connection;
    const Start& folded = retaining_->folded();
    FENCELINE_TRY(replace_base(database, {folded.head, folded.fold.save()}, packed,
                               folded.fold.world.texts, what));
    const std::pair<const char*, std::int64_t> gone[] = {
        {"DELETE FROM segment WHERE last <= ?1", what.last.value},
        {"DELETE FROM checkpoint WHERE position <= ?1", what.last.value},
        {"DELETE FROM flush WHERE id <= ?1", folded.head.flushes},
    };
    for (const auto& [sql, last] : gone) {
        auto statement = database.prepare(sql);
        if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
        statement->bind(1, last);
        FENCELINE_TRY(statement->run());
    }
    database_->reads->segments()->adopt(nullptr);
    return {};
}

// --- pins

Result<void> SqliteJournal::pin(const Pin& pin) {
    if (pin.name.empty() || pin.name.size() > limits::name_bytes || !is_valid_utf8(pin.name))
        return fail(ErrorCode::invalid_request,
                    "a pin has a name of 1 to " + std::to_string(limits::name_bytes) + " bytes");
    auto head = begin_write();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const OnThrow out_of_memory([&] { end(); });
    const auto insert = [&]() -> Result<void> {
        auto begun = database_->reads->beginning();
        if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
        if (pin.first > pin.last || pin.first <= begun->position || pin.last > head->position)
            return fail(ErrorCode::invalid_request,
                        "the journal has no #" + std::to_string(pin.first.value) + " to #" +
                            std::to_string(pin.last.value) + "; it holds #" +
                            std::to_string(begun->position.value + 1) + " to #" +
                            std::to_string(head->position.value));
        auto all = database_->reads->pins();
        if (!all) return tl::unexpected<Error>(std::move(all.error()));
        for (const Pin& other : *all)
            if (other.name == pin.name)
                return fail(ErrorCode::already_exists, "there is a pin " + pin.name + " already",
                            "choose another name, or unpin it");
        auto row = database_->connection.prepare("INSERT INTO pin VALUES (?1, ?2, ?3)");
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        row->bind_text(1, pin.name);
        row->bind(2, pin.first.value);
        row->bind(3, pin.last.value);
        return row->run();
    };
    auto pinned = insert();
    if (pinned) pinned = commit();
    end();
    return pinned;
}

Result<void> SqliteJournal::unpin(const std::string& name) {
    FENCELINE_TRY(begin());
    const OnThrow out_of_memory([&] { end(); });
    const auto remove = [&]() -> Result<void> {
        auto row = database_->connection.prepare("DELETE FROM pin WHERE name = ?1 RETURNING 1");
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        row->bind_text(1, name);
        auto found = row->step();
        if (!found) return tl::unexpected<Error>(std::move(found.error()));
        if (*found) return row->run();
        return fail(ErrorCode::not_found, "there is no pin of the name " + name);
    };
    auto removed = remove();
    if (removed) removed = commit();
    end();
    return removed;
}

// --- room

Result<void> SqliteJournal::compact() {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    auto& database = database_->connection;
    FENCELINE_TRY(lock_.acquire(options_.lock_timeout));
    const OnThrow out_of_memory([&] {
        lock_.release();
        poisoned_ = true;  // it may have been a sync that failed
    });
    auto compacted = open_files_.check();
    // Through a file: the copy that is made on the way is as large as the journal.
    if (compacted) {
        compacted = database.execute("PRAGMA temp_store = FILE; VACUUM");
        if (!compacted && database.sync_failed()) compacted.error().effect = Effect::unknown;
    }
    (void)database.execute("PRAGMA temp_store = MEMORY");
    if (compacted)
        if (auto moved = checkpoint_log(database, Checkpointing::truncate); !moved)
            compacted = tl::unexpected<Error>(std::move(moved.error()));
    if (compacted) {
        database_->frames.set(0);
        compacted = prepare_log();
    }
    if (!compacted) compacted = tl::unexpected<Error>(mend_after(std::move(compacted.error())));
    lock_.release();
    return compacted;
}

}  // namespace fenceline::sqlite
