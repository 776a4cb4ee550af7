#include "tools/exec/session.hpp"

#include "events/limits.hpp"
#include "tools/exec/query_answers.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

Json error_of(std::int64_t number, const std::string& why) {
    return {{"error", "line " + std::to_string(number) + ": " + why}, {"line", number}};
}

// The line's id goes first, where people look for it.
Json with_id(const std::optional<Json>& id, Json answer) {
    if (!id) return answer;
    Json out{{"id", *id}};
    out.update(answer);
    return out;
}

}  // namespace

int Session::run(LineReader& input) {
    InputLine line;
    for (bool more = true; more && !stopped_;) {
        // Only an idle session waits: lines that are there already join the batch.
        const auto wait = waiting_.empty() ? LineReader::Wait::yes : LineReader::Wait::no;
        switch (input.next(line, wait)) {
            case LineReader::Got::line: take(line); break;
            case LineReader::Got::nothing_yet: flush(); break;
            case LineReader::Got::failed:
                print_error("exec", "stdin could not be read");
                journal_failed_ = true;
                [[fallthrough]];
            case LineReader::Got::end: more = false; break;
        }
        if (waiting_.size() >= limits::batch_operations) flush();
    }
    flush();
    if (output_failed_) print_error("exec", "stdout could not be written; reading ended");
    if (journal_failed_ || output_failed_) return exit_journal;
    return refused_ ? exit_refused : exit_done;
}

void Session::take(const InputLine& input) {
    if (input.too_long) {
        refuse(input.number, std::nullopt,
               {.code = ErrorCode::invalid_request,
                .text = "longer than " + std::to_string(limits::input_line_bytes) + " bytes"});
        return;
    }
    auto line = parse_line(input.text, options_.caller);
    if (const auto* malformed = std::get_if<Malformed>(&line.what)) {
        refuse(input.number, line.id, {.code = ErrorCode::invalid_request, .text = malformed->why});
        return;
    }
    if (!set_clock(input.number, line)) return;
    if (std::holds_alternative<Command>(line.what)) {
        take_command(input.number, line);
        return;
    }
    flush();  // a query sees everything before it
    Json answer = std::holds_alternative<Query>(line.what)
                      ? ask(std::get<Query>(line.what), input.number)
                      : sweep(std::get<Sweep>(line.what), input.number);
    answer_now(input.number, line.id, std::move(answer));
}

void Session::take_command(std::int64_t number, Line& line) {
    auto& command = std::get<Command>(line.what);
    // A strict session must not apply what comes after a refused line, so that one goes alone.
    const bool senseless = options_.strict && !validate(command);
    batch_.push_back(std::move(command));
    waiting_.push_back({.line = number, .id = std::move(line.id), .in_batch = true});
    if (senseless) flush();
}

bool Session::set_clock(std::int64_t number, const Line& line) {
    if (options_.clock == nullptr) return true;
    const Time was = options_.clock->now();
    if (!line.at && !was.given()) {
        refuse(
            number, line.id,
            {.code = ErrorCode::invalid_request,
             .text = "\"at\" is missing: with --clock input the first line says what time it is"});
        return false;
    }
    if (!line.at || *line.at == was) return true;
    if (*line.at < was) {
        refuse(number, line.id,
               {.code = ErrorCode::out_of_order,
                .text = "\"at\" " + to_rfc3339(*line.at) + " is before " + to_rfc3339(was) +
                        ", and time never goes back"});
        return false;
    }
    flush();  // what came before happened before
    options_.clock->set(*line.at);
    return true;
}

void Session::refuse(std::int64_t number, const std::optional<Json>& id, const Error& why) {
    refused_ = true;
    stopped_ = stopped_ || options_.strict;
    auto answer = error_of(number, why.text);
    if (why.code != ErrorCode::invalid_request) answer["code"] = to_text(why.code);
    waiting_.push_back({.line = number, .answer = with_id(id, std::move(answer))});
}

Json Session::failed(std::int64_t number, const Error& error) {
    auto answer = error_of(number, error.text);
    answer["code"] = to_text(error.code);
    if (error.effect == Effect::unknown) answer["unknown"] = true;
    if (!error.hint.empty()) answer["hint"] = error.hint;
    if (error.code == ErrorCode::invalid_request) {
        refused_ = true;
        stopped_ = stopped_ || options_.strict;
    } else {
        journal_failed_ = true;
    }
    return answer;
}

void Session::flush() {
    if (waiting_.empty()) return;
    // After an unknown commit the store takes nothing until it knows again what is in the journal.
    if (!batch_.empty() && store_.status().poisoned) (void)store_.reopen();
    const auto answers = store_.apply(batch_);
    std::string out;
    std::size_t next = 0;
    for (auto& waiting : waiting_) {
        if (waiting.in_batch) {
            const auto& answer = answers[next++];
            waiting.answer = with_id(
                waiting.id, answer ? json_of(*answer) : failed(waiting.line, answer.error()));
        }
        out += line_of(waiting.answer);
    }
    batch_.clear();
    waiting_.clear();
    if (write_out(out)) return;
    output_failed_ = true;
    stopped_ = true;
}

void Session::answer_now(std::int64_t number, const std::optional<Json>& id, Json answer) {
    waiting_.push_back({.line = number, .answer = with_id(id, std::move(answer))});
    flush();
}

Json Session::ask(const Query& query, std::int64_t number) {
    auto answer = answer_query(store_, query);
    return answer ? std::move(*answer) : failed(number, answer.error());
}

Json Session::sweep(const Sweep& sweep, std::int64_t number) {
    const auto report = store_.janitor_sweep(sweep.options, sweep.ask);
    return report ? json_of(*report) : failed(number, report.error());
}

}  // namespace fenceline::tools
