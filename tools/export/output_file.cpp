#include "tools/export/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

tl::unexpected<Error> failed(const char* doing, const std::string& path, int number) {
    ErrorCode code = ErrorCode::io;
    if (number == ENOSPC || number == EDQUOT) code = ErrorCode::no_space;
    if (number == EACCES || number == EROFS) code = ErrorCode::read_only;
    if (number == ENOENT) code = ErrorCode::not_found;
    if (number == EEXIST) code = ErrorCode::already_exists;
    return fail(code, std::string(doing) + " " + path + ": " + std::strerror(number));
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
    OutputFile out;
    if (path.empty()) return out;
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0)
        return fail(ErrorCode::already_exists, "there is a file at " + path + " already",
                    "choose another path");
    const auto unfinished = path + "-unfinished";
    ::unlink(unfinished.c_str());  // what an interrupted export left
    const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return failed("making", unfinished, errno);
    out.path_ = path;
    out.unfinished_ = unfinished;
    out.file_ = ::fdopen(fd, "wb");
    if (out.file_ == nullptr) {
        ::close(fd);
        return failed("making", unfinished, ENOMEM);
    }
    return out;
}

OutputFile::~OutputFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    ::unlink(unfinished_.c_str());
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      unfinished_(std::move(other.unfinished_)),
      file_(std::exchange(other.file_, nullptr)) {}

bool OutputFile::write(std::string_view text) {
    if (path_.empty()) return write_out(text);
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
}

Result<void> OutputFile::close() {
    if (path_.empty()) return {};
    auto* file = std::exchange(file_, nullptr);
    const bool written = std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
    int number = errno;
    const bool closed = std::fclose(file) == 0;
    if (written && !closed) number = errno;
    if (written && closed) {
        // As it must not be there already: link refuses what rename would replace.
        if (::link(unfinished_.c_str(), path_.c_str()) == 0 ||
            (errno != EEXIST && ::rename(unfinished_.c_str(), path_.c_str()) == 0)) {
            ::unlink(unfinished_.c_str());
            return {};
        }
        number = errno;
    }
    ::unlink(unfinished_.c_str());
    return failed("writing", path_, number);
}

}  // namespace fenceline::tools
