// What stands beside the events of a range: the texts and recorders that they name, and flushes.

#include <string>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "events/utf8.hpp"
#include "journal/sqlite/reads.hpp"

namespace fenceline::sqlite {

namespace {

Error damaged(const char* what, std::int64_t number) {
    return {.code = ErrorCode::corrupt,
            .text = std::string(what) + " " + std::to_string(number) + " is missing or damaged",
            .hint = "run `fenceline verify` on a copy"};
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= limits::name_bytes && is_valid_utf8(text);
}

}  // namespace

// False: there are more texts than a slice takes.
Result<bool> Reads::fill_texts(Cursor& cursor, Slice& slice, Position last) {
    const Resetting reset(texts_);
    texts_.bind(1, cursor.texts);
    texts_.bind(2, Slice::most_texts + 1);
    for (;;) {
        auto more = texts_.step();
        if (!more) return tl::unexpected<Error>(std::move(more.error()));
        if (!*more) return true;
        const auto id = texts_.integer(0), commit = texts_.integer(1);
        const auto value = texts_.text(2);
        if (!id || !commit || !value || *id != cursor.texts || !is_name(*value))
            return tl::unexpected<Error>(damaged("text", cursor.texts));
        if (*commit > last.value) return true;
        if (std::ssize(slice.texts) == Slice::most_texts) return false;
        slice.texts.push_back({TextId{cursor.texts}, Position{*commit}, std::string(*value)});
        ++cursor.texts;
    }
}

// False: likewise.
Result<bool> Reads::fill_recorders(Cursor& cursor, Slice& slice, Position last) {
    const Resetting reset(recorders_);
    recorders_.bind(1, cursor.recorders);
    for (;;) {
        auto more = recorders_.step();
        if (!more) return tl::unexpected<Error>(std::move(more.error()));
        if (!*more) return true;
        const auto id = recorders_.integer(0), first = recorders_.integer(1);
        const auto instance = recorders_.text(2), run = recorders_.text(3);
        if (!id || !first || !instance || !run || *id != cursor.recorders + 1 ||
            !is_valid_utf8(*instance) || !is_valid_utf8(*run))
            return tl::unexpected<Error>(damaged("recorder", cursor.recorders + 1));
        if (*first > last.value) return true;
        if (std::ssize(slice.recorders) == Slice::most_recorders) return false;
        slice.recorders.push_back(
            {RecorderId{*id}, std::string(*instance), std::string(*run), Position{*first}});
        ++cursor.recorders;
    }
}

// False: likewise.
Result<bool> Reads::fill_flushes(Cursor& cursor, Slice& slice, Position last) {
    const Resetting reset(flushes_);
    flushes_.bind(1, cursor.flushes);
    flushes_.bind(2, Slice::most_flushes + 1);
    for (;;) {
        auto more = flushes_.step();
        if (!more) return tl::unexpected<Error>(std::move(more.error()));
        if (!*more) return true;
        const auto id = flushes_.integer(0), follows = flushes_.integer(1),
                   by = flushes_.integer(2);
        const auto measured = flushes_.blob(3);
        ChainHash chain{};
        if (!id || !follows || !by || !measured || *id != cursor.flushes + 1 ||
            !to_hash(flushes_.blob(4), chain))
            return tl::unexpected<Error>(damaged("flush", cursor.flushes + 1));
        if (*follows > last.value) return true;
        if (std::ssize(slice.flushes) == Slice::most_flushes) return false;
        auto decoded = codec::decode_measurements(*measured);
        if (!decoded) return tl::unexpected<Error>(damaged("flush", *id));
        slice.flushes.push_back({{.first = Position{*follows + 1},
                                  .last = Position{*follows},
                                  .recorder = RecorderId{*by},
                                  .chain = chain,
                                  .measured = std::move(*decoded)},
                                 std::string(*measured)});
        ++cursor.flushes;
    }
}

}  // namespace fenceline::sqlite
