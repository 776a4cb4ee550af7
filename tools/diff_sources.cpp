#include "tools/diff_sources.hpp"

#include <fstream>
#include <iostream>
#include <optional>

#include "tools/prometheus_api.hpp"

namespace fenceline::tools {

namespace {

constexpr std::string_view prometheus_scheme = "prometheus:";
constexpr std::string_view journal_magic{"SQLite format 3\0", 16};

Result<std::string> whole_of(std::istream& in) {
    std::string text;
    std::string piece(std::size_t{64} * 1024, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        if (text.size() > fenceline::limits::exposition_bytes)
            return fail(ErrorCode::invalid_request,
                        "it is larger than " + std::to_string(fenceline::limits::exposition_bytes) +
                            " bytes");
    }
    return text;
}

Result<std::string> text_of(const std::string& against, const SourceOptions& options) {
    if (is_http_url(against))
        return http_get(with_path(against, "/metrics"),
                        {options.timeout, fenceline::limits::exposition_bytes});
    if (against == "-") return whole_of(std::cin);
    std::ifstream in(against, std::ios::binary);
    // A directory opens, and gives nothing.
    if (!in || in.peek() == std::ifstream::traits_type::eof()) {
        if (in.eof() && !in.bad()) return std::string();
        return fail(ErrorCode::not_found, "the file cannot be read");
    }
    return whole_of(in);
}

Result<std::vector<LivePage>> targets_of(const std::string& against, const SourceOptions& options) {
    auto targets =
        prometheus_pages({.server = against.substr(prometheus_scheme.size()),
                          .name_space = options.name_space,
                          .selector = options.selector,
                          .at = options.at,
                          .http = {options.timeout, fenceline::limits::exposition_bytes}});
    if (!targets) return tl::unexpected<Error>(std::move(targets.error()));
    std::vector<LivePage> out;
    for (TargetPage& target : *targets) out.push_back({target.target, std::move(target.page)});
    return out;
}

}  // namespace

bool is_prometheus(std::string_view against) {
    return against.starts_with(prometheus_scheme) &&
           is_http_url(against.substr(prometheus_scheme.size()));
}

bool is_journal(const std::string& against) {
    if (against == "-" || is_http_url(against) || is_prometheus(against)) return false;
    std::ifstream in(against, std::ios::binary);
    std::string begin(journal_magic.size(), '\0');
    return in.read(begin.data(), static_cast<std::streamsize>(begin.size())) &&
           begin == journal_magic;
}

Result<std::vector<LivePage>> live_pages(const std::string& against, const SourceOptions& options) {
    if (is_prometheus(against)) return targets_of(against, options);
    auto text = text_of(against, options);
    if (!text) return tl::unexpected<Error>(std::move(text.error()));
    auto page = parse_exposition(*text);
    if (!page) return tl::unexpected<Error>(std::move(page.error()));
    std::vector<LivePage> out;
    out.push_back({against == "-" ? "standard input" : against, std::move(*page)});
    return out;
}

}  // namespace fenceline::tools
