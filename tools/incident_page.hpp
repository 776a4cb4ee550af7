#pragma once

// The incident page of a journal that others write, as `serve` shows it.
//
// What a request may cost is bounded: one page is made at a time, at most `most_events` events in
// it, and the last page is given again while the journal has not grown.
//
// Threading: any; a request that comes while a page is being made is told to come again.

#include <memory>
#include <mutex>
#include <string>

#include "journal/journal.hpp"

namespace fenceline::tools {

class IncidentPage {
  public:
    IncidentPage(std::unique_ptr<Reader> reader, std::string journal)
        : reader_(std::move(reader)), journal_(std::move(journal)) {}

    struct Reply {
        int status = 200;
        std::string html;  // a whole page, or one that says what is wrong
    };
    // `from` and `to` as --from and --to have them; both empty: the last quarter of an hour.
    [[nodiscard]] Reply show(const std::string& from, const std::string& to);

    static constexpr std::int64_t most_events = 100'000;

  private:
    [[nodiscard]] Result<std::string> make(const std::string& from, const std::string& to);

    std::mutex mutex_;
    std::unique_ptr<Reader> reader_;
    std::string journal_;
    // The last page, and what it was made of.
    std::string from_, to_, html_;
    Position head_;
};

}  // namespace fenceline::tools
