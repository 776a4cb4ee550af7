#pragma once

// A journal file full of everything: random events, each kind of payload, several recorders,
// durations, flushes, and texts that are hostile to whatever prints them.
//
//   write_random_journal(dir / "pool.db", seed, 200);

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "journal/building.hpp"
#include "tests/projections/random_events.hpp"
#include "tests/support/payload_samples.hpp"

namespace fenceline::testing {

inline const std::vector<std::string>& hostile_texts() {
    static const std::vector<std::string> texts{"=HYPERLINK(\"http://x\")",
                                                "+1",
                                                "-1",
                                                "@SUM(A1)",
                                                "\tx",
                                                "\rx",
                                                "'quoted",
                                                "a,b",
                                                "\"",
                                                "\\",
                                                "line\nbreak",
                                                "<script>alert(1)</script>",
                                                "\x01\x1b[31m\x7f",
                                                "\xf0\x9f\x90\xa6",
                                                "\xe2\x80\xae",
                                                " ",
                                                "null",
                                                "{\"line\":\"end\"}"};
    return texts;
}

namespace random_journal {

// Dictionary entries that no commit has brought yet.
inline std::vector<std::string> new_texts(const Dictionary& texts, std::uint32_t& known) {
    std::vector<std::string> out;
    for (; known < texts.size(); ++known) out.emplace_back(texts.text(TextId{known}));
    return out;
}

[[nodiscard]] inline Result<void> fill(Journal& journal, std::uint64_t seed, int commits) {
    Dictionary texts;
    RandomEvents random(seed, texts);
    std::vector<TextId> hostile;
    for (const auto& text : hostile_texts()) hostile.push_back(texts.intern(text));
    const auto payloads = payload_samples();
    std::uint32_t known = 1;
    for (int i = 0; i < commits; ++i) {
        auto head = journal.begin_write();
        if (!head) return tl::unexpected<Error>(head.error());
        const bool first = i < 3;
        const Recorder recorder{RecorderId{first ? i + 1 : 1 + static_cast<int>(random.below(3))},
                                "cp-" + std::to_string(i), "run\n" + std::to_string(i),
                                Position{head->position.value + 1}};
        const bool flush = !first && random.below(6) == 0;
        std::vector<Event> events;
        for (auto n = flush ? 0 : 1 + random.below(5); n > 0; --n) {
            Event event = random.next();
            event.recorder = recorder.id;
            if (random.below(3) == 0)
                event.payload = payloads[random.below(payloads.size())].payload;
            if (random.below(9) == 0) event.caller = hostile[random.below(hostile.size())];
            if (random.below(9) == 0) event.request_id = hostile_texts()[random.below(18)];
            events.push_back(std::move(event));
        }
        Measurements measured;
        if (flush || random.below(3) == 0)
            measured = {head->position, {{Operation::drain, Duration{-1}}, {Operation{200}, {}}}};
        const auto names = flush ? std::vector<std::string>{} : new_texts(texts, known);
        auto after = journal.append({.events = events,
                                     .texts = names,
                                     .recorder = first ? &recorder : nullptr,
                                     .by = recorder.id,
                                     .measured = measured});
        if (!after) return tl::unexpected<Error>(after.error());
    }
    return {};
}

}  // namespace random_journal

inline void write_random_journal(const std::string& path, std::uint64_t seed, int commits) {
    const auto built = build_journal({.path = path}, [&](std::unique_ptr<Journal> journal) {
        return random_journal::fill(*journal, seed, commits);
    });
    REQUIRE_MESSAGE(built.has_value(), (built ? "" : built.error().text));
}

}  // namespace fenceline::testing
