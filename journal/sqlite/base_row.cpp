#include "journal/sqlite/base_row.hpp"

#include <limits>

#include <sodium.h>

#include "events/limits.hpp"
#include "events/state_bytes.hpp"
#include "events/utf8.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/event_row.hpp"
#include "projections/fold.hpp"

namespace fenceline::sqlite {

namespace {

constexpr std::string_view insert_base_sql =
    "INSERT INTO base VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

Error damaged(Position position, const std::string& why) {
    return {.code = ErrorCode::corrupt,
            .text = "the base at #" + std::to_string(position.value) + ": " + why,
            .hint = "take the file again from where it came"};
}

// What a checkpoint's digest does not say already. FROZEN, in FORMAT.md.
class BaseSeal {
  public:
    explicit BaseSeal(const ChainHash& digest) {
        crypto_generichash_init(&state_, nullptr, 0, sizeof(ChainHash));
        put(bytes_of(digest));
    }
    void number(std::int64_t value) {
        StateWriter out;
        out.i64(value);
        put(out.bytes());
    }
    void text(std::string_view value) {
        StateWriter out;
        out.text(value);
        put(out.bytes());
    }
    void recorder(const Recorder& recorder) {
        number(recorder.first.value);
        text(recorder.instance);
        text(recorder.run);
    }
    void drop(const Drop& drop) {
        number(drop.first.value);
        number(drop.last.value);
        number(drop.at.ns);
        text(drop.by);
        text(bytes_of(drop.before));
        text(bytes_of(drop.after));
    }
    [[nodiscard]] ChainHash finish(const Base& base) {
        text(base.source);
        text(base.redacted);
        for (const Drop& each : base.drops) drop(each);
        ChainHash seal{};
        crypto_generichash_final(&state_, seal.data(), seal.size());
        return seal;
    }

