// `fenceline log`: events, newest last.

#include <deque>
#include <memory>

#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/event_filter.hpp"
#include "tools/output.hpp"
#include "tools/source.hpp"
#include "tools/stop_signals.hpp"

namespace fenceline::tools {

namespace {

// Between two looks for new events.
constexpr int follow_ms = 200;

struct LogOptions {
    std::string path, from, to;
    EventFilter filter;
    std::optional<std::int64_t> limit;
    bool follow = false;
};

class LogSink final : public Sink {
  public:
    LogSink(const LogOptions& options, const Context& context)
        : options_(options), context_(context) {}

    [[nodiscard]] bool wants_chain() const override { return false; }
    bool text(TextId id, std::string_view value) override {
        consistent_ = texts_.intern(value) == id;
        return consistent_;
    }
    bool recorder(const Recorder& recorder) override {
        recorders_.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        if (!options_.filter.matches(event, names_)) return true;
        if (!keep_last_) return print(event);
        last_.push_back(event);
        if (static_cast<std::int64_t>(last_.size()) > *options_.limit) last_.pop_front();
        return true;
    }

    void keep_last() { keep_last_ = options_.limit.has_value(); }
    // Prints what was kept; from now on events are printed as they come.
    void release() {
        for (const Event& event : last_)
            if (!print(event)) break;
        last_.clear();
        keep_last_ = false;
        flush();
    }
    void flush() {
        if (!write_out(pending_)) written_ = false;
        pending_.clear();
    }
    [[nodiscard]] bool consistent() const { return consistent_; }
    [[nodiscard]] bool written() const { return written_; }

  private:
    bool print(const Event& event) {
        pending_ += context_.json ? line_of(json_of(event, names_)) : line_for_people(event);
        if (pending_.size() > 64 * 1024) flush();
        return written_;
    }

    std::string line_for_people(const Event& event) {
        std::string line;
        if (!headed_) line = heading(log_heading());
        headed_ = true;
        auto text = log_line(event, names_);
        const bool refused = acts_on_worker(event.operation) && !transitioned(event);
        if (context_.colour && refused) text = "\x1b[33m" + text + "\x1b[0m";
        return line + text + "\n";
    }
    [[nodiscard]] std::string heading(const std::string& text) const {
        return context_.colour ? "\x1b[1m" + text + "\x1b[0m" : text;
    }

    const LogOptions& options_;
    const Context& context_;
    Dictionary texts_;
    std::vector<Recorder> recorders_;
    Names names_{texts_, recorders_};
    std::deque<Event> last_;
    std::string pending_;
    bool keep_last_ = false;
    bool headed_ = false;
    bool consistent_ = true;
    bool written_ = true;
};

int broken(const std::string& path) {
    print_error(path, "the journal's dictionary is out of order", "run fenceline verify on a copy");
    return exit_journal;
}

// New events as they are appended, until a signal.
int follow(Reader& reader, const LogOptions& options, Head seen, LogSink& sink) {
    const StopSignals stop;
    while (!stop.wait_ms(follow_ms)) {
        const auto head = reader.head();
        if (!head) return report(options.path, head.error());
        if (head->position == seen.position) continue;
        if (const auto read = reader.read(seen, head->position, sink); !read)
            return report(options.path, read.error());
        if (!sink.consistent()) return broken(options.path);
        sink.flush();
        if (!sink.written()) return exit_done;  // nobody listens any more
        seen = *head;
    }
    return exit_done;
}

int log(LogOptions& options, const Context& context) {
    if (const auto understood = options.filter.understand(); !understood)
        return wrong_usage("log", understood.error().text);
    if (options.limit && *options.limit < 0) return wrong_usage("log", "--limit is below 0");
    if (options.follow && !options.to.empty())
        return wrong_usage("log", "--follow has no end, so --to cannot be given with it");
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    auto window = window_of(**reader, options.from, options.to);
    if (!window) return report_source(options.path, window.error());
    if (window->empty() && !options.follow) tell_no_events(options.path, options.from, options.to);
    // Without a filter the last so many events are at the last so many positions.
    if (options.limit && options.filter.all())
        window->after = std::max(window->after, Position{window->to.value - *options.limit});

    const auto head = (*reader)->head();
    if (!head) return report(options.path, head.error());
    LogSink sink(options, context);
    sink.keep_last();
    // Texts and recorders from the first on: an event may name any of them.
    const Head begin{.position = window->after};
    if (const auto read = (*reader)->read(begin, window->to, sink); !read)
        return report(options.path, read.error());
    if (!sink.consistent()) return broken(options.path);
    sink.release();
    return options.follow ? follow(**reader, options, *head, sink) : exit_done;
}

}  // namespace

void add_log(CommandLine& line) {
    auto options = std::make_shared<LogOptions>();
    auto& command = line.command("log", "events, newest last, refused ones included");
    command.argument("JOURNAL", options->path, "path of the journal");
    options->filter.add_options(command);
    command.option("--from", "WHEN", options->from, "from the first event at or after")
        .option("--to", "WHEN", options->to, "through the last event at or before")
        .option("--limit", "N", options->limit, "only the last N that match")
        .flag("--follow", options->follow, "go on with new events as they come")
        .example("fenceline log pool.db --worker 61")
        .example("fenceline log pool.db --outcome fence_miss_epoch --from -15m")
        .example("fenceline log pool.db --limit 20 --follow --json")
        .run([options](Context& context) { return log(*options, context); });
}

}  // namespace fenceline::tools
