#include "tools/incident_page.hpp"

#include <fmt/format.h>

#include "replay/report/model.hpp"
#include "replay/report/page.hpp"
#include "tools/metric_view.hpp"
#include "tools/report_window.hpp"

namespace fenceline::tools {

namespace {

constexpr const char* default_window = "-15m";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

IncidentPage::Reply apology(int status, std::string_view why, std::string_view hint) {
    return {status, fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                                "<link rel=\"icon\" href=\"data:,\"><title>fenceline</title></head>"
                                "<body>\n<h1>fenceline</h1>\n<p>{}</p>\n<p>{}</p>\n"
                                "<p><a href=\"/\">/</a>: the last 15 minutes; <a href=\"/metrics\">"
                                "/metrics</a>; <a href=\"/healthz\">/healthz</a></p>\n"
                                "</body></html>\n",
                                escaped(why), escaped(hint))};
}

int status_of(const Error& error) {
    return error.code == ErrorCode::invalid_request || error.code == ErrorCode::not_found ? 400
                                                                                          : 503;
}

}  // namespace

IncidentPage::Reply IncidentPage::show(const std::string& from, const std::string& to) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock)
        return apology(503, "Another page is being made; please come again in a moment.", "");
    const auto head = reader_->head();
    if (!head) return apology(503, head.error().text, head.error().hint);
    if (!html_.empty() && head->position == head_ && from == from_ && to == to_)
        return {200, html_};
    auto html = make(from, to);
    if (!html) return apology(status_of(html.error()), html.error().text, html.error().hint);
    from_ = from;
    to_ = to;
    head_ = head->position;
    html_ = std::move(*html);
    return {200, html_};
}

Result<std::string> IncidentPage::make(const std::string& from, const std::string& to) {
    const bool latest = from.empty() && to.empty();
    auto window = report_window(*reader_, latest ? default_window : from, to);
    if (!window) return tl::unexpected<Error>(window.error());
    std::string notice;
    if (latest && window->to.value - window->after.value > most_events) {
        window->after = Position{window->to.value - most_events};
        notice = fmt::format(
            "The last 15 minutes hold more events than one page takes: these are the last {}.",
            most_events);
    }
    const auto model = replay::report::model_of(
        *reader_, {.after = window->after, .to = window->to, .most_events = most_events});
    if (!model) return tl::unexpected<Error>(model.error());
    return replay::report::page_of(*model, {.title = latest ? "The last 15 minutes" : "Window",
                                            .journal = journal_,
                                            .version = program_version(),
                                            .live = true,
                                            .notice = notice});
}

}  // namespace fenceline::tools
