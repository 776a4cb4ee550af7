#pragma once

// Small words for projection tests: an event in one line, a projection as bytes.

#include <string>
#include <string_view>
#include <utility>

#include "events/event.hpp"
#include "events/state_bytes.hpp"

namespace fenceline::testing {

inline Event event_of(Operation operation, Outcome outcome = Outcome::transitioned,
                      TextId image = TextId{1}) {
    Event event;
    event.position = Position{1};
    event.at = Time{1'700'000'000'000'000'000};
    event.operation = operation;
    event.outcome = outcome;
    event.image = image;
    return event;
}

inline Event report(Operation operation, Payload payload, TextId image = TextId{1}) {
    Event event = event_of(operation, Outcome::recorded, image);
    event.payload = std::move(payload);
    return event;
}

template <typename P>
std::string bytes_of(const P& projection) {
    StateWriter out;
    projection.save(out);
    return out.take();
}

// Whether the bytes are read, and to their end.
template <typename P>
bool reads(P& projection, std::string_view bytes) {
    StateReader in(bytes);
    return projection.load(in) && in.complete();
}

// Saved, loaded and saved again it is the same; cut short anywhere it is refused.
template <typename P>
bool survives_saving(const P& projection) {
    const std::string bytes = bytes_of(projection);
    P again;
    if (!reads(again, bytes) || bytes_of(again) != bytes) return false;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        P cut;
        if (reads(cut, std::string_view(bytes).substr(0, size))) return false;
    }
    return true;
}

}  // namespace fenceline::testing
