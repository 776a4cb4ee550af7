#include "tools/import/event_line.hpp"

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "replay/export/event_fields.hpp"
#include "tools/exec/fields.hpp"
#include "tools/exec/strict_json.hpp"
#include "tools/import/field_reader.hpp"

namespace fenceline::tools {

namespace {

// The payload by its name, and its fields.
void read_payload(FieldReader& fields, const Dictionary& texts, Event& event) {
    std::string name;
    fields("payload", name);
    const Json* detail = fields.find("detail");
    if (detail == nullptr) return;
    std::uint8_t kind = 0;
    while (replay::make_payload(kind, event.payload) && codec::payload_name(kind) != name) ++kind;
    if (kind >= std::variant_size_v<Payload>)
        return fields.complain("\"payload\" " + in_quotes(name) + " is not known");
    if (!detail->is_object()) return fields.complain("\"detail\" must be an object");
    FieldReader inner(*detail, texts);
    replay::visit_payload(event.payload, inner);
    inner.end();
    if (inner.problem()) fields.complain("detail: " + *inner.problem());
}

// What the journal's own limits say of an event: a payload beyond them cannot be stored.
void check_sizes(FieldReader& fields, const Event& event) {
    constexpr std::size_t most_spans = 8'000;  // the codec's
    const auto spans = [&](const std::vector<Duration>& took) {
        if (took.size() > most_spans) fields.complain("\"took_ns\" is longer than an event may be");
    };
    if (const auto* tallied = std::get_if<HeartbeatsTallied>(&event.payload)) spans(tallied->took);
    if (const auto* failed = std::get_if<OperationFailed>(&event.payload)) spans(failed->took);
    if (const auto* targeted = std::get_if<WarmCapacityTargeted>(&event.payload))
        if (targeted->targets.size() > limits::warm_targets)
            fields.complain("\"targets\" is longer than an event may be");
    if (event.request_id.size() > limits::request_id_bytes)
        fields.complain("\"request_id\" is longer than " +
                        std::to_string(limits::request_id_bytes) + " bytes");
}

EventLine read_event(FieldReader& fields, const Dictionary& texts) {
    Event event;
    replay::visit_envelope(event, fields);
    read_payload(fields, texts, event);
    if (!fields.problem()) check_sizes(fields, event);
    return event;
}

EventLine read_recorder(FieldReader& fields) {
    Recorder recorder;
    fields("id", recorder.id);
    fields("instance", recorder.instance);
    fields("run", recorder.run);
    fields("first", recorder.first);
    return recorder;
}

EventLine read_text(FieldReader& fields) {
    TextLine line;
    std::int64_t id = 0;
    fields("id", id);
    line.id = TextId{static_cast<std::uint32_t>(id)};
    if (id != static_cast<std::int64_t>(line.id.value)) fields.complain("\"id\" is out of range");
    fields("text", line.text);
    if (line.text.size() > limits::name_bytes || line.text.empty())
        fields.complain("\"text\" must have 1 to " + std::to_string(limits::name_bytes) + " bytes");
    return line;
}

EventLine read_seal(FieldReader& fields, const std::string& kind) {
    SealLine line{.flush = kind == "flush"};
    fields("last", line.last);
    fields("recorder", line.recorder);
    fields("chain", line.chain);
    return line;
}

EventLine read_kind(const std::string& kind, FieldReader& fields, const Dictionary& texts) {
    if (kind == "event") return read_event(fields, texts);
    if (kind == "recorder") return read_recorder(fields);
    if (kind == "text") return read_text(fields);
    if (kind == "commit" || kind == "flush") return read_seal(fields, kind);
    if (kind == "journal") {
        JournalLine line;
        fields("format", line.format);
        fields("after", line.after);
        return line;
    }
    if (kind == "measured") {
        MeasuredLine line;
        fields("first", line.measured.first);
        fields("values", line.measured.values);
        return line;
    }
    EndLine line;
    if (kind != "end") {
        fields.complain("\"line\" " + in_quotes(kind) + " is not known");
        return line;
    }
    fields("position", line.position);
    fields("flushes", line.flushes);
    fields("chain", line.chain);
    return line;
}

}  // namespace

tl::expected<EventLine, std::string> EventLineReader::read(std::string_view text) const {
    const auto object = parse_object(text);
    if (!object) return tl::unexpected<std::string>(object.error());
    FieldReader fields(*object, texts_);
    std::string kind;
    fields("line", kind);
    if (fields.problem()) return tl::unexpected<std::string>(*fields.problem());
    auto line = read_kind(kind, fields, texts_);
    fields.end();
    if (fields.problem()) return tl::unexpected<std::string>(*fields.problem());
    return line;
}

}  // namespace fenceline::tools
