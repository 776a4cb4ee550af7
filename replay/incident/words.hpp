#pragma once

// A sentence that knows which of its parts are positions, workers and names from outside, so that
// a page can make them links and nobody has to escape them twice.
//
//   Words words;
//   words.add("taken over by ").name(owner).add(" at ").position(Position{1200});
//   words.plain() == "taken over by cp-b at #1200";
//
// Plain data.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.hpp"

namespace fenceline::replay::incident {

struct Piece {
    enum class Kind : std::uint8_t { text, name, position, worker };
    Kind kind = Kind::text;
    std::string text;         // text, name
    std::int64_t number = 0;  // position, worker
    bool operator==(const Piece&) const = default;
};

class Words {
  public:
    Words& add(std::string_view text);
    Words& name(std::string_view text);  // an empty one is "nobody"
    Words& position(Position position);
    Words& worker(WorkerId worker);
    Words& number(std::int64_t number);
    Words& span(Duration span);
    // "1 worker", "2 workers"
    Words& count(std::int64_t count, std::string_view one, std::string_view many);

    [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
    [[nodiscard]] std::string plain() const;

  private:
    std::vector<Piece> pieces_;
};

// A span for people: "850 ms", "12 s", "3 min 20 s", "2 h 5 min".
[[nodiscard]] std::string spoken(Duration span);

// How often each of some things was counted; the most frequent first, equal ones in order.
template <typename Key>
class Census {
  public:
    void add(const Key& key, std::int64_t count = 1) { counts_[key] += count; }
    [[nodiscard]] std::size_t size() const { return counts_.size(); }
    [[nodiscard]] std::vector<std::pair<Key, std::int64_t>> ranked() const {
        std::vector<std::pair<Key, std::int64_t>> out(counts_.begin(), counts_.end());
        std::stable_sort(out.begin(), out.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
        return out;
    }

  private:
    std::map<Key, std::int64_t> counts_;
};

}  // namespace fenceline::replay::incident
