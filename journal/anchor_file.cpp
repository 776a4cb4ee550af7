#include "journal/anchor_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "journal/chain.hpp"
#include "journal/digest.hpp"

namespace fenceline {

namespace {

constexpr std::string_view title = "fenceline anchor 1\n";  // FROZEN, like the lines below
constexpr std::size_t longest_id = 100;
constexpr std::size_t check_digits = 32;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return number_; }
    // Neither a pipe that never ends nor a device that does something when it is opened.
    [[nodiscard]] bool regular() const {
        struct stat found {};
        return ::fstat(number_, &found) == 0 && S_ISREG(found.st_mode);
    }

  private:
    int number_;
};

tl::unexpected<Error> failed(const std::string& doing, const std::string& path, int number) {
    const auto code = number == EACCES || number == EPERM || number == EROFS ? ErrorCode::read_only
                      : number == ENOSPC || number == EDQUOT                 ? ErrorCode::no_space
                                                                             : ErrorCode::io;
    return fail(code, doing + " " + path + ": " + std::generic_category().message(number));
}

std::string lines_of(const StoredAnchor& anchor) {
    std::string out(title);
    out.append("journal ").append(anchored_name(anchor.journal));
    out.append("\nposition ").append(std::to_string(anchor.position.value));
    out.append("\nflushes ").append(std::to_string(anchor.flushes));
    out.append("\nchain ").append(to_hex(anchor.chain));
    return out.append("\n");
}

// The rest of a line that begins with `name`; takes it off `text`.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
    const auto end = text.find('\n');
    if (end == text.npos || !text.starts_with(name)) return std::nullopt;
    const auto value = text.substr(name.size(), end - name.size());
    text.remove_prefix(end + 1);
    return value;
}

bool to_number(std::string_view text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size() && out >= 0;
}

}  // namespace

std::string anchored_name(std::string_view journal_id) {
    const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
    if (!journal_id.empty() && journal_id.size() <= longest_id &&
        std::ranges::all_of(journal_id, plain))
        return std::string(journal_id);
    return "(" + digest_hex(journal_id) + ")";
}

std::string encode_anchor(const StoredAnchor& anchor) {
    std::string out = lines_of(anchor);
    out += "check " + digest_hex(out).substr(0, check_digits) + "\n";
    out.resize(anchor_bytes - 1, ' ');
    return out + "\n";
}

Result<StoredAnchor> decode_anchor(std::string_view bytes) {
    const auto damaged = fail(ErrorCode::corrupt, "it is damaged, or no anchor");
    auto rest = bytes;
    if (!take_line(rest, title.substr(0, title.size() - 1))) return damaged;
    const auto journal = take_line(rest, "journal ");
    const auto position = take_line(rest, "position ");
    const auto flushes = take_line(rest, "flushes ");
    const auto chain = take_line(rest, "chain ");
    StoredAnchor anchor;
    if (!journal || !position || !flushes || !chain || !from_hex(*chain, anchor.chain) ||
        !to_number(*position, anchor.position.value) || !to_number(*flushes, anchor.flushes))
        return damaged;
    anchor.journal = *journal;
    // One anchor, one byte string: this holds the digest against the lines too.
    if (encode_anchor(anchor) != bytes) return damaged;
    return anchor;
}

Result<std::optional<StoredAnchor>> read_anchor(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.get() < 0) {
        if (errno == ENOENT) return std::optional<StoredAnchor>();
        return failed("opening", path, errno);
    }
    if (!file.regular()) return fail(ErrorCode::corrupt, path + " is no regular file");
    std::string bytes(anchor_bytes + 1, '\0');
    const auto got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    if (got < 0) return failed("reading", path, errno);
    bytes.resize(static_cast<std::size_t>(got));
    // What a machine leaves that stopped between making the file and writing it.
    if (std::ranges::all_of(bytes, [](char c) { return c == '\0'; }))
        return std::optional<StoredAnchor>();
    auto anchor = decode_anchor(bytes);
    if (!anchor) return fail(ErrorCode::corrupt, "the anchor " + path + ": " + anchor.error().text);
    return std::optional(std::move(*anchor));
}

Result<void> write_anchor(const std::string& path, const StoredAnchor& anchor, unsigned mode) {
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode));
    if (file.get() < 0) return failed("opening", path, errno);
    if (!file.regular()) return fail(ErrorCode::io, path + " is no regular file");
    const auto bytes = encode_anchor(anchor);
    const auto written = ::pwrite(file.get(), bytes.data(), bytes.size(), 0);
    if (written != static_cast<ssize_t>(bytes.size()))
        return failed("writing", path, written < 0 ? errno : ENOSPC);
    // Something longer was there: what is behind the anchor would make it a damaged one.
    struct stat found {};
    if (::fstat(file.get(), &found) == 0 && found.st_size > static_cast<off_t>(anchor_bytes) &&
        ::ftruncate(file.get(), anchor_bytes) != 0)
        return failed("truncating", path, errno);
    return {};
}

}  // namespace fenceline
