// `fenceline serve`: the metrics of a live journal over HTTP.

#include <sys/resource.h>
#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <httplib.h>

#include "journal/open.hpp"
#include "projections/metrics.hpp"
#include "tools/bounded_server.hpp"
#include "tools/commands.hpp"
#include "tools/incident_page.hpp"
#include "tools/json.hpp"
#include "tools/live_fold.hpp"
#include "tools/output.hpp"
#include "tools/stop_signals.hpp"

namespace fenceline::tools {

namespace {

// A connection that says nothing holds a thread until the read timeout: with this many, dozens of
// them do not silence the page.
constexpr std::size_t worker_threads = 128;
constexpr time_t timeout_seconds = 2;
constexpr std::size_t requests_per_connection = 100;
constexpr std::size_t request_bytes = 64 * 1024;
constexpr std::size_t header_bytes = 64 * 1024;
// The library waits with select(), which knows no descriptors beyond.
constexpr rlim_t descriptors = 1'000;
constexpr int stop_check_ms = 500;

struct ServeOptions {
    std::string path;
    std::string listen = "127.0.0.1:9464";
    std::string labels = "exact";
    std::string name_space = "duckgres";
};

struct Address {
    std::string host;
    int port = 0;
};

// HOST:PORT, or [V6]:PORT.
Result<Address> address_of(const std::string& text) {
    const auto bad = [&] {
        return fail(ErrorCode::invalid_request, "--listen \"" + text + "\" is not HOST:PORT",
                    "127.0.0.1:9464, [::1]:9464, 0.0.0.0:0 for any free port");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return bad();
    Address address{.host = text.substr(0, colon)};
    if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']')
        address.host = address.host.substr(1, address.host.size() - 2);
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || stopped != end || address.port < 0 || address.port > 65'535)
        return bad();
    return address;
}

void add_pages(httplib::Server& server, LiveFold& fold, IncidentPage& page,
               const std::shared_ptr<prometheus::Collectable>& collectable) {
    server.Get("/metrics", [collectable](const httplib::Request&, httplib::Response& response) {
        response.set_content(expose_text(*collectable), "text/plain; version=0.0.4; charset=utf-8");
    });
    server.Get("/healthz", [&fold](const httplib::Request&, httplib::Response& response) {
        const auto head = fold.head();
        if (!head) response.status = 503;
        response.set_content(line_of(head ? Json{{"ok", true},
                                                 {"position", head->position.value},
                                                 {"at", json_of(head->at)}}
                                          : Json{{"ok", false}, {"error", head.error().text}}),
                             "application/json");
    });
    server.Get("/", [&page](const httplib::Request& request, httplib::Response& response) {
        auto reply = page.show(request.get_param_value("from"), request.get_param_value("to"));
        response.status = reply.status;
        response.set_header("Content-Security-Policy", "frame-ancestors 'none'");
        response.set_header("X-Content-Type-Options", "nosniff");
        response.set_header("Cache-Control", "no-store");
        response.set_header("Content-Type", "text/html; charset=utf-8");
        response.body = std::move(reply.html);
    });
}

void set_limits(httplib::Server& server) {
    server.new_task_queue = [] { return new httplib::ThreadPool(worker_threads); };
    server.set_read_timeout(timeout_seconds);
    server.set_write_timeout(timeout_seconds);
    server.set_keep_alive_timeout(timeout_seconds);
    server.set_keep_alive_max_count(requests_per_connection);
    server.set_payload_max_length(request_bytes);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > descriptors) {
        files.rlim_cur = descriptors;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

int serve(const ServeOptions& options, const Context&) {
    const auto address = address_of(options.listen);
    if (!address) return wrong_usage("serve", address.error().text, address.error().hint);
    if (!valid_namespace(options.name_space))
        return wrong_usage(
            "serve", "--namespace \"" + options.name_space + "\" cannot begin a metric's name");
    auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());

    LiveFold fold(std::move(*reader));
    const MetricView view{.name_space = options.name_space,
                          .labels = *from_text<LabelMode>(options.labels)};
    // The first look folds the history; a journal that cannot be folded is not served at all.
    if (const auto first = fold.expose(view); !first) return report(options.path, first.error());
    auto page_reader = open_reader(options.path);
    if (!page_reader) return report(options.path, page_reader.error());
    IncidentPage page(std::move(*page_reader),
                      std::filesystem::path(options.path).filename().string());
    const auto collectable = make_collectable([&fold, view] { return fold.expose(view); });

    const StopSignals stop;  // before any thread
    BoundedServer server(header_bytes + request_bytes);
    set_limits(server);
    add_pages(server, fold, page, collectable);
    int port = address->port;
    if (port == 0)
        port = server.bind_to_any_port(address->host.c_str());
    else if (!server.bind_to_port(address->host.c_str(), port))
        port = -1;
    if (port < 0)
        return wrong_usage("serve", "cannot listen on " + options.listen,
                           "is something listening there already? port 0 takes any free one");
    const bool v6 = address->host.find(':') != std::string::npos;
    fmt::print(stderr, "listening on http://{}:{}\n",
               v6 ? "[" + address->host + "]" : address->host, port);
    std::fflush(stderr);
    std::atomic<bool> ended{false};
    std::thread listener([&] {
        server.listen_after_bind();
        ended = true;
    });
    while (!ended && !stop.wait_ms(stop_check_ms)) continue;
    // The library forgets a stop that comes before it listens.
    for (; !ended; std::this_thread::sleep_for(std::chrono::milliseconds(1))) server.stop();
    listener.join();
    return exit_done;
}

}  // namespace

void add_serve(CommandLine& line) {
    auto options = std::make_shared<ServeOptions>();
    line.command("serve", "the metrics and the incident page of a live journal over HTTP")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--listen", "HOST:PORT", options->listen,
                "where to listen (127.0.0.1:9464); port 0: any free one")
        .choice("--labels", {"exact", "seed"}, options->labels,
                "outcomes as decided, or as older dashboards know them (exact)")
        .option("--namespace", "NAME", options->name_space,
                "first part of the metrics' names (duckgres)")
        .note(
            "/metrics follows the journal, /healthz says how far it is, and / is the incident "
            "page\n"
            "of the last 15 minutes, or of ?from=WHEN&to=WHEN. A scrape that cannot read the\n"
            "journal answers the last good page and counts the failure.\n"
            "SIGINT and SIGTERM end it in order.")
        .example("fenceline serve pool.db --listen 127.0.0.1:0")
        .run([options](Context& context) { return serve(*options, context); });
}

}  // namespace fenceline::tools
