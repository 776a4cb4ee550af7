#include <algorithm>
#include <utility>

#include "events/codec.hpp"
#include "replay/export/event_fields.hpp"
#include "replay/export/event_lines.hpp"
#include "replay/export/event_values.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

using Columns = std::vector<std::string_view>;

template <typename Visit>
void visit_every_payload(Visit&& visit) {
    Payload payload;
    for (std::uint8_t kind = 0; make_payload(kind, payload); ++kind) visit_payload(payload, visit);
}

// The envelope, the payload's name, then each field that any payload has, once.
Columns columns() {
    Columns out;
    Event event;
    const auto add = [&out](std::string_view name, auto&) {
        if (std::ranges::find(out, name) == out.end()) out.push_back(name);
    };
    visit_envelope(event, add);
    out.push_back("payload");
    visit_every_payload(add);
    return out;
}

class CsvSink final : public Sink {
  public:
    CsvSink(const EventRange& range, const Write& write)
        : range_(range), out_(write), columns_(columns()), cells_(columns_.size()) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i > 0) out_ += ",";
            out_ += columns_[i];
        }
        out_ += "\r\n";
    }

    bool text(TextId id, std::string_view value) override {
        return consistent_ = texts_.intern(value) == id;
    }
    bool event(const Event& event) override {
        for (auto& cell : cells_) cell.clear();
        const auto fill = [this](std::string_view name, const auto& value) {
            set(cell_of(name), value);
        };
        visit_envelope(event, fill);
        cell_of("payload") = codec::payload_name(codec::kind_of(event.payload));
        visit_payload(event.payload, fill);
        write_row();
        ++events_;
        if (range_.progress && event.position.value % progress_every == 0)
            range_.progress(event.position, range_.to);
        return out_.good();
    }

    Result<std::int64_t> finish() {
        if (!consistent_)
            return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                        "run fenceline verify on a copy");
        FENCELINE_TRY(out_.finish());
        return events_;
    }

  private:
    std::string& cell_of(std::string_view name) {
        const auto it = std::ranges::find(columns_, name);
        return cells_[static_cast<std::size_t>(it - columns_.begin())];
    }

    static std::string defused(std::string_view text) {
        constexpr std::string_view begins_formula = "=+-@\t\r'";
        if (text.empty() || begins_formula.find(text.front()) == std::string_view::npos)
            return std::string(text);
        return "'" + std::string(text);
    }
    void set(std::string& cell, TextId id) { cell = defused(texts_.text(id)); }
    static void set(std::string& cell, const std::string& text) { cell = defused(text); }
    static void set(std::string& cell, Time time) { cell = time_text(time); }
    // Numbers and labels look the same in JSON, where they need no quotes.
    template <typename T>
    void set(std::string& cell, const T& value) {
        JsonValues(texts_, cell).put(value);
        if (cell.size() > 1 && cell.front() == '"') cell = cell.substr(1, cell.size() - 2);
    }

    void write_row() {
        auto& row = out_.buffer();
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (i > 0) row += ',';
            if (cells_[i].find_first_of(",\"\r\n") == std::string::npos) {
                row += cells_[i];
                continue;
            }
            row += '"';
            for (const char c : cells_[i]) {
                if (c == '"') row += '"';
                row += c;
            }
            row += '"';
        }
        out_ += "\r\n";
    }

    const EventRange& range_;
    Buffered out_;
    Columns columns_;
    std::vector<std::string> cells_;
    Dictionary texts_;
    std::int64_t events_ = 0;
    bool consistent_ = true;
};

}  // namespace

Result<std::int64_t> write_event_csv(Reader& reader, const EventRange& range, const Write& write) {
    CsvSink sink(range, write);
    FENCELINE_TRY(reader.read(Head{.position = range.after}, range.to, sink));
    if (range.progress) range.progress(range.to, range.to);
    return sink.finish();
}

}  // namespace fenceline::replay