  private:
    void put(std::string_view bytes) {
        crypto_generichash_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }
    crypto_generichash_state state_;
};

ChainHash seal_of(const Base& base, const Dictionary& texts, const ChainHash& digest) {
    BaseSeal seal(digest);
    for (std::uint32_t id = 1; id < texts.size(); ++id) seal.text(texts.text(TextId{id}));
    for (const Recorder& recorder : base.recorders) seal.recorder(recorder);
    return seal.finish(base);
}

// The dictionary of the fold: it is part of its bytes.
Result<Dictionary> texts_of(const Base& base) {
    Fold fold;
    const Head& head = base.saved.head;
    if (!fold.load(base.saved.state))
        return tl::unexpected<Error>(damaged(head.position, "another program wrote its fold"));
    if (fold.world.texts.size() != head.texts || fold.world.position != head.position)
        return tl::unexpected<Error>(damaged(head.position, "its fold is of another place"));
    return std::move(fold.world.texts);
}

Result<void> check_text_rows(Connection& database, const Head& head, const Dictionary& texts) {
    auto rows = database.prepare("SELECT id, value FROM text WHERE id < ?1 ORDER BY id");
    if (!rows) return tl::unexpected<Error>(std::move(rows.error()));
    rows->bind(1, head.texts);
    for (std::uint32_t id = 1; id < head.texts; ++id) {
        auto row = rows->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row || rows->integer(0) != id || rows->text(1) != texts.text(TextId{id}))
            return tl::unexpected<Error>(
                damaged(head.position,
                        "text " + std::to_string(id) + " beside it is another than its own"));
    }
    return {};
}

Result<std::vector<Recorder>> recorder_rows(Connection& database, const Head& head) {
    auto rows = database.prepare(
        "SELECT id, position, instance, run FROM recorder WHERE id <= ?1 ORDER BY id");
    if (!rows) return tl::unexpected<Error>(std::move(rows.error()));
    rows->bind(1, head.recorders);
    std::vector<Recorder> out;
    for (std::int64_t id = 1; id <= head.recorders; ++id) {
        auto row = rows->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        const auto instance = *row ? rows->text(2) : std::nullopt;
        const auto run = *row ? rows->text(3) : std::nullopt;
        if (!instance || !run || rows->integer(0) != id || !is_valid_utf8(*instance) ||
            !is_valid_utf8(*run))
            return tl::unexpected<Error>(
                damaged(head.position, "recorder " + std::to_string(id) + " is missing"));
        out.push_back({RecorderId{id}, std::string(*instance), std::string(*run),
                       Position{rows->integer(1).value_or(0)}});
    }
    return out;
}

Result<std::vector<Drop>> drop_rows(Connection& database, Position position) {
    auto rows = database.prepare(
        "SELECT first, last, at, by, chain_before, chain_after FROM dropped ORDER BY id");
    if (!rows) return tl::unexpected<Error>(std::move(rows.error()));
    std::vector<Drop> out;
    for (;;) {
        auto row = rows->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return out;
        Drop drop{.first = Position{rows->integer(0).value_or(0)},
                  .last = Position{rows->integer(1).value_or(0)},
                  .at = Time{rows->integer(2).value_or(0)},
                  .by = std::string(rows->text(3).value_or(""))};
        if (!to_hash(rows->blob(4), drop.before) || !to_hash(rows->blob(5), drop.after) ||
            !is_valid_utf8(drop.by))
            return tl::unexpected<Error>(damaged(position, "what it says was dropped is damaged"));
        out.push_back(std::move(drop));
    }
}

Result<void> insert_drop(Connection& database, const Drop& drop) {
    auto insert = database.prepare(
        "INSERT INTO dropped (first, last, at, by, chain_before, chain_after) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    if (!insert) return tl::unexpected<Error>(std::move(insert.error()));
    insert->bind(1, drop.first.value);
    insert->bind(2, drop.last.value);
    insert->bind(3, drop.at.ns);
    insert->bind_text(4, drop.by);
    insert->bind_blob(5, bytes_of(drop.before));
    insert->bind_blob(6, bytes_of(drop.after));
    return insert->run();
}

// What the base before it said of where the journal came from.
Result<void> take_origin(Connection& database, Base& base) {
    const RaisedLimit limit(database, limits::checkpoint_bytes);
    auto row = database.prepare("SELECT source, redacted FROM base");
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    auto found = row->step();
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (*found) {
        base.source = std::string(row->text(0).value_or(""));
        base.redacted = std::string(row->text(1).value_or(""));
    }
    auto drops = drop_rows(database, base.saved.head.position);
    if (!drops) return tl::unexpected<Error>(std::move(drops.error()));
    base.drops = std::move(*drops);
    return {};
}

Result<void> insert_base(Connection& database, const Base& base, const Dictionary& texts,
                         const PackedCheckpoint& packed) {
    auto insert = database.prepare(insert_base_sql);
    if (!insert) return tl::unexpected<Error>(std::move(insert.error()));
    bind_checkpoint(*insert, base.saved, packed);
    insert->bind_text(11, base.source);
    insert->bind_text(12, base.redacted);
    const auto seal = seal_of(base, texts, packed.digest);
    insert->bind_blob(13, bytes_of(seal));
    return insert->run();
}

Result<void> write_names(Connection& database, const Base& base, const Dictionary& texts) {
    auto text = database.prepare("INSERT INTO text VALUES (?1, ?2, ?3)");
    if (!text) return tl::unexpected<Error>(std::move(text.error()));
    for (std::uint32_t id = 1; id < texts.size(); ++id) {
        text->bind(1, id);
        text->bind(2, base.saved.head.position.value);
        text->bind_text(3, texts.text(TextId{id}));
        FENCELINE_TRY(text->run());
    }
    auto recorder = database.prepare("INSERT INTO recorder VALUES (?1, ?2, ?3, ?4)");
    if (!recorder) return tl::unexpected<Error>(std::move(recorder.error()));
    for (const Recorder& each : base.recorders) {
        recorder->bind(1, each.id.value);
        recorder->bind(2, each.first.value);
        recorder->bind_text(3, each.instance);
        recorder->bind_text(4, each.run);
        FENCELINE_TRY(recorder->run());
    }
    return {};
}

}  // namespace

Result<Head> read_begin(const Statement& row) {
    Head head;
    head.position = Position{row.integer(0).value_or(-1)};
    const auto texts = row.integer(2).value_or(0);
    head.recorders = row.integer(3).value_or(-1);
    head.flushes = row.integer(4).value_or(-1);
    head.at = Time{row.integer(5).value_or(0)};
    if (head.position.value < 0 || !to_hash(row.blob(1), head.chain) || texts < 1 ||
        texts > std::numeric_limits<std::uint32_t>::max() || head.recorders < 0 || head.flushes < 0)
        return tl::unexpected<Error>(damaged(head.position, "its row is out of range"));
    head.texts = static_cast<std::uint32_t>(texts);
    return head;
}

Result<Base> read_base(Connection& database) {
    const RaisedLimit limit(database, limits::checkpoint_bytes);
    Base base;
    ChainHash digest{}, seal{};
    {
        auto row = database.prepare(select_base_sql);
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        auto found = row->step();
        if (!found) return tl::unexpected<Error>(std::move(found.error()));
        if (!*found) return fail(ErrorCode::not_found, "the journal begins at its first event");
        auto saved = read_checkpoint(*row);
        const Position position{row->integer(0).value_or(-1)};
        if (!saved) return tl::unexpected<Error>(damaged(position, saved.error().text));
        const auto source = row->text(10), redacted = row->text(11);
        if (!source || !redacted || !to_hash(row->blob(9), digest) || !to_hash(row->blob(12), seal))
            return tl::unexpected<Error>(damaged(position, "its row is out of range"));
        base = {std::move(*saved), {}, std::string(*source), std::string(*redacted), {}};
    }
    const Head& head = base.saved.head;
    auto texts = texts_of(base);
    if (!texts) return tl::unexpected<Error>(std::move(texts.error()));
    FENCELINE_TRY(check_text_rows(database, head, *texts));
    auto recorders = recorder_rows(database, head);
    if (!recorders) return tl::unexpected<Error>(std::move(recorders.error()));
    base.recorders = std::move(*recorders);
    auto drops = drop_rows(database, head.position);
    if (!drops) return tl::unexpected<Error>(std::move(drops.error()));
    base.drops = std::move(*drops);
    if (seal_of(base, *texts, digest) != seal)
        return tl::unexpected<Error>(damaged(head.position, "its seal does not fit"));
    return base;
}

Result<void> write_base(Connection& database, const Base& base) {
    auto texts = texts_of(base);
    if (!texts) return tl::unexpected<Error>(std::move(texts.error()));
    auto packed = pack(base.saved);
    if (!packed) return tl::unexpected<Error>(std::move(packed.error()));
    FENCELINE_TRY(write_names(database, base, *texts));
    return insert_base(database, base, *texts, *packed);
}

Result<void> replace_base(Connection& database, Checkpoint saved, const PackedCheckpoint& packed,
                          const Dictionary& texts, const Drop& drop) {
    Base base{
        .saved = std::move(saved), .recorders = {}, .source = {}, .redacted = {}, .drops = {}};
    const Head& head = base.saved.head;
    FENCELINE_TRY(take_origin(database, base));
    FENCELINE_TRY(check_text_rows(database, head, texts));
    auto recorders = recorder_rows(database, head);
    if (!recorders) return tl::unexpected<Error>(std::move(recorders.error()));
    base.recorders = std::move(*recorders);
    base.drops.push_back(drop);
    FENCELINE_TRY(insert_drop(database, drop));
    FENCELINE_TRY(database.execute("DELETE FROM base"));
    return insert_base(database, base, texts, packed);
}

}  // namespace fenceline::sqlite
