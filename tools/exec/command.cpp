// `fenceline exec`: drives a store with JSON lines.

#include <unistd.h>
#include <csignal>
#include <memory>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/exec/session.hpp"
#include "tools/output.hpp"
#include "tools/stop_signals.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

namespace {

struct ExecOptions {
    std::string path;
    std::string caller = "exec";
    std::string run;
    std::string clock = "system";
    std::string heartbeat_resolution = "0s";
    std::string anchor_path;
    bool strict = false;
};

// Where an input clock begins: no line may go behind the journal's last event.
Result<Time> last_time(const std::string& path) {
    const auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(reader.error());
    const auto head = (*reader)->head();
    if (!head) return tl::unexpected<Error>(head.error());
    return head->at;
}

int exec(const ExecOptions& options, Context&) {
    if (options.caller.empty()) return wrong_usage("exec", "--as: the name of who asks is empty");
    const auto resolution = parse_duration(options.heartbeat_resolution);
    if (!resolution)
        return wrong_usage("exec", "--heartbeat-resolution: " + resolution.error().text);
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of the write
    StopSignals stop;
    InputClock clock;
    const bool input_clock = options.clock == "input";
    if (input_clock) {
        const auto last = last_time(options.path);
        if (!last) return report(options.path, last.error());
        clock.set(*last);
    }
    auto store = LifecycleStore::open({.path = options.path,
                                       .instance = options.caller,
                                       .run = options.run,
                                       .heartbeat_resolution = *resolution,
                                       .clock = input_clock ? &clock : nullptr,
                                       .anchor_path = options.anchor_path});
    if (!store) return report(options.path, store.error());
    Session session(**store, {.caller = options.caller,
                              .strict = options.strict,
                              .clock = input_clock ? &clock : nullptr});
    LineReader input(STDIN_FILENO, stop.fd());
    const int code = session.run(input);
    if (const auto closed = (*store)->close(); !closed) {
        const int failed = report(options.path, closed.error());
        return code == exit_done ? failed : code;
    }
    return code;
}

}  // namespace

void add_exec(CommandLine& line) {
    auto options = std::make_shared<ExecOptions>();
    line.command("exec", "drive the store with JSON lines: requests on stdin, answers on stdout")
        .argument("JOURNAL", options->path, "path of the journal, made by init")
        .option("--as", "CP", options->caller, "control-plane instance that asks (exec)")
        .option("--run", "ID", options->run, "name of this run in the journal (made up)")
        .choice("--clock", {"system", "input"}, options->clock,
                "input: the time is each line's \"at\"")
        .option("--heartbeat-resolution", "SPAN", options->heartbeat_resolution,
                "heartbeats so close to the last recorded one are tallied (0s: never)")
        .option("--anchor-path", "FILE", options->anchor_path,
                "where the head is kept besides (JOURNAL-anchor)")
        .flag("--strict", options->strict, "stop at the first refused line")
        .note(
            "Lines are {\"op\": ...} or {\"query\": ...}; \"id\" is echoed. An answer is written\n"
            "after its event is durable; lines that already wait share one commit.\n"
            "A fence miss is an answer. A line that cannot be understood, goes back in time or\n"
            "makes no sense is refused: {\"error\":...,\"line\":N}, and the exit code is 4. When\n"
            "the journal failed an operation it is 3. With --clock system a line's \"at\" is not\n"
            "used; with --clock input a line without one keeps the last line's time.")
        .example("fenceline exec pool.db --as cp-a < requests.jsonl")
        .example(
            "echo '{\"op\":\"claim_idle\",\"org\":\"acme\"}' | fenceline exec pool.db --as cp-a")
        .example("echo '{\"query\":\"observe\",\"worker\":61}' | fenceline exec pool.db")
        .run([options](Context& context) { return exec(*options, context); });
}

}  // namespace fenceline::tools
