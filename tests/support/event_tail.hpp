#pragma once

// Follows a journal as a stranger does: every event that came since the last look.
//
//   EventTail tail(shelf.open());
//   for (const Event& event : tail.more()) tail.texts().text(event.image);
//
// Threading: as a std::vector.

#include <memory>
#include <string>
#include <vector>

#include "events/text.hpp"
#include "journal/journal.hpp"

namespace fenceline::testing {

class EventTail : private Sink {
  public:
    explicit EventTail(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

    // From here on by another reader of the same journal; without one nothing is held open.
    void follow(std::unique_ptr<Reader> reader) { reader_ = std::move(reader); }
    [[nodiscard]] bool follows() const { return reader_ != nullptr; }

    // Empty with a problem set when the journal could not be read, or names texts wrongly.
    [[nodiscard]] std::vector<Event> more() {
        auto head = reader_->head();
        if (!head) return problem_ = head.error().text, std::vector<Event>{};
        events_.clear();
        if (auto read = reader_->read(seen_, head->position, *this); !read)
            problem_ = read.error().text;
        seen_ = *head;
        return std::move(events_);
    }
    [[nodiscard]] const Dictionary& texts() const { return texts_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    bool text(TextId id, std::string_view value) override {
        if (texts_.intern(value) != id) problem_ = "a text has another number than its place";
        return problem_.empty();
    }
    bool event(const Event& event) override {
        events_.push_back(event);
        return true;
    }

    std::unique_ptr<Reader> reader_;
    Head seen_;
    Dictionary texts_;
    std::vector<Event> events_;
    std::string problem_;
};

}  // namespace fenceline::testing
