#pragma once

// Names made unreadable and kept apart: the same name gets the same pseudonym, within one file.
//
//   auto redactor = Redactor::make({.org = true}, roles, texts, recorders);
//   redactor->text(id);                 // "org-3f9a2c51d07b", or the text as it was
//   redactor->request_id("retry-7");    // always a pseudonym
//
// Pseudonyms are keyed hashes. The key is drawn for this redactor and is gone with it, so that
// nobody can try names against them, and another file has others for the same names.
//
// What stays (images, reasons) is searched for the names: each occurrence is replaced too. A name
// of one or two bytes is replaced where it stands alone; within a longer word it says nothing.
//
// Threading: one thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/text.hpp"
#include "journal/journal.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

// What is made unreadable. Owners are control planes: owners, callers, recorders and their runs.
struct Redact {
    bool org = false, pod = false, owner = false;
    [[nodiscard]] bool any() const { return org || pod || owner; }
};

// "org,pod"; empty for none.
[[nodiscard]] std::string to_text(const Redact& redact);
// The way back: names with commas between, in any order. `invalid_request` for anything else.
[[nodiscard]] Result<Redact> parse_redact(std::string_view text);

// As what each text of a dictionary was used.
class TextRoles {
  public:
    enum Role : std::uint8_t { org = 1, pod = 2, owner = 4, image = 8, reason = 16 };

    void note(const Event& event);
    void note(const World& world);
    void note(TextId id, Role role);
    [[nodiscard]] std::uint8_t of(TextId id) const;

  private:
    std::vector<std::uint8_t> roles_;
};

class Redactor {
  public:
    // `io` when no key can be found that keeps all names apart.
    [[nodiscard]] static Result<Redactor> make(const Redact& redact, const TextRoles& roles,
                                               const Dictionary& texts,
                                               std::span<const Recorder> recorders);
    ~Redactor();
    Redactor(Redactor&&) = default;
    Redactor& operator=(Redactor&&) = default;

    [[nodiscard]] const std::string& text(TextId id) const { return texts_.at(id.value); }
    [[nodiscard]] std::string request_id(std::string_view id) const;
    [[nodiscard]] Recorder recorder(const Recorder& recorder) const;

  private:
    explicit Redactor(const Redact& redact) : redact_(redact) {}
    void draw_key();
    // False: two texts came out the same.
    [[nodiscard]] bool fill(const TextRoles& roles, const Dictionary& texts,
                            std::span<const Recorder> recorders);
    [[nodiscard]] std::string pseudonym(std::string_view kind, std::string_view name) const;
    [[nodiscard]] std::string without_names(std::string_view text) const;
    [[nodiscard]] const std::string* name_at(std::string_view text, std::size_t at,
                                             std::size_t& length) const;
    void hide(std::string_view name, std::string_view shown);

    Redact redact_;
    std::array<unsigned char, 32> key_{};
    std::vector<std::string> texts_;                      // by number
    std::unordered_map<std::string, std::string> names_;  // what is hidden, and what is shown
    std::set<std::size_t, std::greater<>> lengths_;       // of the names
};

}  // namespace fenceline
