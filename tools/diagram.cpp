// `fenceline diagram`: the state machine, drawn from its transition table.

#include <memory>

#include "statemachine/decide.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

int diagram(const std::string& format, const Context& context) {
    if (!context.json) {
        write_out(format == "graphviz" ? draw_graphviz() : draw_mermaid());
        return exit_done;
    }
    for (const auto& row : transition_rows())
        write_out(line_of({{"from", row.from == State::none ? Json(nullptr) : to_text(row.from)},
                           {"operation", to_text(row.operation)},
                           {"to", to_text(row.to)},
                           {"fences", row.fences}}));
    return exit_done;
}

}  // namespace

void add_diagram(CommandLine& line) {
    auto format = std::make_shared<std::string>("mermaid");
    line.command("diagram", "the state machine, drawn from its transition table")
        .choice("--format", {"mermaid", "graphviz"}, *format, "language of the drawing (mermaid)")
        .note("With --json: the rows of the table, one a line.")
        .example("fenceline diagram --format graphviz | dot -Tsvg > lifecycle.svg")
        .run([format](Context& context) { return diagram(*format, context); });
}

}  // namespace fenceline::tools
