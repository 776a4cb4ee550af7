#include "events/text.hpp"

#include <utility>

#include "events/invariant.hpp"
#include "events/on_throw.hpp"

namespace fenceline {

Dictionary& Dictionary::operator=(const Dictionary& other) {
    if (this == &other) return *this;
    Dictionary made;
    for (std::uint32_t i = 1; i < other.size(); ++i) made.intern((*other.texts_)[i]);
    return *this = std::move(made);
}

TextId Dictionary::intern(std::string_view text) {
    TextId id;
    if (find(text, id)) return id;
    id = TextId{size()};
    texts_->emplace_back(text);
    const OnThrow as_before([&] { texts_->pop_back(); });
    ids_.emplace(texts_->back(), id);
    return id;
}

bool Dictionary::find(std::string_view text, TextId& id) const {
    if (text.empty()) {
        id = TextId{};
        return true;
    }
    const auto it = ids_.find(text);
    if (it == ids_.end()) return false;
    id = it->second;
    return true;
}

std::string_view Dictionary::text(TextId id) const {
    FENCELINE_INVARIANT(id.value < texts_->size(), "a text id comes from this dictionary");
    return (*texts_)[id.value];
}

void Dictionary::truncate(std::uint32_t size) {
    while (texts_->size() > size && texts_->size() > 1) {
        ids_.erase(texts_->back());
        texts_->pop_back();
    }
}

std::size_t Dictionary::memory_bytes() const {
    std::size_t bytes = texts_->size() * sizeof(std::string) +
                        ids_.size() * (sizeof(std::string_view) + sizeof(TextId) + 24) +
                        ids_.bucket_count() * sizeof(void*);
    for (const auto& text : *texts_)
        if (text.capacity() > 15) bytes += text.capacity() + 1;
    return bytes;
}

}  // namespace fenceline
