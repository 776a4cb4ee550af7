#include "tools/command_line.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

// Decimal and within 64 bits, nothing else: "010" is ten, "1e3" is refused.
std::int64_t number_of(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw CLI::ValidationError("\"" + text + "\" is not a whole number");
    return value;
}

std::size_t distance(std::string_view a, std::string_view b) {
    // Levenshtein with swaps of neighbours, one row a character of `a`.
    std::vector<std::size_t> before_last, last(b.size() + 1), now(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = a[i - 1] == b[j - 1];
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = std::min(now[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = now;
    }
    return last[b.size()];
}

// The parser's own messages start with the option's name; ours do not repeat it.
std::string why_of(const CLI::Error& error) {
    std::string why = error.what();
    std::replace(why.begin(), why.end(), '\n', ' ');
    return why;
}

// The number of a standard stream that is closed must not become that of a file of the journal,
// which what is printed would then be written to: it is taken by what fails as a closed one does.
void hold_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) == -1)
            (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& words) {
    constexpr std::size_t longest = 64;  // nobody means a known word by more than this
    if (word.size() > longest) return std::nullopt;
    std::optional<std::string> best;
    std::size_t least = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 2)) + 1;
    for (const auto& candidate : words)
        if (const auto d = distance(word, candidate); d < least) {
            least = d;
            best = candidate;
        }
    return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& words) {
    const auto near = nearest_word(word, words);
    return near ? "; did you mean \"" + *near + "\"?" : "";
}

// --- one command --------------------------------------------------------------------------------

Subcommand& Subcommand::argument(const std::string& name, std::string& into, std::string help) {
    app_.add_option(name, into, std::move(help))->required()->option_text(" ");
    return *this;
}

Subcommand& Subcommand::argument(const std::string& name, std::int64_t& into, std::string help) {
    app_.add_option_function<std::string>(
            name, [&into](const std::string& text) { into = number_of(text); }, std::move(help))
        ->required()
        ->option_text(" ");
    return *this;
}

Subcommand& Subcommand::argument(const std::string& name, std::vector<std::string>& into,
                                 std::string help) {
    app_.add_option(name, into, std::move(help))->required()->expected(1, -1)->option_text("...");
    return *this;
}

Subcommand& Subcommand::optional_argument(const std::string& name, std::string& into,
                                          std::string help) {
    app_.add_option(name, into, std::move(help))->option_text(" ");
    return *this;
}

Subcommand& Subcommand::option(const std::string& name, std::string value, std::string& into,
                               std::string help) {
    app_.add_option(name, into, std::move(help))->option_text(std::move(value));
    return *this;
}

Subcommand& Subcommand::option(const std::string& name, std::string value, std::int64_t& into,
                               std::string help) {
    app_.add_option_function<std::string>(
            name, [&into](const std::string& text) { into = number_of(text); }, std::move(help))
        ->option_text(std::move(value));
    return *this;
}

Subcommand& Subcommand::option(const std::string& name, std::string value,
                               std::optional<std::int64_t>& into, std::string help) {
    app_.add_option_function<std::string>(
            name, [&into](const std::string& text) { into = number_of(text); }, std::move(help))
        ->option_text(std::move(value));
    return *this;
}

Subcommand& Subcommand::option(const std::string& name, std::string value,
                               std::vector<std::string>& into, std::string help) {
    app_.add_option(name, into, std::move(help))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->option_text(std::move(value));
    return *this;
}

Subcommand& Subcommand::choice(const std::string& name, std::vector<std::string> words,
                               std::string& into, std::string help) {
    const auto shown = fmt::format("{}", fmt::join(words, "|"));
    app_.add_option_function<std::string>(
            name,
            [&into, words = std::move(words), shown](const std::string& text) {
                if (std::find(words.begin(), words.end(), text) == words.end())
                    throw CLI::ValidationError("\"" + text + "\" is none of " + shown);
                into = text;
            },
            std::move(help))
        ->option_text(shown);
    return *this;
}

Subcommand& Subcommand::flag(const std::string& name, bool& into, std::string help) {
    app_.add_flag(name, into, std::move(help));
    return *this;
}

Subcommand& Subcommand::example(const std::string& line) {
    examples_ += (examples_.empty() ? "Examples:\n  " : "  ") + line + "\n";
    app_.footer(notes_ + examples_);
    return *this;
}

Subcommand& Subcommand::note(const std::string& text) {
    notes_ += text + "\n\n";
    app_.footer(notes_ + examples_);
    return *this;
}

