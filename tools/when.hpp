#pragma once

// The moments that --at, --from and --to name:
//
//   2026-05-24T10:00:00Z     RFC 3339
//   @1779616800.5            seconds since 1970, decimals allowed
//   #1234                    a journal position
//   -15m  -2h  -30s  -1d     before the journal's last event
//
// Relative times count from the last event and not from now, so that the same command on the same
// journal always answers the same.
//
// Pure functions.

#include <string>
#include <string_view>

#include "events/ids.hpp"
#include "events/result.hpp"
#include "events/time.hpp"

namespace fenceline::tools {

// A moment as written; turned into a position by the journal (tools/source.hpp).
struct When {
    enum class Kind { time, position, relative };
    Kind kind = Kind::time;
    Time time;
    Position position;
    Duration before_end;

    // The time it names in a journal whose last event was at `last`. Not for positions.
    [[nodiscard]] Time in(Time last) const {
        return kind == Kind::relative ? last - before_end : time;
    }
};

[[nodiscard]] Result<When> parse_when(std::string_view text);

// "30s", "15m", "1h30m", "250ms": whole numbers with units d, h, m, s, ms, us, ns; not negative.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// The shortest such text: "1h30m"; "0s" for none.
[[nodiscard]] std::string duration_text(Duration duration);

}  // namespace fenceline::tools
