#include "replay/incident/words.hpp"

namespace fenceline::replay::incident {

namespace {

std::string plain_of(const Piece& piece) {
    switch (piece.kind) {
        case Piece::Kind::position: return "#" + std::to_string(piece.number);
        case Piece::Kind::worker: return "worker " + std::to_string(piece.number);
        default: return piece.text;
    }
}

// "3 min 20 s": the larger unit, and the smaller one unless it is nothing.
std::string two_units(std::int64_t value, std::int64_t per, std::string_view large,
                      std::string_view small) {
    std::string out = std::to_string(value / per) + " " + std::string(large);
    if (value % per != 0) out += " " + std::to_string(value % per) + " " + std::string(small);
    return out;
}

}  // namespace

Words& Words::add(std::string_view text) {
    if (!pieces_.empty() && pieces_.back().kind == Piece::Kind::text)
        pieces_.back().text += text;
    else
        pieces_.push_back({Piece::Kind::text, std::string(text)});
    return *this;
}

Words& Words::name(std::string_view text) {
    if (text.empty()) return add("nobody");
    pieces_.push_back({Piece::Kind::name, std::string(text)});
    return *this;
}

Words& Words::position(Position position) {
    pieces_.push_back({Piece::Kind::position, {}, position.value});
    return *this;
}

Words& Words::worker(WorkerId worker) {
    pieces_.push_back({Piece::Kind::worker, {}, worker.value});
    return *this;
}

Words& Words::number(std::int64_t number) {
    return add(std::to_string(number));
}

Words& Words::span(Duration span) {
    return add(spoken(span));
}

Words& Words::count(std::int64_t count, std::string_view one, std::string_view many) {
    return number(count).add(" ").add(count == 1 ? one : many);
}

std::string Words::plain() const {
    std::string out;
    for (const Piece& piece : pieces_) out += plain_of(piece);
    return out;
}

std::string spoken(Duration span) {
    const std::int64_t ms = std::max<std::int64_t>(span.ns, 0) / 1'000'000;
    if (ms < 1'000) return std::to_string(ms) + " ms";
    const std::int64_t s = ms / 1'000;
    if (s < 60) return std::to_string(s) + " s";
    if (s < 3'600) return two_units(s, 60, "min", "s");
    const std::int64_t minutes = s / 60;
    if (minutes < 48 * 60) return two_units(minutes, 60, "h", "min");
    return two_units(minutes / 60, 24, "d", "h");
}

}  // namespace fenceline::replay::incident
