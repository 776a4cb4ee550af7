// `fenceline bench`

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/bench/bench.hpp"
#include "tools/commands.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

struct BenchOptions {
    std::string folder = ".";
    std::vector<std::string> only;
    std::int64_t rounds = 5;
    std::int64_t seconds = 2;
    std::int64_t callers = 64;
    std::int64_t workers = 100'000;
    std::int64_t events = 1'000'000;
};

// A folder of our own on the disk that is to be measured; gone at the end, whatever happens.
class Folder {
  public:
    static Result<Folder> make(const std::string& in) {
        std::string path = in + "/fenceline-bench-XXXXXX";
        if (!mkdtemp(path.data()))
            return fail(ErrorCode::io, "no folder could be made in " + in,
                        "name one on the disk to measure with --folder");
        return Folder(std::move(path));
    }
    Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Folder& operator=(Folder&&) = delete;
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit Folder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

std::string processor() {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown processor";
}

std::string machine() {
    utsname name{};
    uname(&name);
    return fmt::format("{}, {} cores, {} {}, SQLite {}", processor(),
                       std::thread::hardware_concurrency(), name.sysname, name.release,
                       sqlite3_libversion());
}

std::string number(double value) {
    if (value >= 10'000) return fmt::format("{:.0f}", value);
    return fmt::format("{:.{}f}", value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

std::string goal_of(const bench::Figure& figure) {
    using enum bench::Figure::Goal;
    switch (figure.kind) {
        case ratio_at_least:
        case at_least: return fmt::format(">= {:g}", figure.goal);
        case at_most: return fmt::format("<= {:g}", figure.goal);
        case none: break;
    }
    return "";
}

void print_json(const bench::Figures& figures) {
    nlohmann::ordered_json out{{"machine", machine()}, {"figures", nlohmann::json::array()}};
    for (const auto& figure : figures) {
        nlohmann::ordered_json row{{"name", figure.name},
                                   {"what", figure.what},
                                   {"unit", figure.unit},
                                   {"value", figure.value}};
        if (figure.bare > 0) {
            row["bare_sqlite"] = figure.bare;
            row["ratio"] = figure.ratio();
        }
        if (figure.kind != bench::Figure::Goal::none) {
            row["goal"] = goal_of(figure);
            row["reached"] = figure.reached();
        }
        out["figures"].push_back(std::move(row));
    }
    write_out(out.dump(2) + "\n");
}

void print_table(const bench::Figures& figures, const Context& context) {
    using enum Table::Align;
    Table table({{"what"},
                 {"ours", right},
                 {"unit"},
                 {"bare SQLite", right},
                 {"ratio", right},
                 {"goal", right},
                 {""}});
    for (const auto& figure : figures) {
        const bool judged = figure.kind != bench::Figure::Goal::none;
        table.row({figure.what, number(figure.value), figure.unit,
                   figure.bare > 0 ? number(figure.bare) : "",
                   figure.bare > 0 ? fmt::format("{:.2f}", figure.ratio()) : "", goal_of(figure),
                   !judged            ? ""
                   : figure.reached() ? "reached"
                                      : "missed"});
    }
    write_out(machine() + "\n\n" + table.text(context));
}

struct Part {
    std::string_view name;
    Result<void> (*measure)(const bench::Options&, bench::Figures&);
};
// In the order of the table. The first wants a heap that nobody has used, and the last holds much
// memory, which would count as that of the programs that others start.
constexpr Part parts[] = {
    {"memory", bench::measure_in_memory},    {"durable", bench::measure_durable},
    {"processes", bench::measure_processes}, {"replay", bench::measure_replay},
    {"sealed", bench::measure_sealed},       {"past", bench::measure_past},
    {"report", bench::measure_report},       {"diff", bench::measure_diff},
    {"scrape", bench::measure_scrapes},
};

std::string part_names() {
    std::string names;
    for (const Part& part : parts) {
        if (!names.empty()) names += &part == std::end(parts) - 1 ? " or " : ", ";
        names += part.name;
    }
    return names;
}

int run_bench(const BenchOptions& asked, Context& context) {
    if (asked.rounds < 1 || asked.seconds < 1 || asked.callers < 1 || asked.workers < 1 ||
        asked.events < 1'000)
        return wrong_usage("bench", "every number must be at least 1, --events at least 1000");
    auto folder = Folder::make(asked.folder);
    if (!folder) return report("bench", folder.error());
    const bench::Options options{.folder = folder->path(),
                                 .rounds = static_cast<int>(asked.rounds),
                                 .seconds_per_round = static_cast<int>(asked.seconds),
                                 .callers = static_cast<int>(asked.callers),
                                 .workers = asked.workers,
                                 .events = asked.events};
    bench::Figures figures;
    for (const auto& [name, measure] : parts) {
        if (!asked.only.empty() && std::ranges::count(asked.only, name) == 0) continue;
        if (context.progress) fmt::print(stderr, "measuring: {}\n", name);
        if (auto done = measure(options, figures); !done) return report("bench", done.error());
    }
    if (figures.empty()) return wrong_usage("bench", "--only takes " + part_names());
    context.json ? print_json(figures) : print_table(figures, context);
    return exit_done;
}

}  // namespace

void add_bench(CommandLine& line) {
    auto options = std::make_shared<BenchOptions>();
    line.command("bench", "what the store costs, side by side with bare SQLite in the same run")
        .option("--folder", "DIR", options->folder,
                "on the disk to measure; a folder is made in "
                "it and removed")
        .option("--only", "PART", options->only, part_names() + "; may be repeated")
        .option("--rounds", "N", options->rounds, "rounds in turn; the median counts")
        .option("--seconds", "N", options->seconds, "length of each durable measurement")
        .option("--callers", "N", options->callers, "threads that ask at once")
        .option("--workers", "N", options->workers, "live workers in the memory measurement")
        .option("--events", "N", options->events, "events of the file that is replayed")
        .note(
            "Both sides use WAL and synchronous=FULL. Ratios are what counts: they are taken "
            "in one run on one disk.")
        .example("fenceline bench --folder /var/tmp")
        .example("fenceline bench --only durable --callers 8 --json")
        .run([options](Context& context) { return run_bench(*options, context); });
}

}  // namespace fenceline::tools
