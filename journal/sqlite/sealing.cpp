#include "journal/sqlite/sealing.hpp"

#include "events/limits.hpp"

namespace fenceline::sqlite {

Sealing::Sealing(const Head& before, Position last)
    : cursor{.next = Position{before.position.value + 1},
             .to = last,
             .commit_first = Position{before.position.value + 1},
             .texts = before.texts,
             .recorders = before.recorders,
             .flushes = before.flushes},
      before_(before),
      heard_(before),
      after_(before),
      packer_(cursor.next) {}

bool Sealing::full() const {
    return events() >= limits::segment_events || packer_.size() >= limits::segment_target_bytes;
}

// Flushes that follow the last event still belong to a full segment; whatever else comes does not.
bool Sealing::text(TextId, std::string_view) {
    ended_ = ended_ || full();
    ++heard_.texts;
    return !ended_;
}

bool Sealing::recorder(const Recorder&) {
    ended_ = ended_ || full();
    ++heard_.recorders;
    return !ended_;
}

bool Sealing::stored(std::uint8_t, std::string_view payload) {
    payload_ = payload;
    return true;
}

bool Sealing::event(const Event& event) {
    ended_ = ended_ || full();
    if (ended_) return false;
    if (commit_used_ == commit_.size()) commit_.emplace_back();
    auto& [kept, payload] = commit_[commit_used_++];
    kept = event;
    payload = payload_;
    return true;
}

bool Sealing::stored_measured(std::string_view bytes) {
    measured_ = bytes;
    return true;
}

bool Sealing::seal(const Seal& seal) {
    if (seal.first > seal.last) {
        ++heard_.flushes;
    } else {
        for (std::size_t i = 0; i < commit_used_; ++i)
            packer_.event(commit_[i].first, commit_[i].second);
        packer_.seal(seal.recorder, measured_);
        heard_.position = seal.last;
        heard_.at = commit_[commit_used_ - 1].first.at;
        commit_used_ = 0;
        last_chain_ = seal.chain;
    }
    heard_.chain = seal.chain;
    after_ = heard_;
    return true;
}

Result<SegmentRow> Sealing::row() const {
    auto columns = packer_.pack();
    if (!columns) return tl::unexpected<Error>(std::move(columns.error()));
    return SegmentRow{.first = first(),
                      .commits = packer_.commits(),
                      .before = before_,
                      .after = after_,
                      .last_chain = last_chain_,
                      .columns = std::move(*columns)};
}

}  // namespace fenceline::sqlite
