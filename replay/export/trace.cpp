#include "replay/export/trace.hpp"

#include "replay/export/trace_sink.hpp"

namespace fenceline::replay {

Result<std::int64_t> write_trace(Reader& reader, const EventRange& range, const Write& write) {
    auto past = replay(reader, {.to = range.after});
    if (!past) return tl::unexpected<Error>(std::move(past.error()));
    Time begin = past->head.at;
    if (range.after < range.to) {
        const auto first = reader.event(Position{range.after.value + 1});
        if (!first) return tl::unexpected<Error>(first.error());
        begin = first->at;
    }
    TraceSink sink(past->fold.world, range, write);
    sink.begin(begin);
    FENCELINE_TRY(reader.read(past->head, range.to, sink));
    if (!sink.consistent())
        return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                    "run fenceline verify on a copy");
    if (range.progress) range.progress(range.to, range.to);
    return sink.finish();
}

}  // namespace fenceline::replay
