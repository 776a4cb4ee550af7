#include "tools/commands.hpp"

int main(int argc, char** argv) {
    using namespace fenceline::tools;
    CommandLine line;
    add_init(line);
    add_exec(line);
    add_simulate(line);
    add_import(line);
    add_seal(line);
    add_retain(line);
    add_pins(line);
    add_log(line);
    add_ps(line);
    add_show(line);
    add_stats(line);
    add_metrics(line);
    add_serve(line);
    add_replay(line);
    add_report(line);
    add_verify(line);
    add_diff(line);
    add_explain(line);
    add_anchor(line);
    add_backup(line);
    add_export(line);
    add_diagram(line);
    add_bench(line);
    return line.run(argc, argv);
}
