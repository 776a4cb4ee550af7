// `fenceline import`: a journal from the lines of an export, or from workers that exist elsewhere.

#include <unistd.h>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "journal/building.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/exec/line_reader.hpp"
#include "tools/import/events.hpp"
#include "tools/import/workers.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/stop_signals.hpp"

namespace fenceline::limits {

// One line of an import: the longest list of targets, with every byte of its texts escaped.
inline constexpr std::size_t import_line_bytes = std::size_t{4} << 20;

}  // namespace fenceline::limits

namespace fenceline::tools {

namespace {

struct ImportOptions {
    std::string path;
    std::string caller = "import";
    bool as_recorded = false;
};

// The lines of stdin, and what became of them.
class Import {
  public:
    explicit Import(const ImportOptions& options)
        : options_(options), input_(STDIN_FILENO, stop_.fd(), limits::import_line_bytes) {}

    Result<void> fill(std::unique_ptr<Journal> journal) {
        InputLine line;
        const auto got = next(line);
        if (!got) return tl::unexpected<Error>(got.error());
        if (!*got)
            return fail(ErrorCode::invalid_request, "there is nothing to import",
                        "fenceline init makes an empty journal");
        if (line.text.find("\"line\"") != std::string::npos) return events(*journal, line);
        return workers(std::move(journal), line);
    }

    [[nodiscard]] std::int64_t line() const { return line_; }
    [[nodiscard]] const Head& head() const { return head_; }
    [[nodiscard]] std::int64_t adopted() const { return adopted_; }

  private:
    // False at the end.
    Result<bool> next(InputLine& line) {
        switch (input_.next(line, LineReader::Wait::yes)) {
            case LineReader::Got::line: break;
            case LineReader::Got::nothing_yet:
            case LineReader::Got::end:
                if (stop_.wait_ms(0))
                    return fail(ErrorCode::invalid_request, "it was stopped before its end");
                return false;
            case LineReader::Got::failed:
                return fail(ErrorCode::invalid_request, "stdin could not be read");
        }
        line_ = line.number;
        if (!line.too_long) return true;
        return fail(ErrorCode::invalid_request,
                    fmt::format("it is longer than {} bytes", limits::import_line_bytes));
    }

    template <typename Take>
    Result<void> each(InputLine& line, Take&& take) {
        for (;;) {
            FENCELINE_TRY(take(line));
            const auto more = next(line);
            if (!more) return tl::unexpected<Error>(more.error());
            if (!*more) return {};
        }
    }

    Result<void> events(Journal& journal, InputLine& line) {
        EventImport import(journal,
                           options_.as_recorded ? Contradictions::kept : Contradictions::refused);
        FENCELINE_TRY(each(line, [&](const InputLine& l) { return import.take(l.text); }));
        FENCELINE_TRY(import.end());
        head_ = import.head();
        return {};
    }

    Result<void> workers(std::unique_ptr<Journal> journal, InputLine& line) {
        auto store = LifecycleStore::open({.instance = options_.caller}, std::move(journal));
        if (!store) return tl::unexpected<Error>(std::move(store.error()));
        WorkerImport import(**store);
        auto taken = each(line, [&](const InputLine& l) { return import.take(l.number, l.text); });
        if (taken) taken = import.end();
        if (!taken) {
            line_ = std::max<std::int64_t>(line_, 1);
            if (import.failed_line() > 0) line_ = import.failed_line();
            return taken;
        }
        adopted_ = import.adopted();
        return (*store)->close();
    }

    const ImportOptions& options_;
    StopSignals stop_;
    LineReader input_;
    std::int64_t line_ = 0;
    Head head_;
    std::int64_t adopted_ = 0;
};

int run_import(const ImportOptions& options, const Context& context) {
    if (options.caller.empty())
        return wrong_usage("import", "--as: the name of who adopts is empty");
    Import import(options);
    const auto built = build_journal({.path = options.path}, [&](std::unique_ptr<Journal> journal) {
        return import.fill(std::move(journal));
    });
    if (!built) {
        const auto& error = built.error();
        if (error.code != ErrorCode::invalid_request) return report(options.path, error);
        print_error(
            "import",
            import.line() > 0 ? fmt::format("line {}: {}", import.line(), error.text) : error.text,
            error.hint);
        return exit_refused;
    }
    const replay::Anchor anchor{import.head().position, import.head().chain};
    const bool adopted = import.adopted() > 0;
    if (context.json)
        write_out(line_of(adopted ? Json{{"imported", options.path}, {"workers", import.adopted()}}
                                  : Json{{"imported", options.path},
                                         {"position", import.head().position.value},
                                         {"anchor", to_text(anchor)}}));
    else
        write_out(adopted ? fmt::format("{}: {} workers adopted\n", printable(options.path),
                                        import.adopted())
                          : fmt::format("{}: {} events, anchor {}\n", printable(options.path),
                                        import.head().position.value, to_text(anchor)));
    return exit_done;
}

}  // namespace

void add_import(CommandLine& line) {
    auto options = std::make_shared<ImportOptions>();
    line.command("import", "a new journal from an export, or from workers that exist elsewhere")
        .argument("JOURNAL", options->path, "path of the new journal; nothing may be there")
        .option("--as", "CP", options->caller, "workers: the control plane that adopts (import)")
        .flag("--as-recorded", options->as_recorded,
              "events: take what contradicts the events before it")
        .note(
            "Lines on stdin are those of export --format jsonl, which give the same journal "
            "again,\n"
            "or workers: records as ps --json prints them, adopted one by one. A line that is\n"
            "malformed or contradicts those before it is refused with its number, exit code 4, "
            "and\n"
            "no journal is made.")
        .example("fenceline export pool.db --format jsonl | fenceline import copy.db")
        .example("fenceline ps old.db --json | fenceline import new.db --as cp-a")
        .run([options](Context& context) { return run_import(*options, context); });
}

}  // namespace fenceline::tools
