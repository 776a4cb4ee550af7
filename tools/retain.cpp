// `fenceline retain`, `pin`, `pins` and `unpin`: which history stays.

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "journal/chain.hpp"
#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/report_window.hpp"
#include "tools/source.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

namespace {

struct RetainOptions {
    std::string path, older_than, max_size, before, by;
    std::int64_t keep = limits::request_window;
    bool compact = false;
};

// "1GB", "200MiB", "4096": whole numbers, with a unit of a thousand or of 1,024.
Result<std::int64_t> parse_size(const std::string& text) {
    struct Unit {
        std::string_view name;
        std::int64_t bytes;
    };
    constexpr Unit units[] = {{"", 1},
                              {"B", 1},
                              {"kB", 1'000},
                              {"KB", 1'000},
                              {"MB", 1'000'000},
                              {"GB", 1'000'000'000},
                              {"TB", 1'000'000'000'000},
                              {"KiB", std::int64_t{1} << 10},
                              {"MiB", std::int64_t{1} << 20},
                              {"GiB", std::int64_t{1} << 30},
                              {"TiB", std::int64_t{1} << 40}};
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto unit = std::ranges::find(units, name, &Unit::name);
    if (error != std::errc{} || number <= 0 || unit == std::end(units) ||
        number > std::numeric_limits<std::int64_t>::max() / unit->bytes)
        return fail(ErrorCode::invalid_request, "--max-size \"" + text + "\" is not a size",
                    "1GB, 200MiB and 4096 are understood");
    return number * unit->bytes;
}

// Who asks, when nobody says: the account. It is a note in the journal, no proof.
std::string asker() {
    if (const char* name = std::getenv("USER"); name != nullptr && *name != '\0') return name;
    return "uid " + std::to_string(::getuid());
}

Result<RetainRequest> request_of(Journal& journal, const RetainOptions& options) {
    RetainRequest request{.keep = options.keep, .by = options.by.empty() ? asker() : options.by};
    auto head = journal.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    if (!options.older_than.empty()) {
        const auto age = parse_duration(options.older_than);
        if (!age)
            return fail(ErrorCode::invalid_request, "--older-than: " + age.error().text,
                        "30d, 12h and 90m are understood");
        request.older_than = head->at - *age;
    } else if (!options.max_size.empty()) {
        const auto size = parse_size(options.max_size);
        if (!size) return tl::unexpected<Error>(size.error());
        request.most_bytes = *size;
    } else {
        const auto asked = parse_when(options.before);
        if (!asked) return tl::unexpected<Error>(asked.error());
        // What was mistyped must not cost history.
        if (asked->kind == When::Kind::position && asked->position > head->position)
            return fail(ErrorCode::invalid_request,
                        "there is no position " + std::to_string(asked->position.value),
                        "the journal ends at #" + std::to_string(head->position.value));
        if (asked->kind == When::Kind::position)
            request.before = Position{std::max<std::int64_t>(asked->position.value, 1)};
        else
            request.older_than = asked->in(head->at);
    }
    return request;
}

// Step after step: each holds the write lock for some segments at most.
Result<RetainStep> drop(Journal& journal, const RetainRequest& request, const Context& context) {
    ProgressBar bar(context, "dropping");
    const auto progress = bar.callback();
    const auto head = journal.head();
    if (!head) return tl::unexpected<Error>(head.error());
    for (;;) {
        auto step = journal.retain(request);
        if (!step || !step->more) return step;
        if (progress) progress(step->beginning, head->position);
    }
}

std::string told_of(const RetainOptions& options, Position before, const RetainStep& done,
                    const Head& head) {
    const auto& path = options.path;
    auto out = done.beginning == before ? fmt::format("{}: nothing to drop", printable(path))
                                        : fmt::format("{}: dropped #{} to #{}", printable(path),
                                                      before.value + 1, done.beginning.value);
    if (done.pinned.empty() && head.position.value - options.keep <= done.beginning.value)
        out += fmt::format(", the newest {} positions stay (--keep)", options.keep);
    if (!done.pinned.empty()) out += fmt::format(", kept by the pin {}", printable(done.pinned));
    return out + fmt::format("; the journal holds #{} to #{}\n", done.beginning.value + 1,
                             head.position.value);
}

int retain(const RetainOptions& options, const Context& context) {
    const auto ways = int{!options.older_than.empty()} + int{!options.max_size.empty()} +
                      int{!options.before.empty()};
    if (ways != 1)
        return wrong_usage("retain", "one of --older-than, --max-size and --before is needed",
                           "fenceline retain --help");
    if (options.keep < 0) return wrong_usage("retain", "--keep takes 0 or more");
    const auto journal = open_journal({.path = options.path});
    if (!journal) return report(options.path, journal.error());
    const auto before = (*journal)->beginning();
    if (!before) return report(options.path, before.error());
    const auto request = request_of(**journal, options);
    if (!request) return report_source(options.path, request.error());
    const auto done = drop(**journal, *request, context);
    if (!done) return report(options.path, done.error());
    if (options.compact)
        if (const auto compacted = (*journal)->compact(); !compacted)
            return report(options.path, compacted.error());
    const auto head = (*journal)->head();
    if (!head) return report(options.path, head.error());
    write_out(context.json ? line_of({{"dropped", done->beginning.value - before->position.value},
                                      {"begins_after", done->beginning.value},
                                      {"position", head->position.value},
                                      {"pinned", done->pinned}})
                           : told_of(options, before->position, *done, *head));
    return exit_done;
}

// --- pins

struct PinOptions {
    std::string path, from, to, name;
};

int pin(const PinOptions& options, const Context& context) {
    if (options.name.empty()) return wrong_usage("pin", "--name is needed");
    const auto journal = open_journal({.path = options.path});
    if (!journal) return report(options.path, journal.error());
    const auto window = report_window(**journal, options.from, options.to);
    if (!window) return report_source(options.path, window.error());
    const Pin asked{options.name, Position{window->after.value + 1}, window->to};
    if (const auto pinned = (*journal)->pin(asked); !pinned)
        return report(options.path, pinned.error());
    write_out(context.json ? line_of({{"name", asked.name},
                                      {"first", asked.first.value},
                                      {"last", asked.last.value}})
                           : fmt::format("pinned #{} to #{} as {}\n", asked.first.value,
                                         asked.last.value, printable(asked.name)));
    return exit_done;
}

int unpin(const PinOptions& options, const Context& context) {
    const auto journal = open_journal({.path = options.path});
    if (!journal) return report(options.path, journal.error());
    if (const auto removed = (*journal)->unpin(options.name); !removed) {
        const int code = report(options.path, removed.error());
        return removed.error().code == ErrorCode::not_found ? exit_refused : code;
    }
    write_out(context.json ? line_of({{"unpinned", options.name}})
                           : fmt::format("unpinned {}\n", printable(options.name)));
    return exit_done;
}

Json kept_json(const std::vector<Pin>& pins, const Base& base) {
    Json pinned = Json::array(), dropped = Json::array();
    for (const Pin& each : pins)
        pinned.push_back(
            {{"name", each.name}, {"first", each.first.value}, {"last", each.last.value}});
    for (const Drop& each : base.drops)
        dropped.push_back({{"first", each.first.value},
                           {"last", each.last.value},
                           {"events", each.last.value - each.first.value + 1},
                           {"at", json_of(each.at)},
                           {"by", each.by},
                           {"chain_before", to_hex(each.before)},
                           {"chain_after", to_hex(each.after)}});
    return {{"pins", std::move(pinned)}, {"dropped", std::move(dropped)}};
}

std::string kept_text(const std::vector<Pin>& pins, const Base& base, const Context& context) {
    using enum Table::Align;
    std::string out;
    Table pinned({{"PIN"}, {"FIRST", right}, {"LAST", right}});
    for (const Pin& each : pins)
        pinned.row(
            {each.name, fmt::format("#{}", each.first.value), fmt::format("#{}", each.last.value)});
    out += pins.empty() ? "nothing is pinned\n" : pinned.text(context);
    Table dropped({{"DROPPED", right}, {"LAST", right}, {"EVENTS", right}, {"AT"}, {"BY"}});
    for (const Drop& each : base.drops)
        dropped.row({fmt::format("#{}", each.first.value), fmt::format("#{}", each.last.value),
                     std::to_string(each.last.value - each.first.value + 1), to_rfc3339(each.at),
                     each.by});
    return base.drops.empty() ? out : out + "\n" + dropped.text(context);
}

int pins(const std::string& path, const Context& context) {
    const auto reader = open_reader(path);
    if (!reader) return report(path, reader.error());
    const auto all = (*reader)->pins();
    if (!all) return report(path, all.error());
    auto base = (*reader)->base();
    if (!base && base.error().code == ErrorCode::not_found) base = Base{};
    if (!base) return report(path, base.error());
    write_out(context.json ? line_of(kept_json(*all, *base)) : kept_text(*all, *base, context));
    return exit_done;
}

}  // namespace

void add_retain(CommandLine& line) {
    auto options = std::make_shared<RetainOptions>();
    line.command("retain", "drop old sealed history behind a base, while others write")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--older-than", "SPAN", options->older_than,
                "what is older than this before the journal's last event: 30d")
        .option("--max-size", "SIZE", options->max_size,
                "the oldest, until what is left uses no more than this: 1GB")
        .option("--before", "WHEN", options->before, "what lies before this time or position")
        .option("--keep", "N", options->keep,
                "the newest N positions stay in any case (1000000): retries find their answers "
                "there")
        .option("--by", "NAME", options->by, "who is written down as having dropped it ($USER)")
        .flag("--compact", options->compact,
              "then write the file anew and give the room back to the disk; writers wait for it")
        .note(
            "Whole segments go, the oldest first, and only sealed ones: fenceline seal makes\n"
            "them. What is pinned stays, and so does what comes after it. The state that they\n"
            "left becomes the journal's base, so that everything after them reads, verifies and\n"
            "counts as before. What was dropped, when and by whom is written into the journal:\n"
            "fenceline pins shows it.")
        .example("fenceline retain pool.db --older-than 30d")
        .example("fenceline retain pool.db --max-size 1GB --compact")
        .run([options](Context& context) { return retain(*options, context); });
}

void add_pins(CommandLine& line) {
    auto kept = std::make_shared<PinOptions>();
    line.command("pin", "keep a window from ever being dropped")
        .argument("JOURNAL", kept->path, "path of the journal")
        .option("--name", "NAME", kept->name, "how it is called, to unpin it")
        .option("--from", "WHEN", kept->from, "from the first event at or after")
        .option("--to", "WHEN", kept->to, "through the last event at or before")
        .example("fenceline pin pool.db --from -2h --name incident-42")
        .run([kept](Context& context) { return pin(*kept, context); });
    auto path = std::make_shared<std::string>();
    line.command("pins", "what is pinned, and what was dropped")
        .argument("JOURNAL", *path, "path of the journal")
        .example("fenceline pins pool.db")
        .run([path](Context& context) { return pins(*path, context); });
    auto gone = std::make_shared<PinOptions>();
    line.command("unpin", "let a window be dropped again")
        .argument("JOURNAL", gone->path, "path of the journal")
        .argument("NAME", gone->name, "as it was pinned")
        .example("fenceline unpin pool.db incident-42")
        .run([gone](Context& context) { return unpin(*gone, context); });
}

}  // namespace fenceline::tools
