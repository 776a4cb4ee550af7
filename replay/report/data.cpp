// The model as JSON in columns. Texts are listed once and named by their place; times are
// microseconds since the window's first event, those of events as differences: small numbers that
// repeat pack well.

#include <unordered_map>

#include "replay/report/json_text.hpp"
#include "replay/report/page.hpp"

namespace fenceline::replay::report {

namespace {

// Texts of the page, each once.
class Texts {
  public:
    std::int64_t place(std::string_view text) {
        const auto [it, fresh] = places_.try_emplace(std::string(text), std::ssize(places_));
        if (fresh) list_.push_back(&it->first);
        return it->second;
    }
    void write(JsonText& json) const {
        json.open('[');
        for (const std::string* text : list_) json.text(*text);
        json.close(']');
    }

  private:
    std::unordered_map<std::string, std::int64_t> places_;
    std::vector<const std::string*> list_;
};

class DataWriter {
  public:
    DataWriter(const Model& model, const PageOptions& options) : model_(model), options_(options) {
        (void)texts_.place("");  // 0 is the empty text
    }

    std::string write() && {
        json_.open('{');
        head();
        labels();
        lanes();
        planes();
        events();
        refusals();
        notes();
        earlier();
        findings();
        json_.key("texts");
        texts_.write(json_);
        json_.close('}');
        return std::move(json_).take();
    }

