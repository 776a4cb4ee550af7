#pragma once

// All commands of the program: one function a command, each in a file of its own. A new command
// adds a line here and a call in main.cpp.

#include "tools/command_line.hpp"

namespace fenceline::tools {

// writing
void add_init(CommandLine&);
void add_exec(CommandLine&);
void add_simulate(CommandLine&);
void add_import(CommandLine&);
void add_seal(CommandLine&);
void add_retain(CommandLine&);
void add_pins(CommandLine&);
// reading
void add_log(CommandLine&);
void add_ps(CommandLine&);
void add_show(CommandLine&);
void add_stats(CommandLine&);
void add_metrics(CommandLine&);
void add_serve(CommandLine&);
void add_replay(CommandLine&);
void add_report(CommandLine&);
void add_verify(CommandLine&);
void add_diff(CommandLine&);
void add_explain(CommandLine&);
void add_anchor(CommandLine&);
void add_export(CommandLine&);
void add_backup(CommandLine&);
// without a journal
void add_diagram(CommandLine&);
void add_bench(CommandLine&);

}  // namespace fenceline::tools
