#include "statemachine/deciding.hpp"

#include "events/limits.hpp"
#include "events/utf8.hpp"
#include "statemachine/decide.hpp"

namespace fenceline {

Event& Deciding::begin(Operation operation, TextId likely_caller) {
    Event& event = events_.emplace_back();
    event.at = now_;
    event.operation = operation;
    event.origin = ask_.origin;
    event.caller = number(ask_.caller, likely_caller);
    event.request_id = ask_.request_id;
    return event;
}

void note_found(Event& event, const Worker& worker) {
    event.worker = worker.id;
    event.image = worker.image;  // also when it has none: counts go by the record's image
    event.owner = worker.owner;
    event.org = worker.org;
    event.epoch = worker.epoch;
    event.from = event.to = worker.state;
    event.version = worker.version;
}

// --- senseless requests --------------------------------------------------------------------------

namespace {

// What a request names, whether or not it makes sense.
struct Named {
    WorkerId worker;
    std::string_view image;
};

template <typename Asking>
Named named_by(const Asking& asked) {
    if constexpr (requires { asked.lease; }) {
        return {asked.lease.worker(), asked.lease.image()};
    } else if constexpr (requires { asked.snapshot; }) {
        return {asked.snapshot.row().worker, asked.snapshot.row().image};
    } else if constexpr (requires { asked.row; }) {
        return {asked.row.worker, asked.row.image};
    } else {
        Named named;
        if constexpr (requires { asked.image; }) named.image = asked.image;
        if constexpr (requires { asked.worker.has_value(); })
            named.worker = asked.worker.value_or(WorkerId{});
        else if constexpr (requires { asked.worker; })
            named.worker = asked.worker;
        return named;
    }
}

// The journal keeps no text that validate() would refuse.
std::string_view if_sound(std::string_view text, std::size_t most_bytes) {
    return text.size() <= most_bytes && is_valid_utf8(text) ? text : std::string_view{};
}

}  // namespace

Event decide_senseless(World& world, const Command& command, const Error& why, Time now) {
    const Named named =
        std::visit([](const auto& asked) { return named_by(asked); }, command.request);
    Event event;
    event.at = now;
    event.operation = operation_of(command.request);
    event.outcome = Outcome::store_error;
    event.failed_check = Check::request;
    if (to_text(command.ask.origin) != "?") event.origin = command.ask.origin;
    event.caller = world.texts.intern(if_sound(command.ask.caller, limits::name_bytes));
    event.request_id = if_sound(command.ask.request_id, limits::request_id_bytes);
    event.image = world.texts.intern(if_sound(named.image, limits::name_bytes));
    if (limits::is_worker_id(named.worker.value)) {
        event.worker = named.worker;
        if (const Worker* worker = world.find(named.worker)) note_found(event, *worker);
    }
    event.payload = OperationFailed{.code = why.code};
    return event;
}

}  // namespace fenceline
