// `fenceline replay --step` and `--until`: an incident event by event, with what each changed.

#include <unistd.h>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "journal/answer_builder.hpp"
#include "journal/open.hpp"
#include "replay/replayer.hpp"
#include "statemachine/evolve.hpp"
#include "tools/event_filter.hpp"
#include "tools/event_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/replay/modes.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

constexpr std::int64_t progress_every = 16'384;

// --- what an event changed -----------------------------------------------------------------------

// A record as name and value pairs, in one order, so that two of them can be held side by side.
using Fields = std::vector<std::pair<std::string, std::string>>;

std::string text_of(Time time) {
    return time.given() ? to_rfc3339(time) : "-";
}

Fields fields_of(const Worker& worker, const Dictionary& texts) {
    const auto view = view_of(worker, texts);
    return {{"state", std::string(to_text(view.state))},
            {"owner", view.owner},
            {"epoch", std::to_string(view.epoch.value)},
            {"org", view.org},
            {"image", view.image},
            {"pod", view.pod},
            {"retire_reason", view.retire_reason},
            {"last_heartbeat_at", text_of(view.last_heartbeat_at)},
            {"reserved_at", text_of(view.reserved_at)},
            {"activation_started_at", text_of(view.activation_started_at)},
            {"drain_started_at", text_of(worker.drain_started_at)},
            {"credentials_expire_at", text_of(view.credentials_expire_at)},
            {"version", "#" + std::to_string(view.version.value)}};
}

Fields fields_of(const ControlPlane& plane) {
    const char* state = plane.state == ControlPlaneState::active     ? "active"
                        : plane.state == ControlPlaneState::draining ? "draining"
                        : plane.state == ControlPlaneState::expired  ? "expired"
                                                                     : "";
    return {{"state", state},
            {"last_heartbeat_at", text_of(plane.last_heartbeat_at)},
            {"draining_at", text_of(plane.draining_at)},
            {"expired_at", text_of(plane.expired_at)}};
}

// The record that an event is about, before it or after it.
struct Subject {
    std::string name;  // "worker 61", "control plane cp-a"; empty: about none
    Fields fields;     // empty: there is no such record
};

Subject subject_of(const Event& event, const World& world) {
    if (const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload)) {
        const ControlPlane* plane = world.find_control_plane(mark->instance);
        return {"control plane " + std::string(world.texts.text(mark->instance)),
                plane ? fields_of(*plane) : Fields{}};
    }
    if (!event.worker.given()) return {};
    const Worker* worker = world.find(event.worker);
    return {"worker " + std::to_string(event.worker.value),
            worker ? fields_of(*worker, world.texts) : Fields{}};
}

struct Change {
    std::string field, before, after;
};

std::vector<Change> changes_of(const Subject& before, const Subject& after) {
    std::vector<Change> out;
    for (std::size_t i = 0; i < after.fields.size(); ++i) {
        const auto& [name, value] = after.fields[i];
        const auto was = before.fields.empty() ? std::string() : before.fields[i].second;
        const bool unset = before.fields.empty() && (value.empty() || value == "-");
        if (value != was && !unset) out.push_back({name, was, value});
    }
    return out;
}

std::string text_of(const Subject& subject, const std::vector<Change>& changes) {
    if (subject.name.empty()) return {};
    std::string out = "           " + subject.name + ": ";
    if (changes.empty()) return out + (subject.fields.empty() ? "no record\n" : "unchanged\n");
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto& change = changes[i];
        out += i == 0 ? "" : ", ";
        out += change.field + " ";
        if (!change.before.empty()) out += change.before + " -> ";
        out += change.after.empty() ? "(none)" : change.after;
    }
    return printable(out) + "\n";
}

Json fields_json(const Fields& fields) {
    if (fields.empty()) return nullptr;
    Json out = Json::object();
    for (const auto& [name, value] : fields) out[name] = value == "-" ? "" : value;
    return out;
}

// The pool after an event: how many workers in each active state.
std::string pool_text(const World& world) {
    std::array<std::int64_t, state_count> by_state{};
    for (const Worker& worker : world.workers()) ++by_state[static_cast<std::size_t>(worker.state)];
    std::string out;
    for (std::size_t i = 0; i < state_count; ++i) {
        const auto state = static_cast<State>(i);
        if (by_state[i] > 0)
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", by_state[i], to_text(state));
    }
    return out.empty() ? "no workers" : out;
}

// --- walking -------------------------------------------------------------------------------------

// Asks between two events, when somebody sits there: both ends are a terminal.
class Walker {
  public:
    explicit Walker(const Context& context)
        : asks_(!context.json && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) {}

    // False: enough.
    [[nodiscard]] bool goes_on(const Subject& now, const World& world) {
        if (!asks_ || --unasked_ > 0) return true;
        for (std::string line;;) {
            write_out(
                "[enter] next  [number] so many  [w] the record  [p] the pool  [g] to the "
                "end  [q] quit > ");
            if (!std::getline(std::cin, line) || line == "q") return false;
            if (line.empty()) return true;
            if (line == "g") return !(asks_ = false);
            if (line == "p") {
                write_out(pool_text(world) + "\n");
            } else if (line == "w") {
                for (const auto& [name, value] : now.fields)
                    write_out(fmt::format("  {:<22} {}\n", name, printable(value)));
            } else if (line.size() < 10 && line.find_first_not_of("0123456789") == line.npos) {
                unasked_ = std::max<std::int64_t>(std::stoll(line), 1);
                return true;
            }
        }
    }

