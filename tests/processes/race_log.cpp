#include "tests/processes/race_log.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "events/invariant.hpp"

namespace fenceline::testing {

namespace {

// An empty text would vanish between blanks.
std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}
std::string or_empty(const std::string& text) {
    return text == "-" ? "" : text;
}

bool read_ack(std::istringstream& in, Ack& ack) {
    in >> ack.start >> ack.end >> ack.position >> ack.operation >> ack.outcome >> ack.check >>
        ack.worker >> ack.epoch >> ack.winner >> ack.replayed >> ack.expired >> ack.caller >>
        ack.request_id;
    ack.check = or_empty(ack.check);
    ack.caller = or_empty(ack.caller);
    ack.request_id = or_empty(ack.request_id);
    return !in.fail();
}

void read_file(const std::filesystem::path& path, RaceRecord& record) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
        if (file.eof()) break;  // without its end: the writer was killed in the middle
        std::istringstream in(line);
        std::string kind;
        in >> kind;
        if (kind == "I") {
            std::string caller, id;
            in >> caller >> id;
            record.intended.emplace_back(or_empty(caller), id);
        } else if (Ack ack; kind == "A" && read_ack(in, ack)) {
            ack.who = path.filename().string();
            record.acks.push_back(std::move(ack));
        } else {
            record.problems.push_back(path.filename().string() + ": " + line);
        }
    }
}

}  // namespace

RaceLog::RaceLog(const std::string& path)
    : file_(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644)) {
    FENCELINE_INVARIANT(file_ >= 0, "a racer has its log");
}
RaceLog::~RaceLog() {
    ::close(file_);
}

void RaceLog::line(const std::string& text) {
    const std::string whole = text + "\n";
    const auto written = ::write(file_, whole.data(), whole.size());
    FENCELINE_INVARIANT(written == static_cast<ssize_t>(whole.size()), "a line is written whole");
}

void RaceLog::intends(const std::string& caller, const std::string& request_id) {
    line("I " + or_dash(caller) + " " + request_id);
}

void RaceLog::acknowledges(const Ack& ack) {
    std::ostringstream out;
    out << "A " << ack.start << ' ' << ack.end << ' ' << ack.position << ' ' << ack.operation << ' '
        << ack.outcome << ' ' << or_dash(ack.check) << ' ' << ack.worker << ' ' << ack.epoch << ' '
        << ack.winner << ' ' << ack.replayed << ' ' << ack.expired << ' ' << or_dash(ack.caller)
        << ' ' << or_dash(ack.request_id);
    line(out.str());
}

void RaceLog::complains(const std::string& problem) {
    line("E " + problem);
}

Ack ack_of(const Answer& answer) {
    Ack ack;
    ack.position = answer.position.value;
    ack.operation = to_text(answer.operation);
    ack.outcome = to_text(answer.outcome);
    if (answer.refusal) {
        ack.check = to_text(answer.refusal->check);
        ack.winner = answer.refusal->winner.value;
    }
    ack.worker = answer.worker.value;
    if (answer.lease) ack.epoch = answer.lease->epoch().value;
    ack.replayed = answer.replayed;
    ack.expired = static_cast<std::int64_t>(answer.expired.size());
    return ack;
}

RaceRecord read_race_logs(const std::string& directory) {
    RaceRecord record;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().extension() == ".log") read_file(entry.path(), record);
    return record;
}

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace fenceline::testing
