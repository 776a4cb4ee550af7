#include "events/result.hpp"

namespace fenceline {

std::string_view to_text(ErrorCode code) {
    // No default: the compiler names a code that is missing here.
    switch (code) {
        case ErrorCode::invalid_request: return "invalid_request";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::already_exists: return "already_exists";
        case ErrorCode::busy: return "busy";
        case ErrorCode::no_space: return "no_space";
        case ErrorCode::read_only: return "read_only";
        case ErrorCode::io: return "io";
        case ErrorCode::corrupt: return "corrupt";
        case ErrorCode::unsupported_format: return "unsupported_format";
        case ErrorCode::out_of_order: return "out_of_order";
        case ErrorCode::poisoned: return "poisoned";
        case ErrorCode::shutting_down: return "shutting_down";
    }
    return "?";  // a number from a newer journal
}

}  // namespace fenceline