Subcommand& Subcommand::run(std::function<int(Context&)> body) {
    body_ = std::move(body);
    return *this;
}

// --- the program --------------------------------------------------------------------------------

struct CommandLine::Parser {
    CLI::App app{"Event-sourced lifecycle store for a pool of workers, with a replay engine"};
    std::deque<std::pair<std::string, Subcommand>> commands;
    bool json = false;

    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& [name, command] : commands) out.push_back(name);
        return out;
    }
    // The first word that is no option: the command, as far as the user is concerned.
    static std::string first_word(int argc, char** argv) {
        for (int i = 1; i < argc; ++i)
            if (argv[i][0] != '-') return argv[i];
        return {};
    }
    // The word that the parser could not place, without its value.
    static std::string unknown_option(const CLI::App* app) {
        for (const auto& word : app->remaining(true))
            if (word.size() > 1 && word.front() == '-') return word.substr(0, word.find('='));
        return {};
    }
    int usage(const CLI::ParseError& error, int argc, char** argv) const;
};

int CommandLine::Parser::usage(const CLI::ParseError& error, int argc, char** argv) const {
    const auto word = first_word(argc, argv);
    const auto known = names();
    const bool is_command = std::find(known.begin(), known.end(), word) != known.end();
    if (!is_command) {
        if (word.empty())
            return wrong_usage("usage",
                               unknown_option(&app).empty()
                                   ? "a command is needed"
                                   : "\"" + unknown_option(&app) + "\" is no option",
                               "fenceline --help lists the commands");
        return wrong_usage("usage", "unknown command \"" + word + "\"" + suggestion(word, known),
                           "fenceline --help lists the commands");
    }
    const auto hint = "fenceline " + word + " --help shows its use";
    const auto* command = app.get_subcommand(word);
    if (const auto option = unknown_option(&app);
        !option.empty() && dynamic_cast<const CLI::ExtrasError*>(&error)) {
        std::vector<std::string> options{"--json", "--help"};
        for (const auto* each : command->get_options())
            for (const auto& name : each->get_lnames()) options.push_back("--" + name);
        return wrong_usage(word, "unknown option \"" + option + "\"" + suggestion(option, options),
                           hint);
    }
    return wrong_usage(word, why_of(error), hint);
}

CommandLine::CommandLine() : parser_(std::make_unique<Parser>()) {
    auto& app = parser_->app;
    app.name("fenceline");
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.set_version_flag("--version", "fenceline " FENCELINE_VERSION);
    app.add_flag("--json", parser_->json, "results as JSON; works with every command");
    app.require_subcommand(1);
    app.fallthrough();
    app.get_formatter()->column_width(34);
    app.footer(
        "Times (--at, --from, --to) are RFC 3339, @unix-seconds, a position #1234, or relative\n"
        "to the journal's last event: -30s, -15m, -2h, -1d.\n\n"
        "Exit codes: 0 done, 1 different or not sound, 2 wrong usage, 3 journal not readable,\n"
        "4 input refused.\n\n"
        "Examples:\n"
        "  fenceline init pool.db\n"
        "  echo '{\"op\":\"spawn\",\"image\":\"duckdb:1.2\"}' | fenceline exec pool.db --as cp-a\n"
        "  fenceline ps pool.db\n"
        "  fenceline log pool.db --outcome fence_miss_epoch --from -15m\n");
}

CommandLine::~CommandLine() = default;

Subcommand& CommandLine::command(const std::string& name, const std::string& summary) {
    auto* sub = parser_->app.add_subcommand(name, summary);
    return parser_->commands.emplace_back(name, Subcommand(*sub)).second;
}

int CommandLine::run(int argc, char** argv) {
    hold_standard_streams();
    auto& app = parser_->app;
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return after_output(app.exit(done));  // --help and --version, on stdout
    } catch (const CLI::ParseError& error) {
        return parser_->usage(error, argc, argv);
    }
    const char* no_color = std::getenv("NO_COLOR");
    Context context{
        .json = parser_->json,
        .colour = (no_color == nullptr || *no_color == '\0') && ::isatty(STDOUT_FILENO) == 1,
        .progress = ::isatty(STDERR_FILENO) == 1};
    for (auto& [name, command] : parser_->commands)
        if (app.got_subcommand(name)) return after_output(command.body()(context));
    return exit_usage;
}

}  // namespace fenceline::tools