  private:
    bool asks_;
    std::int64_t unasked_ = 0;
};

class StepSink final : public Sink {
  public:
    StepSink(const ReplayCommand& options, const EventFilter& filter, const Context& context,
             World world, Position end, replay::Progress progress)
        : options_(options),
          filter_(filter),
          context_(context),
          world_(std::move(world)),
          end_(end),
          progress_(std::move(progress)),
          walker_(context) {}

    bool text(TextId id, std::string_view value) override {
        consistent_ = world_.texts.intern(value) == id;
        return consistent_;
    }
    bool recorder(const Recorder& recorder) override {
        recorders_.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        const bool wanted = !filter_.all() && filter_.matches(event, names_);
        if (!wanted && !options_.step) {
            evolve(world_, event);
            if (progress_ && event.position.value % progress_every == 0)
                progress_(event.position, end_);
            return true;
        }
        const auto before = subject_of(event, world_);
        evolve(world_, event);
        const auto after = subject_of(event, world_);
        const bool written = show(event, before, after, wanted);
        if (wanted) {
            found_ = true;
            return false;
        }
        return written && walker_.goes_on(after, world_);
    }

    [[nodiscard]] bool consistent() const { return consistent_; }
    [[nodiscard]] bool found() const { return found_; }

  private:
    bool show(const Event& event, const Subject& before, const Subject& after, bool found) {
        if (context_.json) {
            Json line{{"event", json_of(event, names_)},
                      {"before", fields_json(before.fields)},
                      {"after", fields_json(after.fields)}};
            if (found) line["found"] = true;
            return write_out(line_of(line));
        }
        std::string out = std::exchange(headed_, true) ? "" : log_heading();
        out += log_line(event, names_) + "\n";
        out += text_of(after, changes_of(before, after));
        if (found) out += found_text(event, after);
        return write_out(out);
    }
    std::string found_text(const Event& event, const Subject& after) const {
        std::string out =
            fmt::format("\nstopped after #{}: {}\n", event.position.value, pool_text(world_));
        for (const auto& [name, value] : after.fields)
            out += fmt::format("  {:<22} {}\n", name, printable(value));
        return out + fmt::format("right before it: fenceline ps {} --at '#{}'\n",
                                 printable(options_.path()), event.position.value - 1);
    }

    const ReplayCommand& options_;
    const EventFilter& filter_;
    const Context& context_;
    World world_;
    Position end_;
    replay::Progress progress_;
    Walker walker_;
    std::vector<Recorder> recorders_;
    Names names_{world_.texts, recorders_};
    bool headed_ = false;
    bool consistent_ = true;
    bool found_ = false;
};

// "outcome=fence_miss_epoch,worker=61": as the options of `log` have them.
Result<EventFilter> filter_of(const std::vector<std::string>& asked) {
    EventFilter filter;
    for (const auto& text : asked)
        for (std::size_t begin = 0; begin <= text.size();) {
            const auto end = std::min(text.find(',', begin), text.size());
            const auto part = text.substr(begin, end - begin);
            begin = end + 1;
            const auto equals = part.find('=');
            const auto key = part.substr(0, equals);
            auto* values = filter.values_of(key);
            if (equals == part.npos || equals + 1 == part.size())
                return fail(ErrorCode::invalid_request,
                            "--until: \"" + part + "\" is not KEY=VALUE");
            if (values == nullptr) {
                const auto meant = nearest_word(key, EventFilter::keys());
                return fail(ErrorCode::invalid_request,
                            "--until: unknown \"" + key + "\"" +
                                (meant ? "; did you mean \"" + *meant + "\"?" : ""));
            }
            values->push_back(part.substr(equals + 1));
        }
    FENCELINE_TRY(filter.understand());
    return filter;
}

int nothing_matches(const Window& window, const ReplayCommand& options, const Context& context) {
    if (context.json)
        write_out(
            line_of({{"found", false}, {"after", window.after.value}, {"to", window.to.value}}));
    print_error(options.path(), fmt::format("no event after #{} up to #{} matches --until",
                                            window.after.value, window.to.value));
    return exit_differs;
}

}  // namespace

int replay_step(const ReplayCommand& options, const Context& context) {
    const auto filter = filter_of(options.until);
    if (!filter) return wrong_usage("replay", filter.error().text, filter.error().hint);
    const auto reader = open_reader(options.path());
    if (!reader) return report(options.path(), reader.error());
    const auto window = window_of(**reader, options.from, options.to);
    if (!window) return report_source(options.path(), window.error());
    if (window->empty() && options.until.empty())
        tell_no_events(options.path(), options.from, options.to);
    ProgressBar bar(context, "folding");
    auto begin = replay::replay(**reader, {.to = window->after, .progress = bar.callback()});
    if (!begin) return report(options.path(), begin.error());

    const auto progress = options.step ? replay::Progress{} : bar.callback();
    StepSink sink(options, *filter, context, std::move(begin->fold.world), window->to, progress);
    // Texts and recorders from the first on: an event may name any of them.
    const Head from{.position = window->after};
    if (const auto read = (*reader)->read(from, window->to, sink); !read)
        return report(options.path(), read.error());
    if (!sink.consistent()) {
        print_error(options.path(), "the journal's dictionary is out of order",
                    "run fenceline verify on a copy");
        return exit_journal;
    }
    if (!options.until.empty() && !sink.found()) return nothing_matches(*window, options, context);
    return exit_done;
}

}  // namespace fenceline::tools
