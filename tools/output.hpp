#pragma once

// What reaches the terminal: errors in one shape, texts from journals made harmless, tables.
//
// A text in a journal is data from outside. Nothing of it may move a cursor, start a line or
// change a colour: people see control characters as \x1b, \n or \u202e.

#include <string>
#include <string_view>
#include <vector>

#include "events/result.hpp"
#include "tools/command_line.hpp"

namespace fenceline::tools {

// One line on stderr, "fenceline: what: why", and the hint, if there is one, on the next.
void print_error(std::string_view what, std::string_view why, std::string_view hint = {});

// Prints the error of a journal and gives the exit code that belongs to it.
[[nodiscard]] int report(std::string_view what, const Error& error);

// Prints a wrong use of the command and gives exit_usage.
[[nodiscard]] int wrong_usage(std::string_view what, std::string_view why,
                              std::string_view hint = {});

// The text with every control character, line separator and direction override escaped.
[[nodiscard]] std::string printable(std::string_view text);

// Writes to stdout; whether all of it went out.
bool write_out(std::string_view text);
// The exit code of a command that came to `code`: where its output was cut short, exit_journal, and
// the error is printed. A reader that went away has what it wanted.
[[nodiscard]] int after_output(int code);

// Rows under a header, columns aligned with two spaces between.
class Table {
  public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as columns. Cells are made printable here.
    void row(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::string text(const Context& context) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// A span of time for people: "1.5 ms", "12.0 s", "3 h 20 min".
[[nodiscard]] std::string human_duration(std::int64_t ns);

}  // namespace fenceline::tools