  private:
    [[nodiscard]] std::int64_t offset(Time at) const { return (at - model_.start).ns / 1'000; }
    std::int64_t text(TextId id) { return texts_.place(model_.texts.text(id)); }

    // One column: `value(row)` for each row.
    template <typename Rows, typename Value>
    void column(std::string_view name, const Rows& rows, const Value& value) {
        json_.key(name).open('[');
        for (const auto& row : rows) json_.number(value(row));
        json_.close(']');
    }
    template <typename Lanes, typename Value>
    void inner_column(std::string_view name, const Lanes& lanes, const Value& value) {
        json_.key(name).open('[');
        for (const auto& lane : lanes)
            for (const auto& stretch : lane.stretches) json_.number(value(stretch));
        json_.close(']');
    }
    template <typename E>
    void vocabulary(std::string_view name) {
        json_.key(name).open('[');
        std::int64_t next = 0;
        for (const auto& label : all_labels<E>()) {
            for (; next < static_cast<std::int64_t>(label.value); ++next) json_.text("?");
            json_.text(label.text);
            ++next;
        }
        json_.close(']');
    }

    void head() {
        json_.key("title").text(options_.title).key("journal").text(options_.journal);
        json_.key("version").text(options_.version).key("notice").text(options_.notice);
        json_.key("live").number(options_.live ? 1 : 0);
        json_.key("first").number(model_.first.value).key("last").number(model_.last.value);
        // Milliseconds are exact in a double, and what is left of them comes apart.
        json_.key("startMs").number(model_.start.ns / 1'000'000);
        json_.key("startUs").number(model_.start.ns / 1'000 % 1'000);
        json_.key("span").number(offset(model_.end));
    }

    void labels() {
        json_.key("labels").open('{');
        vocabulary<State>("state");
        vocabulary<Operation>("operation");
        vocabulary<Outcome>("outcome");
        vocabulary<Origin>("origin");
        vocabulary<Check>("check");
        vocabulary<ControlPlaneState>("plane");
        json_.close('}');
    }

    void lanes() {
        const auto& lanes = model_.lanes;
        json_.key("lanes").open('{');
        column("id", lanes, [](const Lane& l) { return l.worker.value; });
        column("image", lanes, [&](const Lane& l) { return text(l.record.image); });
        column("pod", lanes, [&](const Lane& l) { return texts_.place(l.pod); });
        column("epoch", lanes, [](const Lane& l) { return l.record.epoch.value; });
        column("version", lanes, [](const Lane& l) { return l.record.version.value; });
        column("reason", lanes, [&](const Lane& l) { return text(l.record.retire_reason); });
        column("stretches", lanes, [](const Lane& l) { return std::ssize(l.stretches); });
        inner_column("at", lanes, [&](const Stretch& s) { return offset(s.at); });
        inner_column("by", lanes, [](const Stretch& s) { return s.by.value; });
        inner_column("state", lanes, [](const Stretch& s) { return std::int64_t(s.state); });
        inner_column("owner", lanes, [&](const Stretch& s) { return text(s.owner); });
        inner_column("org", lanes, [&](const Stretch& s) { return text(s.org); });
        json_.close('}');
    }

    void planes() {
        const auto& planes = model_.planes;
        json_.key("planes").open('{');
        column("id", planes, [&](const PlaneLane& p) { return text(p.id); });
        column("stretches", planes, [](const PlaneLane& p) { return std::ssize(p.stretches); });
        inner_column("at", planes, [&](const PlaneStretch& s) { return offset(s.at); });
        inner_column("by", planes, [](const PlaneStretch& s) { return s.by.value; });
        inner_column("state", planes, [](const PlaneStretch& s) { return std::int64_t(s.state); });
        json_.close('}');
    }

    void events() {
        const auto& events = model_.events;
        json_.key("events").open('{');
        std::int64_t last = 0;
        column("after", events, [&](const EventRow& e) {
            const std::int64_t now = offset(e.at);
            return now - std::exchange(last, now);
        });
        column("operation", events, [](const EventRow& e) { return std::int64_t(e.operation); });
        column("outcome", events, [](const EventRow& e) { return std::int64_t(e.outcome); });
        column("origin", events, [](const EventRow& e) { return std::int64_t(e.origin); });
        column("lane", events, [](const EventRow& e) {
            return e.lane == no_lane ? std::int64_t{-1} : std::int64_t{e.lane};
        });
        column("caller", events, [&](const EventRow& e) { return text(e.caller); });
        column("from", events, [](const EventRow& e) { return std::int64_t(e.from); });
        column("to", events, [](const EventRow& e) { return std::int64_t(e.to); });
        column("epoch", events, [](const EventRow& e) { return e.epoch.value; });
        column("count", events, [](const EventRow& e) { return std::int64_t{e.count}; });
        json_.close('}');
    }

    void refusals() {
        const auto& rows = model_.refusals;
        json_.key("refusals").open('{');
        column("place", rows, [](const RefusalRow& r) { return std::int64_t{r.place}; });
        column("check", rows, [](const RefusalRow& r) { return std::int64_t(r.check); });
        column("expected", rows, [&](const RefusalRow& r) { return texts_.place(r.expected); });
        column("found", rows, [&](const RefusalRow& r) { return texts_.place(r.found); });
        column("winner", rows, [](const RefusalRow& r) { return r.winner.value; });
        json_.close('}');
    }

    void notes() {
        json_.key("notes").open('{');
        column("place", model_.notes, [](const NoteRow& n) { return std::int64_t{n.place}; });
        column("text", model_.notes, [&](const NoteRow& n) { return texts_.place(n.text); });
        json_.close('}');
    }

    void earlier() {
        const auto& rows = model_.earlier;
        json_.key("earlier").open('{');
        column("position", rows, [](const EarlierRow& r) { return r.position.value; });
        column("at", rows, [&](const EarlierRow& r) { return offset(r.at); });
        column("operation", rows, [](const EarlierRow& r) { return std::int64_t(r.operation); });
        column("caller", rows, [&](const EarlierRow& r) { return text(r.caller); });
        json_.close('}');
    }

    void findings() {
        json_.key("findings").open('[');
        for (const auto& finding : model_.findings) {
            json_.open('{').key("rule").text(finding.rule);
            json_.key("alarm").number(finding.severity == incident::Severity::alarm ? 1 : 0);
            json_.key("first").number(finding.first.value).key("last").number(finding.last.value);
            json_.key("from").number(offset(finding.from)).key("to").number(offset(finding.to));
            json_.key("words").open('[');
            for (const auto& piece : finding.words.pieces()) word(piece);
            json_.close(']').close('}');
        }
        json_.close(']');
    }

    void word(const incident::Piece& piece) {
        using Kind = incident::Piece::Kind;
        json_.open('[');
        switch (piece.kind) {
            case Kind::text: json_.text("text").text(piece.text); break;
            case Kind::name: json_.text("name").text(piece.text); break;
            case Kind::position: json_.text("position").number(piece.number); break;
            case Kind::worker: json_.text("worker").number(piece.number); break;
        }
        json_.close(']');
    }

    const Model& model_;
    const PageOptions& options_;
    JsonText json_;
    Texts texts_;
};

}  // namespace

std::string data_of(const Model& model, const PageOptions& options) {
    return DataWriter(model, options).write();
}

}  // namespace fenceline::replay::report
