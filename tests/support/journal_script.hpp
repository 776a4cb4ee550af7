#pragma once

// Writes commits that continue each other, and hears what a journal reads back.
//
//   JournalScript script(*journal);
//   script.names({"acme", "img"}).appends({drain_event()});
//   Heard heard = hear(*journal);

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "journal/journal.hpp"

namespace fenceline::testing {

// Everything that a read gave, and in which order.
struct Heard : Sink {
    std::vector<std::pair<TextId, std::string>> texts;
    std::vector<Recorder> recorders;
    std::vector<Event> events;
    std::vector<Seal> seals;
    std::string order;                     // t, r, e, s: one letter a call
    std::size_t enough = std::size_t(-1);  // calls after which it stops the read

    bool text(TextId id, std::string_view value) override {
        texts.emplace_back(id, value);
        return heard('t');
    }
    bool recorder(const Recorder& recorder) override {
        recorders.push_back(recorder);
        return heard('r');
    }
    bool event(const Event& event) override {
        events.push_back(event);
        return heard('e');
    }
    bool seal(const Seal& seal) override {
        seals.push_back(seal);
        return heard('s');
    }

  private:
    bool heard(char what) {
        order += what;
        return order.size() < enough;
    }
};

// All that there is, wherever it begins.
inline Heard hear(Reader& journal) {
    Heard heard;
    const auto read = journal.read_all(Position{1'000'000}, heard);
    REQUIRE_MESSAGE(read.has_value(), (read ? std::string() : read.error().text));
    return heard;
}
inline Heard hear(Reader& journal, const Head& after, Position to = Position{1'000'000}) {
    Heard heard;
    const auto read = journal.read(after, to, heard);
    REQUIRE_MESSAGE(read.has_value(), (read ? std::string() : read.error().text));
    return heard;
}

// One writer with its own recorder. Keeps a copy of all that the journal took.
class JournalScript {
  public:
    explicit JournalScript(Journal& journal, std::string instance = "cp-a")
        : journal_(journal), self_{{}, std::move(instance), "run-1", {}} {}
    // Goes on as the same recorder, in the journal that was opened again.
    JournalScript(Journal& journal, const Recorder& self) : journal_(journal), self_(self) {}

    JournalScript& names(std::vector<std::string> texts) {
        texts_ = std::move(texts);
        return *this;
    }
    // Tells the events of the next commit before their commit is whole, as a store does.
    JournalScript& prepares() {
        prepares_ = true;
        return *this;
    }
    JournalScript& measures(Measurements measured) {
        measured_ = std::move(measured);
        return *this;
    }

    // Fills in positions, times and recorder, then appends under the lock.
    [[nodiscard]] Result<Head> append(std::vector<Event> events) {
        auto head = journal_.begin_write();
        if (!head) return head;
        const bool first = !self_.id.given() && !events.empty();
        Recorder recorder = self_;
        if (first) {
            recorder.id = RecorderId{head->recorders + 1};
            recorder.first = Position{head->position.value + 1};
        }
        auto position = head->position;
        for (Event& event : events) {
            event.position = Position{++position.value};
            event.at = std::max(event.at, head->at + Duration{step_ns});
            head->at = event.at;
            event.recorder = recorder.id;
        }
        if (std::exchange(prepares_, false)) REQUIRE(journal_.prepare(events).has_value());
        const Measurements measured = std::exchange(measured_, {});
        const auto texts = std::exchange(texts_, {});
        auto after = journal_.append({.events = events,
                                      .texts = texts,
                                      .recorder = first ? &recorder : nullptr,
                                      .by = recorder.id,
                                      .measured = measured});
        if (!after) return after;
        self_ = recorder;
        written.insert(written.end(), events.begin(), events.end());
        written_texts.insert(written_texts.end(), texts.begin(), texts.end());
        written_measured.push_back(measured);
        return after;
    }
    Head appends(std::vector<Event> events) {
        auto head = append(std::move(events));
        REQUIRE_MESSAGE(head.has_value(), (head ? std::string() : head.error().text));
        return *head;
    }
    Head flushes(Measurements measured) { return measures(std::move(measured)).appends({}); }

    [[nodiscard]] const Recorder& self() const { return self_; }

    std::vector<Event> written;
    std::vector<std::string> written_texts;
    std::vector<Measurements> written_measured;  // one a commit

    static constexpr std::int64_t step_ns = 1'000;

  private:
    Journal& journal_;
    Recorder self_;
    std::vector<std::string> texts_;
    Measurements measured_;
    bool prepares_ = false;
};

inline Event drain_event(WorkerId worker = WorkerId{61}) {
    return Event{.operation = Operation::drain,
                 .outcome = Outcome::transitioned,
                 .origin = Origin::worker_drain,
                 .worker = worker,
                 .epoch = Epoch{4},
                 .from = State::hot,
                 .version = Position{},
                 .to = State::draining,
                 .payload = LeaseExercised{{TextId{}, Epoch{4}}}};
}

inline Measurements took(Position first, std::vector<std::int64_t> ns) {
    Measurements out{first, {}};
    for (const auto n : ns) out.values.push_back({Operation::drain, Duration{n}});
    return out;
}

}  // namespace fenceline::testing
