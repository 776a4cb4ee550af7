// The anchor of SqliteJournal: a head beside the journal, written now and then, held against the
// journal when it is opened.

#include "journal/anchor_file.hpp"
#include "journal/sqlite/sqlite_journal.hpp"

namespace fenceline::sqlite {

namespace {

std::string path_of(const JournalOptions& options, const JournalFiles& files) {
    return options.anchor_path.empty() ? files.anchor() : options.anchor_path;
}

}  // namespace

Result<void> SqliteJournal::check_anchor() {
    const auto path = path_of(options_, files_);
    const auto anchor = read_anchor(path);
    // A damaged one proves nothing against the journal; `verify` tells of it, the next one mends
    // it.
    if (!anchor || !*anchor) return {};
    const auto& kept = **anchor;
    const std::string hint =
        "look with `fenceline verify`; where this was meant, move away " + path;
    if (kept.journal != anchored_name(id_))
        return fail(
            ErrorCode::corrupt,
            "the anchor beside it is of another journal: " + files_.database + " was replaced",
            hint);
    // What lies before a base cannot be held against anything any more.
    const auto begun = database_->reads->beginning();
    if (!begun) return tl::unexpected<Error>(begun.error());
    if (kept.position < begun->position) return {};
    const auto known = database_->reads->was_head(
        {.position = kept.position, .chain = kept.chain, .flushes = kept.flushes});
    if (!known) return tl::unexpected<Error>(known.error());
    const bool at_birth = kept.position == Position{} && kept.flushes == 0;
    if (*known || at_birth) return {};
    return fail(ErrorCode::corrupt,
                files_.database + " does not contain #" + std::to_string(kept.position.value) +
                    " as its anchor has it: its tail was cut, or another copy was put in its place",
                hint);
}

// Over what an earlier journal of that name left. One that cannot be written is no reason not to
// begin: the next commit tries again, and `verify` says what it was held against.
Result<void> SqliteJournal::anchor_new_journal() {
    const auto head = database_->reads->head();
    if (!head) return tl::unexpected<Error>(head.error());
    anchor_now(*head);
    return {};
}

// By the wall clock: one that was set only makes this anchor early or late, and a simulation's
// course does not depend on where its journal is kept.
bool SqliteJournal::anchor_due() const {
    const auto waited = clock_->now() - anchored_at_;
    return !anchored_ || waited < Duration{} || waited >= options_.anchor_every;
}

void SqliteJournal::anchor_if_due(const Head& head) {
    if (!anchor_due()) return;
    anchored_at_ = clock_->now();
    anchor_now(head);
}

void SqliteJournal::anchor_now(const Head& head) {
    if (anchored_ == head) return;
    const auto journal = state_of(files_.database);
    const unsigned mode = journal.exists ? journal.mode & 0666 : 0600;
    const auto written = write_anchor(path_of(options_, files_),
                                      {.journal = anchored_name(id_),
                                       .position = head.position,
                                       .flushes = head.flushes,
                                       .chain = head.chain},
                                      mode);
    if (written) anchored_ = head;
}

}  // namespace fenceline::sqlite
