#pragma once

// The one door to the command-line parser, so that a command is declared in a few lines and no
// other file pays for the parser's headers.
//
//   auto options = std::make_shared<PsOptions>();
//   line.command("ps", "the workers now, or at a time")
//       .argument("JOURNAL", options->path, "path of the journal")
//       .option("--at", "WHEN", options->at, "as of then")
//       .example("fenceline ps pool.db --state hot")
//       .run([options](Context& context) { return ps(*options, context); });
//
// Everything that options write to must outlive run(): keep it in a shared_ptr that the run
// function holds.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/labels.hpp"

namespace CLI {
class App;
}

namespace fenceline::tools {

// What the program ends with (section 1 of the command line's contract).
enum ExitCode : int {
    exit_done = 0,
    exit_differs = 1,  // done, and the answer is "not the same" or "not sound"
    exit_usage = 2,
    exit_journal = 3,  // could not be opened, read or written
    exit_refused = 4,  // input refused
};

// What every command knows.
struct Context {
    bool json = false;
    bool colour = false;    // stdout is a terminal and nobody said NO_COLOR
    bool progress = false;  // stderr is a terminal
};

class Subcommand {
  public:
    explicit Subcommand(CLI::App& app) : app_(app) {}

    Subcommand& argument(const std::string& name, std::string& into, std::string help);
    Subcommand& argument(const std::string& name, std::int64_t& into, std::string help);
    // One or more.
    Subcommand& argument(const std::string& name, std::vector<std::string>& into, std::string help);
    Subcommand& optional_argument(const std::string& name, std::string& into, std::string help);
    Subcommand& option(const std::string& name, std::string value, std::string& into,
                       std::string help);
    Subcommand& option(const std::string& name, std::string value, std::int64_t& into,
                       std::string help);
    Subcommand& option(const std::string& name, std::string value,
                       std::optional<std::int64_t>& into, std::string help);
    // May be given more than once, one value each.
    Subcommand& option(const std::string& name, std::string value, std::vector<std::string>& into,
                       std::string help);
    // One of a closed set of words.
    Subcommand& choice(const std::string& name, std::vector<std::string> words, std::string& into,
                       std::string help);
    Subcommand& flag(const std::string& name, bool& into, std::string help);
    Subcommand& example(const std::string& line);
    // Shown by --help after the options.
    Subcommand& note(const std::string& text);
    Subcommand& run(std::function<int(Context&)> body);

    std::function<int(Context&)>& body() { return body_; }

  private:
    CLI::App& app_;
    std::string notes_, examples_;
    std::function<int(Context&)> body_;
};

class CommandLine {
  public:
    CommandLine();
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    Subcommand& command(const std::string& name, const std::string& summary);

    // Parses, runs the chosen command, and gives the exit code. Wrong usage is told on stderr.
    [[nodiscard]] int run(int argc, char** argv);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

// The word that was probably meant, or nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word,
                                                      const std::vector<std::string>& words);
// "; did you mean \"drain\"?", or nothing when no word is near.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& words);

// What may be written for a label of a closed vocabulary: not the word for its absence.
template <typename E>
[[nodiscard]] std::vector<std::string> label_texts() {
    std::vector<std::string> out;
    for (const auto& label : all_labels<E>())
        if (label.text != "none" && !label.text.empty()) out.emplace_back(label.text);
    return out;
}

}  // namespace fenceline::tools
