#include "tools/http_get.hpp"

#include <algorithm>
#include <climits>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "events/invariant.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

// Of the status line and all headers.
constexpr std::size_t most_head_bytes = 256 * 1024;

struct Url {
    std::string server;  // scheme, host, port
    std::string path;
};

Url parts_of(const std::string& url) {
    const auto slash = url.find('/', url.find("://") + 3);
    if (slash == std::string::npos) return {url, "/"};
    return {url.substr(0, slash), url.substr(slash)};
}

auto no_answer(std::string why, std::string hint = {}) {
    return fail(ErrorCode::io, std::move(why), std::move(hint));
}

// What is kept of an answer while it comes.
struct Incoming {
    std::size_t most_bytes;
    std::string body;
    std::size_t head_bytes = 0;
    bool too_large = false, head_too_large = false;
};

// As libcurl calls them: what is less than came ends the transfer.
std::size_t take_body(const char* data, std::size_t, std::size_t bytes, void* into) {
    auto& incoming = *static_cast<Incoming*>(into);
    incoming.too_large = incoming.body.size() + bytes > incoming.most_bytes;
    if (incoming.too_large) return 0;
    incoming.body.append(data, bytes);
    return bytes;
}
std::size_t pass_header(const char*, std::size_t, std::size_t bytes, void* into) {
    auto& incoming = *static_cast<Incoming*>(into);
    incoming.head_bytes += bytes;
    incoming.head_too_large = incoming.head_bytes > most_head_bytes;
    return incoming.head_too_large ? 0 : bytes;
}

template <typename Value>
Value told(CURL* transfer, CURLINFO what) {
    Value value{};
    curl_easy_getinfo(transfer, what, &value);
    return value;
}

}  // namespace

bool is_http_url(std::string_view text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

std::string with_path(const std::string& url, std::string_view path) {
    const auto parts = parts_of(url);
    return parts.path == "/" ? parts.server + std::string(path) : url;
}

std::string url_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<std::string> http_get(const std::string& url, const HttpOptions& options) {
    if (parts_of(url).server.find('@') != std::string::npos)
        return no_answer("an address with a user in it is not understood");
    const std::unique_ptr<CURL, void (*)(CURL*)> transfer(curl_easy_init(), curl_easy_cleanup);
    if (!transfer) return no_answer("libcurl could not be initialised");
    Incoming incoming{.most_bytes = options.most_bytes};
    const auto set = [&](CURLoption option, auto value) {
        FENCELINE_INVARIANT(curl_easy_setopt(transfer.get(), option, value) == CURLE_OK,
                            "libcurl takes what it is told");
    };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ACCEPT_ENCODING, "");  // whatever it can take apart
    // libcurl counts them in an int, and 0 is for ever.
    set(CURLOPT_TIMEOUT_MS, std::clamp<long>(options.timeout.ns / 1'000'000, 1, INT_MAX));
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, &incoming);
    set(CURLOPT_HEADERFUNCTION, pass_header);
    set(CURLOPT_HEADERDATA, &incoming);
    const CURLcode code = curl_easy_perform(transfer.get());
    const auto status = told<long>(transfer.get(), CURLINFO_RESPONSE_CODE);
    if (incoming.too_large)
        return no_answer(fmt::format("the answer is larger than {} bytes", options.most_bytes));
    // A line beyond libcurl's own limit is what it has no memory for.
    if (incoming.head_too_large || code == CURLE_OUT_OF_MEMORY)
        return no_answer("what it says before the page is too long");
    switch (code) {
        case CURLE_OK: break;
        case CURLE_URL_MALFORMAT: return no_answer("the address is not understood");
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT: return no_answer("nobody answers there");
        case CURLE_UNSUPPORTED_PROTOCOL: return no_answer("it does not answer in HTTP");
        case CURLE_OPERATION_TIMEDOUT:
            return no_answer("no whole answer within " + human_duration(options.timeout.ns),
                             "--timeout gives it more time");
        default:
            return no_answer(fmt::format("the answer breaks off ({})", curl_easy_strerror(code)));
    }
    if (status >= 300 && status < 400) {
        const char* where = told<const char*>(transfer.get(), CURLINFO_REDIRECT_URL);
        return no_answer(fmt::format("it redirects (status {}) to {}", status, where ? where : ""),
                         "name the address that answers itself");
    }
    if (status != 200) return no_answer(fmt::format("it answers status {}", status));
    return std::move(incoming.body);
}

}  // namespace fenceline::tools
