// The transition table as drawings. Everything comes from transition_rows(): a drawing cannot say
// what the table does not.

#include <algorithm>

#include "statemachine/decide.hpp"

namespace fenceline {

namespace {

// All that leads from one state to another, as one arrow.
struct Arrow {
    State from;
    State to;
    std::vector<Operation> operations;
};

std::vector<Arrow> arrows_of(const std::vector<TransitionRow>& rows) {
    std::vector<Arrow> arrows;
    for (const TransitionRow& row : rows) {
        auto it = std::ranges::find_if(arrows, [&](const Arrow& arrow) {
            return arrow.from == row.from && arrow.to == row.to;
        });
        if (it == arrows.end()) it = arrows.insert(arrows.end(), {row.from, row.to, {}});
        it->operations.push_back(row.operation);
    }
    return arrows;
}

// Operations that meet the same fences, in the order of the table.
struct Fenced {
    std::string fences;
    std::vector<Operation> operations;
};

std::vector<Fenced> fences_of(const std::vector<TransitionRow>& rows) {
    std::vector<Fenced> all;
    for (const TransitionRow& row : rows) {
        if (row.fences.empty()) continue;
        auto it = std::ranges::find(all, row.fences, &Fenced::fences);
        if (it == all.end()) it = all.insert(all.end(), {row.fences, {}});
        if (std::ranges::find(it->operations, row.operation) == it->operations.end())
            it->operations.push_back(row.operation);
    }
    return all;
}

std::string joined(const std::vector<Operation>& operations, std::string_view separator) {
    std::string text;
    for (const Operation operation : operations) {
        if (!text.empty()) text += separator;
        text += to_text(operation);
    }
    return text;
}

std::vector<State> terminal_states() {
    std::vector<State> terminal;
    for (const auto& label : all_labels<State>())
        if (is_terminal(label.value)) terminal.push_back(label.value);
    return terminal;
}

std::string mermaid_name(State state) {
    return state == State::none ? "[*]" : std::string(to_text(state));
}

}  // namespace

std::string draw_mermaid() {
    const auto rows = transition_rows();
    std::string text = "stateDiagram-v2\n    direction LR\n";
    for (const Arrow& arrow : arrows_of(rows))
        text += "    " + mermaid_name(arrow.from) + " --> " + mermaid_name(arrow.to) + " : " +
                joined(arrow.operations, "<br/>") + "\n";
    for (const State state : terminal_states())
        text += "    " + std::string(to_text(state)) + " --> [*]\n";
    text += "    note left of spawning\n        Fences, in the order they are checked\n";
    for (const Fenced& fenced : fences_of(rows))
        text += "        " + fenced.fences + " - " + joined(fenced.operations, ", ") + "\n";
    return text + "    end note\n";
}

std::string draw_graphviz() {
    const auto rows = transition_rows();
    std::string text =
        "digraph lifecycle {\n"
        "    rankdir=LR;\n"
        "    node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        "    edge [fontname=\"sans-serif\", fontsize=10];\n"
        "    none [shape=point, label=\"\"];\n";
    for (const State state : terminal_states())
        text += "    " + std::string(to_text(state)) + " [peripheries=2];\n";
    for (const Arrow& arrow : arrows_of(rows))
        text += "    " + std::string(to_text(arrow.from)) + " -> " +
                std::string(to_text(arrow.to)) + " [label=\"" + joined(arrow.operations, "\\n") +
                "\"];\n";
    text += "    fences [shape=note, style=solid, label=\"Fences, in the order they are checked\\l";
    for (const Fenced& fenced : fences_of(rows))
        text += fenced.fences + ": " + joined(fenced.operations, ", ") + "\\l";
    return text + "\"];\n}\n";
}

}  // namespace fenceline
