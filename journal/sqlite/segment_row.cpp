#include "journal/sqlite/segment_row.hpp"

#include <limits>

#include <sodium.h>

#include "events/limits.hpp"
#include "events/state_bytes.hpp"
#include "journal/segment.hpp"
#include "journal/sqlite/event_row.hpp"

namespace fenceline::sqlite {

namespace {

void put_head(StateWriter& out, const Head& head) {
    out.i64(head.position.value);
    out.u32(head.texts);
    out.i64(head.recorders);
    out.i64(head.flushes);
    out.text(bytes_of(head.chain));
}

void bind_head(Statement& insert, int parameter, const Head& head) {
    insert.bind(parameter, head.texts);
    insert.bind(parameter + 1, head.recorders);
    insert.bind(parameter + 2, head.flushes);
    insert.bind_blob(parameter + 3, bytes_of(head.chain));
}

bool read_head(const Statement& row, int column, Head& head) {
    const auto texts = row.integer(column).value_or(0);
    head.texts = static_cast<std::uint32_t>(texts);
    head.recorders = row.integer(column + 1).value_or(-1);
    head.flushes = row.integer(column + 2).value_or(-1);
    return texts >= 1 && texts <= std::numeric_limits<std::uint32_t>::max() &&
           head.recorders >= 0 && head.flushes >= 0 && to_hash(row.blob(column + 3), head.chain);
}

tl::unexpected<Error> damaged(Position first, const char* why) {
    return tl::unexpected<Error>(
        Error{.code = ErrorCode::corrupt,
              .text = "the segment from event " + std::to_string(first.value) + " on: " + why,
              .hint = "run `fenceline verify` on a copy, restore a backup"});
}

}  // namespace

ChainHash digest_of(const SegmentRow& row) {
    StateWriter out;
    out.i64(segment::layout);
    out.i64(row.first.value);
    out.i64(row.commits);
    out.i64(row.after.at.ns);
    put_head(out, row.before);
    put_head(out, row.after);
    out.text(bytes_of(row.last_chain));
    const auto& fields = out.bytes();
    ChainHash digest{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, digest.size());
    for (const std::string_view part : {std::string_view(fields), std::string_view(row.columns)})
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                  part.size());
    crypto_generichash_final(&state, digest.data(), digest.size());
    return digest;
}

void bind_segment(Statement& insert, const SegmentRow& row, const ChainHash& digest) {
    insert.bind(1, row.first.value);
    insert.bind(2, row.last().value);
    insert.bind(3, segment::layout);
    insert.bind(4, row.commits);
    insert.bind(5, row.after.at.ns);
    bind_head(insert, 6, row.before);
    bind_head(insert, 10, row.after);
    insert.bind_blob(14, bytes_of(row.last_chain));
    insert.bind_blob(15, bytes_of(digest));
    insert.bind_blob(16, row.columns);
}

Result<SegmentRow> read_segment(const Statement& row) {
    SegmentRow out;
    out.first = Position{row.integer(0).value_or(0)};
    out.after.position = Position{row.integer(1).value_or(0)};
    out.before.position = Position{out.first.value - 1};
    if (row.integer(2) != segment::layout) return damaged(out.first, "packed by a newer program");
    out.commits = row.integer(3).value_or(0);
    out.after.at = Time{row.integer(4).value_or(0)};
    const auto columns = row.blob(15);
    ChainHash digest{};
    if (out.first.value < 1 || out.last() < out.first || !read_head(row, 5, out.before) ||
        !read_head(row, 9, out.after) || !to_hash(row.blob(13), out.last_chain) ||
        !to_hash(row.blob(14), digest) || !columns)
        return damaged(out.first, "its row is out of range");
    out.columns = *columns;
    if (digest_of(out) != digest) return damaged(out.first, "its digest does not fit");
    return out;
}

}  // namespace fenceline::sqlite
