#include "replay/export/event_lines.hpp"

#include "events/codec.hpp"
#include "journal/chain.hpp"
#include "replay/export/event_fields.hpp"
#include "replay/export/event_values.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

class LineSink final : public Sink {
  public:
    LineSink(const EventRange& range, const Write& write) : range_(range), out_(write) {
        auto& line = begin("journal");
        number("format", event_lines_format, line);
        number("after", range.after.value, line);
        end();
    }

    bool text(TextId id, std::string_view value) override {
        if (texts_.intern(value) != id) return consistent_ = false;
        auto& line = begin("text");
        number("id", id.value, line);
        append_key("text", line);
        append_json(value, line);
        return end();
    }
    bool recorder(const Recorder& recorder) override {
        auto& line = begin("recorder");
        number("id", recorder.id.value, line);
        append_key("instance", line);
        append_json(recorder.instance, line);
        append_key("run", line);
        append_json(recorder.run, line);
        number("first", recorder.first.value, line);
        return end();
    }
    bool event(const Event& event) override {
        auto& line = begin("event");
        JsonValues values(texts_, line);
        visit_envelope(event, values);
        append_key("payload", line);
        append_json(codec::payload_name(codec::kind_of(event.payload)), line);
        append_key("detail", line);
        line += '{';
        visit_payload(event.payload, values);
        line += '}';
        ++events_;
        last_ = event.position;
        if (range_.progress && last_.value % progress_every == 0) range_.progress(last_, range_.to);
        return end();
    }
    bool seal(const Seal& seal) override {
        const bool flush = seal.first > seal.last;
        // With all names come all flushes: those before the window are none of it.
        if (flush && range_.after.given() && seal.last <= range_.after) return true;
        measured(seal.measured);
        auto& line = begin(flush ? "flush" : "commit");
        number("last", seal.last.value, line);
        number("recorder", seal.recorder.value, line);
        chain(seal.chain, line);
        if (flush) ++flushes_;
        chain_ = seal.chain;
        return end();
    }

    Result<std::int64_t> finish() {
        if (!consistent_)
            return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                        "run fenceline verify on a copy");
        auto& line = begin("end");
        number("position", last_.value, line);
        number("flushes", flushes_, line);
        chain(chain_, line);
        end();
        FENCELINE_TRY(out_.finish());
        return events_;
    }

  private:
    std::string& begin(std::string_view kind) {
        auto& line = out_.buffer();
        line += "{\"line\":\"";
        line += kind;
        line += '"';
        return line;
    }
    bool end() {
        out_ += "}\n";
        return out_.good();
    }
    static void number(std::string_view key, std::int64_t value, std::string& line) {
        append_key(key, line);
        line += std::to_string(value);
    }
    static void chain(const ChainHash& hash, std::string& line) {
        append_key("chain", line);
        append_json(to_hex(hash), line);
    }
    void measured(const Measurements& measured) {
        const auto& values = measured.values;
        for (std::size_t at = 0; at < values.size(); at += measured_per_line) {
            auto& line = begin("measured");
            number("first", measured.first.value, line);
            append_key("values", line);
            line += '[';
            JsonValues json(texts_, line);
            for (std::size_t i = at; i < std::min(values.size(), at + measured_per_line); ++i) {
                line += i == at ? "[" : ",[";
                json.put(values[i].operation);
                line += ',';
                json.put(values[i].took);
                line += ']';
            }
            line += ']';
            end();
        }
    }

    const EventRange& range_;
    Buffered out_;
    Dictionary texts_;
    Position last_;
    ChainHash chain_{};
    std::int64_t events_ = 0, flushes_ = 0;
    bool consistent_ = true;
};

}  // namespace

std::string time_text(Time time) {
    if (!time.given()) return {};
    auto text = to_rfc3339(time);
    const auto back = parse_rfc3339(text);
    return back && *back == time ? text : std::to_string(time.ns);
}

Result<std::int64_t> write_event_lines(Reader& reader, const EventRange& range,
                                       const Write& write) {
    LineSink sink(range, write);
    // Texts and recorders from the first on: an event may name any of them.
    FENCELINE_TRY(reader.read(Head{.position = range.after}, range.to, sink));
    if (range.progress) range.progress(range.to, range.to);
    return sink.finish();
}

}  // namespace fenceline::replay
