#include "replay/report/pack.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "events/invariant.hpp"

namespace fenceline::replay::report {

namespace {

constexpr int level = 6;
constexpr int gzip_window = 15 + 16;  // zlib's word for a gzip header instead of its own
constexpr int memory_level = 8;
constexpr std::size_t chunk_bytes = 256 * 1024;

}  // namespace

std::string gzip(std::string_view bytes) {
    z_stream stream{};
    FENCELINE_INVARIANT(deflateInit2(&stream, level, Z_DEFLATED, gzip_window, memory_level,
                                     Z_DEFAULT_STRATEGY) == Z_OK,
                        "zlib takes its own constants");
    std::string out, chunk(chunk_bytes, '\0');
    std::size_t taken = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        // zlib never writes to its input; its type only says so in newer releases.
        const auto piece = std::min<std::size_t>(bytes.size() - taken, chunk_bytes);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + taken));
        stream.avail_in = static_cast<uInt>(piece);
        stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
        stream.avail_out = static_cast<uInt>(chunk.size());
        const bool last = taken + piece == bytes.size();
        status = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
        taken += piece - stream.avail_in;
        out.append(chunk, 0, chunk.size() - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const std::size_t size = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < size ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            out += k <= size ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

}  // namespace fenceline::replay::report
