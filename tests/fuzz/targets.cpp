#include "tests/fuzz/targets.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "events/codec.hpp"
#include "events/invariant.hpp"
#include "journal/commit_check.hpp"
#include "journal/hashed_commit.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "metrics/exposition.hpp"
#include "replay/replayer.hpp"
#include "replay/verify.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/exec/request.hpp"
#include "tools/import/event_line.hpp"

namespace fenceline::fuzz {

void payload(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto kind = static_cast<std::uint8_t>(bytes[0]);
    bytes.remove_prefix(1);
    for (const std::uint32_t texts : {codec::any_text, std::uint32_t{4}}) {
        const auto decoded = codec::decode(kind, bytes, texts);
        if (!decoded) {
            FENCELINE_INVARIANT(!decoded.error().text.empty(), "a refusal says why");
            continue;
        }
        std::string again;
        codec::encode(*decoded, again);
        FENCELINE_INVARIANT(again == bytes, "one value has one byte string");
        FENCELINE_INVARIANT(codec::kind_of(*decoded) == kind, "a payload keeps its kind");
    }
}

void measurements(std::string_view bytes) {
    const auto decoded = codec::decode_measurements(bytes);
    if (!decoded) return;
    std::string again;
    codec::encode(*decoded, again);
    FENCELINE_INVARIANT(again == bytes, "one value has one byte string");
}

void hashed_commit(std::string_view bytes) {
    HashedCommit found;
    if (!found.take_apart(bytes, 4)) return;
    const Commit commit = found.commit();
    std::string again;
    const auto chain =
        seal_commit(*HashedCommit::previous_of(bytes), commit, found.first_text().value, &again);
    FENCELINE_INVARIANT(again == bytes, "one commit has one byte string");
    FENCELINE_INVARIANT(chain == hash_of(bytes), "its hash is of those bytes");
    (void)check_commit(Head{}, commit);
}

void exposition(std::string_view bytes) {
    const auto scrape = parse_exposition(bytes);
    if (scrape) return;
    FENCELINE_INVARIANT(scrape.error().text.find("line ") != std::string::npos ||
                            bytes.size() > limits::exposition_bytes || bytes.empty(),
                        "a page is refused with its line");
}

void exec_line(std::string_view bytes) {
    const auto line = tools::parse_line(bytes, "cp-a");
    if (const auto* malformed = std::get_if<tools::Malformed>(&line.what))
        FENCELINE_INVARIANT(!malformed->why.empty(), "a refusal says why");
    // What is well formed may still be senseless: the store's own check must stand it.
    if (const auto* command = std::get_if<Command>(&line.what)) (void)validate(*command);
}

void import_line(std::string_view bytes) {
    Dictionary texts;
    texts.intern("acme");
    const auto line = tools::EventLineReader(texts).read(bytes);
    if (!line) {
        FENCELINE_INVARIANT(!line.error().empty(), "a refusal says why");
        return;
    }
    // What was taken can be stored.
    const auto* event = std::get_if<Event>(&*line);
    if (event == nullptr) return;
    std::string encoded;
    codec::encode(event->payload, encoded);
    FENCELINE_INVARIANT(codec::decode(codec::kind_of(event->payload), encoded, texts.size()),
                        "an event that was taken comes back");
}

namespace {

// A small journal with every kind of row, as bytes; made once.
const std::string& sound_journal() {
    static const std::string bytes = [] {
        testing::TempDir dir;
        const auto path = dir / "pool.db";
        {
            auto store = LifecycleStore::open({.path = path,
                                               .create = true,
                                               .instance = "cp-a",
                                               .run = "run-1",
                                               .checkpoint_events = 4,
                                               .wal_reserve_bytes = 0});
            FENCELINE_INVARIANT(store.has_value(), "a journal can be made");
            for (int i = 0; i < 4; ++i) {
                (void)(*store)->spawn({.image = "img"});
                (void)(*store)->publish_idle(
                    LifecycleStore::lease_for(WorkerId{i + 1}, "cp-a", Epoch{0}, "img"));
                (void)(*store)->claim_idle({.org = "acme"}, {.request_id = std::to_string(i)});
            }
            FENCELINE_INVARIANT((*store)->close().has_value(), "a journal can be closed");
        }
        std::ostringstream out;
        out << std::ifstream(path, std::ios::binary).rdbuf();
        return out.str();
    }();
    return bytes;
}

std::string patched(std::string_view patches) {
    std::string file = sound_journal();
    while (patches.size() > 4) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(patches[i]); };
        const std::size_t offset = (byte(0) << 16 | byte(1) << 8 | byte(2)) % file.size();
        const auto length =
            std::min<std::size_t>({byte(3), patches.size() - 4, file.size() - offset});
        file.replace(offset, length, patches.substr(4, length));
        patches.remove_prefix(4 + length);
    }
    return file;
}

}  // namespace

void journal_file(std::string_view bytes) {
    static const testing::TempDir dir;
    const auto path = dir / "pool.db";
    const bool whole = bytes.starts_with('W');
    const std::string file = whole ? std::string(bytes.substr(1)) : patched(bytes);
    for (const char* side : {"-wal", "-shm", "-journal", "-lock"})
        std::filesystem::remove(path + side);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file;
    const auto reader = open_reader(path);
    if (!reader) {
        FENCELINE_INVARIANT(!reader.error().text.empty(), "a refusal says why");
        return;
    }
    const auto verified = replay::verify(**reader);
    (void)replay::replay(**reader);
    (void)replay::replay(**reader, {.from_first_event = true});
    if (!verified || !verified->sound()) return;
    // Found sound: then what it holds is a part of what was written, or all of it.
    FENCELINE_INVARIANT(whole || verified->head.position <= Position{64}, "nothing is made up");
}

}  // namespace fenceline::fuzz
