#pragma once

// Errors of the world, as values. A fence miss is an answer and never comes this way.
//
//   auto store = LifecycleStore::open(options);
//   if (!store) report(store.error());

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace fenceline {

// The numbers are FROZEN: journals hold them (OperationFailed).
enum class ErrorCode : std::uint8_t {
    invalid_request = 0,     // makes no sense whoever asks it; nothing was decided
    not_found = 1,           // no such journal, file or position
    already_exists = 2,      // `init` of a journal that is there
    busy = 3,                // a lock was not to be had within its limit
    no_space = 4,            // disk or quota full; work goes on once there is room
    read_only = 5,           // the file or its directory cannot be written
    io = 6,                  // the storage failed a read or a write
    corrupt = 7,             // the bytes contradict themselves
    unsupported_format = 8,  // not a journal, or of a format newer than this program
    out_of_order = 9,        // a time before one already recorded
    poisoned = 10,           // an earlier commit is unknown: reopen the store first
    shutting_down = 11,      // the store is being closed
};

// Whether the operation took effect. `unknown` is the failed sync: reopen, then ask again with
// the same request id.
enum class Effect { not_applied, unknown };

struct Error {
    ErrorCode code = ErrorCode::io;
    Effect effect = Effect::not_applied;
    std::string text;  // what and why, one line, for people
    std::string hint;  // how to mend it, may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string text,
                                                std::string hint = {}) {
    return tl::unexpected<Error>(
        Error{code, Effect::not_applied, std::move(text), std::move(hint)});
}

// The code's name as JSON and metrics show it: "invalid_request".
[[nodiscard]] std::string_view to_text(ErrorCode code);

// Passes the error of an expression up; the value is dropped.
#define FENCELINE_TRY(expression)                                                         \
    do {                                                                                  \
        if (auto fenceline_try_ = (expression); !fenceline_try_)                          \
            return tl::unexpected<::fenceline::Error>(std::move(fenceline_try_.error())); \
    } while (false)

}  // namespace fenceline
