#pragma once

// Errors of the world, as values. A fence miss is an answer and never comes this way.
//
//   auto store = LifecycleStore::open(options);
//   if (!store) report(store.error());

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace fenceline {

enum class ErrorCode {
    invalid_request,     // makes no sense whoever asks it; nothing was decided
    not_found,           // no such journal, file or position
    already_exists,      // `init` of a journal that is there
    busy,                // a lock was not to be had within its limit
    no_space,            // disk or quota full; work goes on once there is room
    read_only,           // the file or its directory cannot be written
    io,                  // the storage failed a read or a write
    corrupt,             // the bytes contradict themselves
    unsupported_format,  // not a journal, or of a format newer than this program
    out_of_order,        // a time before one already recorded
    poisoned,            // an earlier commit is unknown: reopen the store first
    shutting_down,       // the store is being closed
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
#define FENCELINE_TRY(expression)                                                 \
    do {                                                                          \
        if (auto fenceline_try_ = (expression); !fenceline_try_)                  \
            return tl::unexpected<::fenceline::Error>(std::move(fenceline_try_.error())); \
    } while (false)

}  // namespace fenceline
