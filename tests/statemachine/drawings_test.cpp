// The drawings say what the table says.

#include <algorithm>
#include <sstream>

#include "statemachine/decide.hpp"

#include <doctest/doctest.h>

namespace fenceline::testing {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

bool has_line(const std::string& text, const std::string& line) {
    const auto lines = lines_of(text);
    return std::ranges::find(lines, line) != lines.end();
}

// The frame's states, as the drawing lists them.
bool framed(const std::string& drawing, State state) {
    return has_line(drawing, "        " + std::string(to_text(state)));
}

bool names(const std::string& line, std::string_view word) {
    for (auto at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
        const auto is_part = [&](std::size_t i) {
            return i < line.size() &&
                   (std::isalnum(static_cast<unsigned char>(line[i])) || line[i] == '_');
        };
        if (!(at > 0 && is_part(at - 1)) && !is_part(at + word.size())) return true;
    }
    return false;
}

}  // namespace

TEST_SUITE("statemachine/drawings") {
    TEST_CASE("the Mermaid drawing shows every row of the table") {
        const std::string drawing = draw_mermaid();
        const auto lines = lines_of(drawing);
        CHECK(lines.at(0) == "stateDiagram-v2");
        for (const auto& row : transition_rows()) {
            const std::string operation(to_text(row.operation));
            const std::string to(to_text(row.to));
            const std::string from =
                row.from == State::none ? "[*]" : std::string(to_text(row.from));
            CAPTURE(operation);
            CAPTURE(from);
            CAPTURE(to);
            const bool shown = std::ranges::any_of(lines, [&](const std::string& line) {
                if (!names(line, operation)) return false;
                const bool arrow =
                    line.starts_with("    " + from + " --> " + to + " : ") ||
                    (framed(drawing, row.from) && line.starts_with("    any --> " + to + " : "));
                const bool stays = row.from == row.to && names(line, "stays in") && names(line, to);
                return arrow || stays || names(line, "leads to any state");
            });
            CHECK(shown);
            if (row.fences.empty()) continue;
            CHECK(std::ranges::any_of(lines, [&](const std::string& line) {
                return names(line, operation) && line.ends_with(" - fenced by " + row.fences);
            }));
        }
    }

    TEST_CASE("the Mermaid drawing shows no arrow that the table has not") {
        const std::string drawing = draw_mermaid();
        const auto rows = transition_rows();
        for (const std::string& line : lines_of(drawing)) {
            const auto arrow = line.find(" --> ");
            const auto colon = line.find(" : ");
            if (arrow == line.npos || colon == line.npos) continue;
            CAPTURE(line);
            const std::string from = line.substr(4, arrow - 4);
            const std::string to = line.substr(arrow + 5, colon - arrow - 5);
            std::string rest = line.substr(colon + 3) + "<br/>";
            for (std::size_t end; (end = rest.find("<br/>")) != rest.npos; rest.erase(0, end + 5)) {
                const auto operation = from_text<Operation>(rest.substr(0, end));
                REQUIRE(operation.has_value());
                for (const auto& state : all_labels<State>()) {
                    if (from == "any" ? !framed(drawing, state.value)
                                      : from != (state.value == State::none ? "[*]" : state.text))
                        continue;
                    CHECK(std::ranges::any_of(rows, [&](const TransitionRow& row) {
                        return row.from == state.value && row.operation == *operation &&
                               to_text(row.to) == to;
                    }));
                }
            }
        }
    }

    TEST_CASE("the frame holds every active state but draining") {
        const std::string drawing = draw_mermaid();
        for (const auto& state : all_labels<State>())
            CHECK(framed(drawing, state.value) ==
                  (is_active(state.value) && state.value != State::draining));
    }

    TEST_CASE("terminal states are marked in both drawings") {
        CHECK(has_line(draw_mermaid(), "    retired --> [*]"));
        CHECK(has_line(draw_mermaid(), "    lost --> [*]"));
        CHECK(has_line(draw_graphviz(), "    retired [peripheries=2];"));
        CHECK(has_line(draw_graphviz(), "    lost [peripheries=2];"));
    }

    TEST_CASE("the Graphviz drawing has the same arrows") {
        const auto mermaid = lines_of(draw_mermaid());
        const auto graphviz = lines_of(draw_graphviz());
        const auto labelled = [](const std::string& line) {
            return line.find(" : ") != line.npos && line.find(" --> ") != line.npos;
        };
        const auto arrow = [](const std::string& line) { return line.find(" -> ") != line.npos; };
        CHECK(std::ranges::count_if(mermaid, labelled) == std::ranges::count_if(graphviz, arrow));
        CHECK(has_line(draw_graphviz(), "    spawning -> idle [label=\"publish_idle\"];"));
        CHECK(has_line(draw_graphviz(),
                       "    hot_idle -> draining [ltail=cluster_any, label=\"drain\"];"));
    }
}

}  // namespace fenceline::testing
