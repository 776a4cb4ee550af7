#pragma once

// The dictionary: each text from outside (owner, org, image, reason) is kept once and named by a
// small number from then on. Numbers are given in the order of first use, so that every fold of a
// journal gives the same ones.
//
//   Dictionary texts;
//   TextId acme = texts.intern("acme");
//   texts.text(acme) == "acme";
//
// Threading: as a std::vector; the owner guards it. Views stay valid until truncate() drops them.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "events/ids.hpp"

namespace fenceline {

class Dictionary {
  public:
    Dictionary() { texts_->emplace_back(); }
    Dictionary(const Dictionary& other) { *this = other; }
    Dictionary& operator=(const Dictionary& other);
    // The other may only be assigned to afterwards.
    Dictionary(Dictionary&&) = default;
    Dictionary& operator=(Dictionary&&) = default;

    // The number of this text, given now if it is new. The empty text is 0.
    TextId intern(std::string_view text);
    // The number of this text if it has one; an unknown text gives no number.
    [[nodiscard]] bool find(std::string_view text, TextId& id) const;
    // The text of a number. A number never given is a broken invariant.
    [[nodiscard]] std::string_view text(TextId id) const;

    // How many numbers are given, the empty text included: the next one will be this.
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(texts_->size()); }
    // Takes back every number from `size` on: a batch that did not become durable.
    void truncate(std::uint32_t size);
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    // Stable addresses: ids_ holds views into it. Behind a pointer, as a deque takes memory to be
    // moved, and what is folded must not.
    std::unique_ptr<std::deque<std::string>> texts_ = std::make_unique<std::deque<std::string>>();
    std::unordered_map<std::string_view, TextId> ids_;
};

}  // namespace fenceline
