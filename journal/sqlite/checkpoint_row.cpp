#include "journal/sqlite/checkpoint_row.hpp"

#include <limits>

#include <sodium.h>
#include <sqlite3.h>
#include <zstd.h>

#include "events/limits.hpp"
#include "events/state_bytes.hpp"
#include "journal/sqlite/event_row.hpp"

namespace fenceline::sqlite {

namespace {

// How the row is packed; the state's own bytes carry the version of their layout.
constexpr std::int64_t packed_format = 1;
constexpr int zstd_level = 3;

// Over the head and the packed bytes: a state that belongs to another place is no good either.
ChainHash digest_of(const Head& head, std::size_t size, std::string_view packed) {
    StateWriter out;
    out.i64(packed_format);
    out.i64(head.position.value);
    out.text(bytes_of(head.chain));
    out.u32(head.texts);
    out.i64(head.recorders);
    out.i64(head.flushes);
    out.i64(head.at.ns);
    out.i64(static_cast<std::int64_t>(size));
    const auto& fields = out.bytes();
    ChainHash digest{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, digest.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(fields.data()),
                              fields.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(packed.data()),
                              packed.size());
    crypto_generichash_final(&state, digest.data(), digest.size());
    return digest;
}

Error damaged(Position position, const std::string& why) {
    return {.code = ErrorCode::corrupt,
            .text = "the checkpoint at " + std::to_string(position.value) + ": " + why};
}

}  // namespace

Result<PackedCheckpoint> pack(const Checkpoint& checkpoint) {
    const auto& state = checkpoint.state;
    if (state.size() > limits::checkpoint_bytes)
        return fail(ErrorCode::invalid_request, "the checkpoint is larger than its limit");
    PackedCheckpoint packed;
    packed.state.resize(ZSTD_compressBound(state.size()));
    const auto size = ZSTD_compress(packed.state.data(), packed.state.size(), state.data(),
                                    state.size(), zstd_level);
    if (ZSTD_isError(size) != 0)
        return fail(ErrorCode::io, std::string("packing a checkpoint: ") + ZSTD_getErrorName(size));
    packed.state.resize(size);
    packed.digest = digest_of(checkpoint.head, state.size(), packed.state);
    return packed;
}

void bind_checkpoint(Statement& insert, const Checkpoint& checkpoint,
                     const PackedCheckpoint& packed) {
    const Head& head = checkpoint.head;
    insert.bind(1, head.position.value);
    insert.bind(2, packed_format);
    insert.bind_blob(3, bytes_of(head.chain));
    insert.bind(4, head.texts);
    insert.bind(5, head.recorders);
    insert.bind(6, head.flushes);
    insert.bind(7, head.at.ns);
    insert.bind(8, static_cast<std::int64_t>(checkpoint.state.size()));
    insert.bind_blob(9, packed.state);
    insert.bind_blob(10, bytes_of(packed.digest));
}

Result<Checkpoint> read_checkpoint(const Statement& row) {
    Checkpoint out;
    Head& head = out.head;
    head.position = Position{row.integer(0).value_or(-1)};
    if (row.integer(1) != packed_format)
        return tl::unexpected<Error>(damaged(head.position, "packed by a newer program"));
    const auto texts = row.integer(3).value_or(-1);
    const auto size = row.integer(7).value_or(-1);
    const auto state = row.blob(8);
    ChainHash digest{};
    if (!to_hash(row.blob(2), head.chain) || texts < 1 ||
        texts > std::numeric_limits<std::uint32_t>::max() || size < 0 ||
        size > static_cast<std::int64_t>(limits::checkpoint_bytes) || !state ||
        !to_hash(row.blob(9), digest))
        return tl::unexpected<Error>(damaged(head.position, "its row is out of range"));
    head.texts = static_cast<std::uint32_t>(texts);
    head.recorders = row.integer(4).value_or(-1);
    head.flushes = row.integer(5).value_or(-1);
    head.at = Time{row.integer(6).value_or(0)};
    const auto bytes = static_cast<std::size_t>(size);
    if (digest_of(head, bytes, *state) != digest)
        return tl::unexpected<Error>(damaged(head.position, "its digest does not fit"));
    out.state.resize(bytes);
    const auto unpacked = ZSTD_decompress(out.state.data(), bytes, state->data(), state->size());
    if (ZSTD_isError(unpacked) != 0 || unpacked != bytes)
        return tl::unexpected<Error>(damaged(head.position, "it cannot be unpacked"));
    return out;
}

RaisedLimit::RaisedLimit(Connection& database, std::size_t bytes)
    : database_(database),
      before_(sqlite3_limit(database.raw(), SQLITE_LIMIT_LENGTH, static_cast<int>(bytes))) {}

RaisedLimit::~RaisedLimit() {
    sqlite3_limit(database_.raw(), SQLITE_LIMIT_LENGTH, before_);
}

}  // namespace fenceline::sqlite
