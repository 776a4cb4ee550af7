#include "journal/sqlite/recent_commits.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "journal/commit_check.hpp"

namespace fenceline::sqlite {

namespace {

constexpr std::size_t commits_most = 64;  // to walk back

// Takes bytes out of memory that others may be writing: they are read once, and looked at then.
void take_out(void* into, const std::byte* from, std::size_t bytes) {
    std::memcpy(into, from, bytes);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

struct RecentCommits::Start {
    std::atomic<std::uint64_t> used;  // bytes behind this
    ChainHash last;                   // of the last of them
};

RecentCommits::Start* RecentCommits::start() const {
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
    return memory_.size() > sizeof(Start) ? reinterpret_cast<Start*>(memory_.data()) : nullptr;
}

std::span<std::byte> RecentCommits::room() const {
    return memory_.subspan(sizeof(Start));
}

// Who dies in the middle leaves it as it was, or empty, or with a commit that leads nowhere.
void RecentCommits::note(const ChainHash& before, std::string_view bytes, const ChainHash& after) {
    Start* const start = this->start();
    if (start == nullptr) return;
    const auto room = this->room();
    const auto length = static_cast<Length>(bytes.size());
    const auto more = bytes.size() + sizeof length;
    auto used = start->used.load();
    if (used > room.size() || start->last != before || room.size() - used < more)
        start->used = used = 0;
    if (room.size() < more) return;
    std::memcpy(room.data() + used, bytes.data(), bytes.size());
    std::memcpy(room.data() + used + bytes.size(), &length, sizeof length);
    start->last = after;
    start->used = used + more;
}

void RecentCommits::begin_at(const Head& mine) {
    from_ = at_ = mine;
    seals_.clear();
    looked_at_ = 0;
}

// From the end back to the commit that follows what is taken over.
bool RecentCommits::copy_new() {
    const Start* const start = this->start();
    if (start == nullptr || start->last == at_.chain) return false;
    const auto room = this->room();
    const auto used = start->used.load();
    if (used > room.size() || used == looked_at_) return false;
    looked_at_ = used;
    auto from = used;
    for (std::size_t walked = 0;; ++walked) {
        Length length = 0;
        if (walked == commits_most || from < sizeof length) return false;
        take_out(&length, room.data() + from - sizeof length, sizeof length);
        if (length > from - sizeof length || length < HashedCommit::opening_bytes) return false;
        from -= sizeof length + length;
        char opening[HashedCommit::opening_bytes];
        take_out(opening, room.data() + from, sizeof opening);
        if (HashedCommit::previous_of({opening, sizeof opening}) == at_.chain) break;
    }
    copy_.resize(used - from);
    take_out(copy_.data(), room.data() + from, copy_.size());
    commits_.clear();
    for (std::string_view rest = copy_; !rest.empty();) {
        Length length = 0;
        if (rest.size() < sizeof length) return false;
        std::memcpy(&length, rest.data() + rest.size() - sizeof length, sizeof length);
        rest.remove_suffix(sizeof length);
        if (length > rest.size()) return false;
        commits_.push_back(rest.substr(rest.size() - length));
        rest.remove_suffix(length);
    }
    std::ranges::reverse(commits_);
    return true;
}

// Each names the hash before it: the last one's proves them all.
bool RecentCommits::take_over(std::string_view bytes) {
    if (HashedCommit::previous_of(bytes) != at_.chain) return false;
    if (taken_.size() == seals_.size()) taken_.emplace_back();
    HashedCommit& taken = taken_[seals_.size()];
    if (!taken.take_apart(bytes, at_.texts)) return false;
    const Commit commit = taken.commit();
    if (!commit.texts.empty() && taken.first_text().value != at_.texts) return false;
    if (!check_commit(at_, commit)) return false;
    const Head next = head_after(at_, commit, hash_of(bytes));
    seals_.push_back({.first = Position{at_.position.value + 1},
                      .last = next.position,
                      .recorder = commit.by,
                      .chain = next.chain,
                      .measured = commit.measured});
    at_ = next;  // both or none, also where memory runs out
    return true;
}

void RecentCommits::look(const Head& mine) {
    proved_ = false;
    if (from_ != mine) begin_at(mine);
    if (!copy_new()) return;
    for (const auto bytes : commits_)
        if (!take_over(bytes)) return;
}

bool RecentCommits::prove(const Head& mine, const JournalEnd& end) {
    const auto leads_there = [&] {
        look(mine);
        return end == JournalEnd{at_.position, at_.chain};
    };
    proved_ = leads_there();
    if (proved_ || seals_.empty()) return proved_;
    begin_at(mine);
    proved_ = leads_there();
    return proved_;
}

void RecentCommits::deliver(Sink& sink) const {
    for (std::size_t i = 0; i < seals_.size(); ++i) {
        const Commit commit = taken_[i].commit();
        if (commit.recorder != nullptr && !sink.recorder(*commit.recorder)) return;
        auto number = taken_[i].first_text();
        for (const std::string& text : commit.texts)
            if (!sink.text(TextId{number.value++}, text)) return;
        for (const Event& event : commit.events)
            if (!sink.event(event)) return;
        if (!sink.seal(seals_[i])) return;
    }
}

}  // namespace fenceline::sqlite
