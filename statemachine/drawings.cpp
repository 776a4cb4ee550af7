// The transition table as drawings. Everything comes from transition_rows(): a drawing cannot say
// what the table does not.
//
// Seventy-nine arrows say nothing to anybody, so what holds in many states is drawn once: most
// operations are legal in one and the same set of states, and that set gets a frame of its own.

#include <algorithm>
#include <map>
#include <set>

#include "statemachine/decide.hpp"

namespace fenceline {

namespace {

using States = std::set<State>;

// Where one operation leads, and from where. `to` is empty when it stays in its state.
struct Move {
    Operation operation;
    std::optional<State> to;
    States from;
};

// All that leads from one state to another, or from the frame.
struct Arrow {
    std::optional<State> from;  // none: from any state of the frame
    State to;
    std::vector<Operation> operations;
};

struct Drawing {
    States frame;
    std::vector<Arrow> arrows;
    std::vector<std::string> notes;
};

std::vector<Move> moves_of(const std::vector<TransitionRow>& rows) {
    std::vector<Move> moves;
    for (const TransitionRow& row : rows) {
        const auto to = row.from == row.to ? std::nullopt : std::optional(row.to);
        auto it = std::ranges::find_if(moves, [&](const Move& move) {
            return move.operation == row.operation && move.to == to;
        });
        if (it == moves.end()) it = moves.insert(moves.end(), {row.operation, to, {}});
        it->from.insert(row.from);
    }
    return moves;
}

// The set of states that the most operations share.
States frame_of(const std::vector<Move>& moves) {
    std::map<States, int> shared;
    for (const Move& move : moves)
        if (move.from.size() > 1) ++shared[move.from];
    const auto most = std::ranges::max_element(
        shared, {}, [](const auto& entry) { return std::pair(entry.second, entry.first.size()); });
    return most == shared.end() ? States{} : most->first;
}

std::string joined(const auto& items, std::string_view separator) {
    std::string text;
    for (const auto& item : items) {
        if (!text.empty()) text += separator;
        text += to_text(item);
    }
    return text;
}

void add_arrow(std::vector<Arrow>& arrows, std::optional<State> from, State to,
               Operation operation) {
    auto it = std::ranges::find_if(
        arrows, [&](const Arrow& arrow) { return arrow.from == from && arrow.to == to; });
    if (it == arrows.end()) it = arrows.insert(arrows.end(), {from, to, {}});
    it->operations.push_back(operation);
}

// Operations that meet the same fences, in the order of the table.
void note_fences(const std::vector<TransitionRow>& rows, std::vector<std::string>& notes) {
    std::vector<std::pair<std::string, std::vector<Operation>>> all;
    for (const TransitionRow& row : rows) {
        if (row.fences.empty()) continue;
        auto it =
            std::ranges::find_if(all, [&](const auto& each) { return each.first == row.fences; });
        if (it == all.end()) it = all.insert(all.end(), {row.fences, {}});
        if (std::ranges::find(it->second, row.operation) == it->second.end())
            it->second.push_back(row.operation);
    }
    for (const auto& [fences, operations] : all)
        notes.push_back(joined(operations, ", ") + " - fenced by " + fences);
}

Drawing draw() {
    const auto rows = transition_rows();
    const auto moves = moves_of(rows);
    Drawing drawing;
    drawing.frame = frame_of(moves);

    std::map<std::pair<Operation, State>, States> reached;  // from one state, by one operation
    for (const TransitionRow& row : rows) reached[{row.operation, row.from}].insert(row.to);
    for (const auto& [from, to] : reached)
        if (to.size() + 1 == state_count)
            drawing.notes.push_back(std::string(to_text(from.first)) + " - leads to any state");

    for (const Move& move : moves) {
        if (!move.to) {
            drawing.notes.push_back(std::string(to_text(move.operation)) + " - stays in " +
                                    joined(move.from, ", "));
            continue;
        }
        const bool framed = std::ranges::includes(move.from, drawing.frame);
        if (framed) add_arrow(drawing.arrows, std::nullopt, *move.to, move.operation);
        for (const State from : move.from) {
            if (framed && drawing.frame.contains(from)) continue;
            if (reached[{move.operation, from}].size() + 1 == state_count) continue;
            add_arrow(drawing.arrows, from, *move.to, move.operation);
        }
    }
    note_fences(rows, drawing.notes);
    return drawing;
}

std::vector<State> terminal_states() {
    std::vector<State> terminal;
    for (const auto& label : all_labels<State>())
        if (is_terminal(label.value)) terminal.push_back(label.value);
    return terminal;
}

std::string mermaid_name(std::optional<State> state) {
    if (!state) return "any";
    return *state == State::none ? "[*]" : std::string(to_text(*state));
}

}  // namespace

std::string draw_mermaid() {
    const Drawing drawing = draw();
    std::string text = "stateDiagram-v2\n    state \"any of these\" as any {\n";
    for (const State state : drawing.frame) text += "        " + mermaid_name(state) + "\n";
    text += "    }\n";
    for (const Arrow& arrow : drawing.arrows)
        text += "    " + mermaid_name(arrow.from) + " --> " + mermaid_name(arrow.to) + " : " +
                joined(arrow.operations, "<br/>") + "\n";
    for (const State state : terminal_states()) text += "    " + mermaid_name(state) + " --> [*]\n";
    // At a plain state: Mermaid does not place notes at a frame.
    text += "    note right of " + mermaid_name(terminal_states().front()) + "\n";
    for (const std::string& note : drawing.notes) text += "        " + note + "\n";
    return text + "    end note\n";
}

std::string draw_graphviz() {
    const Drawing drawing = draw();
    std::string text =
        "digraph lifecycle {\n"
        "    compound=true;\n"
        "    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        "    edge [fontname=\"sans-serif\", fontsize=10];\n"
        "    none [shape=point, label=\"\"];\n"
        "    subgraph cluster_any {\n"
        "        label=\"any of these\";\n";
    for (const State state : drawing.frame)
        text += "        " + std::string(to_text(state)) + ";\n";
    text += "    }\n";
    for (const State state : terminal_states())
        text += "    " + std::string(to_text(state)) + " [peripheries=2];\n";
    for (const Arrow& arrow : drawing.arrows) {
        // An arrow starts at a node; `ltail` cuts it off at the frame.
        const State from = arrow.from.value_or(*drawing.frame.rbegin());
        text += "    " + std::string(to_text(from)) + " -> " + std::string(to_text(arrow.to)) +
                " [" + (arrow.from ? "" : "ltail=cluster_any, ") + "label=\"" +
                joined(arrow.operations, "\\n") + "\"];\n";
    }
    text += "    notes [shape=note, style=solid, fontsize=10, label=\"";
    for (const std::string& note : drawing.notes) text += note + "\\l";
    return text + "\"];\n}\n";
}

}  // namespace fenceline
