// Sealed history: what it takes on disk, and how fast it is read, against a bare scan of its rows.

#include <chrono>

#include "journal/fold_sink.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/sqlite.hpp"
#include "tools/bench/bare_sqlite.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/filled_journal.hpp"

namespace fenceline::tools::bench {

namespace {

using Steady = std::chrono::steady_clock;

// Touches what the bare scan touches: every field of every event.
class SumSink final : public Sink {
  public:
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool event(const Event& event) override {
        ++events;
        sum += event.position.value + event.at.ns + event.recorder.value + event.worker.value +
               event.epoch.value + event.version.value + event.count;
        sum += std::int64_t{event.caller.value} + event.image.value + event.org.value +
               event.owner.value + static_cast<std::int64_t>(event.payload.index());
        sum += static_cast<std::int64_t>(event.operation) + static_cast<std::int64_t>(event.to);
        return true;
    }
    std::int64_t events = 0, sum = 0;
};

Result<void> seal_all(const std::string& path) {
    auto journal = open_journal({.path = path});
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    auto head = (*journal)->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    for (bool more = true; more;) {
        auto step = (*journal)->seal({.last = head->position});
        if (!step) return tl::unexpected<Error>(std::move(step.error()));
        more = step->more;
    }
    return {};
}

Result<double> bytes_per_event(const std::string& path) {
    auto database = sqlite::Connection::open(path, {.access = sqlite::Access::immutable});
    if (!database) return tl::unexpected<Error>(std::move(database.error()));
    auto bytes = database->number("SELECT sum(length(columns) + 280) FROM segment");
    if (!bytes) return tl::unexpected<Error>(std::move(bytes.error()));
    auto events = database->number("SELECT max(last) FROM segment");
    if (!events) return tl::unexpected<Error>(std::move(events.error()));
    return static_cast<double>(*bytes) / static_cast<double>(*events);
}

Result<double> events_per_second(const std::string& path, Sink& sink) {
    auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    auto head = (*reader)->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const auto start = Steady::now();
    FENCELINE_TRY((*reader)->read({}, head->position, sink));
    const std::chrono::duration<double> spent = Steady::now() - start;
    return static_cast<double>(head->position.value) / spent.count();
}

Result<double> rows_per_second(const std::string& path) {
    auto bare = BareSqlite::open(path);
    if (!bare) return tl::unexpected<Error>(std::move(bare.error()));
    const auto start = Steady::now();
    auto scanned = (*bare)->scan();
    if (!scanned) return tl::unexpected<Error>(std::move(scanned.error()));
    const std::chrono::duration<double> spent = Steady::now() - start;
    return static_cast<double>(scanned->rows) / spent.count();
}

}  // namespace

Result<void> measure_sealed(const Options& options, Figures& figures) {
    const std::string path = options.folder + "/sealed.db";
    const std::string bare_path = options.folder + "/sealed-bare.db";
    FENCELINE_TRY(fill_journal(path, options.events));
    FENCELINE_TRY(BareSqlite::copy_events(path, bare_path));
    FENCELINE_TRY(seal_all(path));
    auto bytes = bytes_per_event(path);
    if (!bytes) return tl::unexpected<Error>(std::move(bytes.error()));

    std::vector<double> read, folded, bare;
    for (int round = 0; round < options.rounds; ++round) {
        auto theirs = rows_per_second(bare_path);
        if (!theirs) return tl::unexpected<Error>(std::move(theirs.error()));
        bare.push_back(*theirs);
        SumSink sum;
        auto ours = events_per_second(path, sum);
        if (!ours) return tl::unexpected<Error>(std::move(ours.error()));
        read.push_back(*ours);
        Fold fold;
        FoldSink sink(fold);
        ours = events_per_second(path, sink);
        if (!ours) return tl::unexpected<Error>(std::move(ours.error()));
        folded.push_back(*ours);
    }
    using enum Figure::Goal;
    figures.push_back({"sealed_bytes", "an event in a segment", "bytes", *bytes, 0, 16, at_most});
    figures.push_back({"sealed_read", "reading sealed events", "events/s", median(read),
                       median(bare), 8, ratio_at_least});
    figures.push_back({"sealed_replay", "replay of sealed events, all projections", "events/s",
                       median(folded), median(bare)});
    return {};
}

}  // namespace fenceline::tools::bench
