#include "tests/support/oracle_compare.hpp"

namespace fenceline::testing {

namespace {

std::string show(const std::string& text) {
    return "\"" + text + "\"";
}
std::string show(std::int64_t number) {
    return std::to_string(number);
}
std::string show(const std::vector<std::int64_t>& numbers) {
    std::string out;
    for (const auto number : numbers) out += (out.empty() ? "" : " ") + std::to_string(number);
    return out;
}
std::string show(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) out += (out.empty() ? "" : " ") + show(text);
    return out;
}

// Collects the first difference of several fields.
class Fields {
  public:
    template <typename T>
    Fields& same(const char* name, const T& expected, const T& found) {
        if (what_.empty() && expected != found)
            what_ = std::string(name) + ": expected " + show(expected) + ", found " + show(found);
        return *this;
    }
    Fields& holds(bool holds, const char* what) {
        if (what_.empty() && !holds) what_ = what;
        return *this;
    }
    [[nodiscard]] std::string take() { return std::move(what_); }

  private:
    std::string what_;
};

template <typename E>
std::string text(E value) {
    return value == E{} ? "" : std::string(to_text(value));
}

void compare_refusal(Fields& fields, const Expected& e, const Answer& answer) {
    fields.same("refused", std::int64_t{!e.check.empty()},
                std::int64_t{answer.refusal.has_value()});
    if (e.check.empty() || !answer.refusal) return;
    fields.same("check", e.check, text(answer.refusal->check))
        .same("winner", e.winner, answer.refusal->winner.value);
    if (e.wanted) fields.same("refusal's expected", *e.wanted, answer.refusal->expected);
    if (e.found) fields.same("refusal's found", *e.found, answer.refusal->found);
}

void compare_lease(Fields& fields, const Expected& e, const Answer& answer) {
    fields.same("has a lease", std::int64_t{e.lease.has_value()},
                std::int64_t{answer.lease.has_value()});
    if (!e.lease || !answer.lease) return;
    fields.same("lease's worker", e.lease->worker, answer.lease->worker().value)
        .same("lease's owner", e.lease->owner, answer.lease->owner())
        .same("lease's epoch", e.lease->epoch, answer.lease->epoch().value)
        .same("lease's image", e.lease->image, answer.lease->image());
}

// A metric's numbers as the oracle writes them.
std::vector<std::int64_t> numbers_of(const MetricFamily& family, const MetricSeries& series,
                                     bool only_count) {
    if (family.type != MetricType::histogram) return {series.value};
    if (only_count) return {series.buckets.back()};
    auto numbers = series.buckets;
    numbers.push_back(series.sum_ns);
    return numbers;
}

}  // namespace

std::string difference(const Expected& e, const Result<Answer>& answer) {
    if (!e.objection.empty()) return e.objection;
    if (e.error) {
        if (answer) return "expected an error, found " + std::string(to_text(answer->outcome));
        const bool right = answer.error().code == ErrorCode::invalid_request &&
                           answer.error().effect == Effect::not_applied;
        return right ? "" : "expected invalid_request, found: " + answer.error().text;
    }
    if (!answer) return "expected " + e.outcome + ", found an error: " + answer.error().text;
    Fields fields;
    fields.same("operation", e.operation, text(answer->operation))
        .same("outcome", e.outcome, text(answer->outcome))
        .same("worker", e.worker, answer->worker.value)
        .same("from", e.from, text(answer->from))
        .same("to", e.to, text(answer->to))
        .same("cleanup", std::int64_t{e.cleanup}, std::int64_t{answer->cleanup_scheduled})
        .same("replayed", std::int64_t{e.replayed}, std::int64_t{answer->replayed})
        .same("expired", e.expired, answer->expired);
    compare_refusal(fields, e, *answer);
    compare_lease(fields, e, *answer);
    // An expiry that found nobody has no event, so no place of its own.
    const bool has_place = e.replayed || !e.events.empty();
    if (has_place)
        fields.same("position", e.position, answer->position.value).same("at", e.at, answer->at.ns);
    return fields.take();
}

std::string difference(const OracleEvent& e, const Event& event, const Dictionary& texts) {
    const auto at = [&](TextId id) { return std::string(texts.text(id)); };
    Fields fields;
    fields.same("operation", e.operation, text(event.operation))
        .same("outcome", e.outcome, text(event.outcome))
        .same("position", e.position, event.position.value)
        .same("at", e.at, event.at.ns)
        .same("check", e.check, text(event.failed_check))
        .same("origin", e.origin, std::string(to_text(event.origin)))
        .same("caller", e.caller, at(event.caller))
        .same("worker", e.worker, event.worker.value)
        .same("image", e.image, at(event.image))
        .same("count", e.count, std::int64_t{event.count})
        .same("owner", e.owner, at(event.owner))
        .same("org", e.org, at(event.org))
        .same("epoch", e.epoch, event.epoch.value)
        .same("from", e.from, text(event.from))
        .same("version", e.version, event.version.value)
        .same("to", e.to, text(event.to))
        .same("request id", e.request_id, event.request_id);
    if (const auto* marked = std::get_if<ControlPlaneMarked>(&event.payload))
        fields.same("instance", e.instance, at(marked->instance));
    const std::string what = fields.take();
    if (what.empty()) return what;
    return "event " + std::to_string(event.position.value) + " (" + text(event.operation) + ", " +
           text(event.outcome) + "): " + what;
}

std::string difference(const OracleWorker& e, const WorkerView& row) {
    const std::string what =
        Fields()
            .same("id", e.id, row.worker.value)
            .same("state", e.state, text(row.state))
            .same("version", e.version, row.version.value)
            .same("pod", e.pod, row.pod)
            .same("image", e.image, row.image)
            .same("org", e.org, row.org)
            .same("owner", e.owner, row.owner)
            .same("epoch", e.epoch, row.epoch.value)
            .same("retire_reason", e.retire_reason, row.retire_reason)
            .same("created_at", e.created_at, row.created_at.ns)
            .same("updated_at", e.updated_at, row.updated_at.ns)
            .same("last_heartbeat_at", e.last_heartbeat_at, row.last_heartbeat_at.ns)
            .same("reserved_at", e.reserved_at, row.reserved_at.ns)
            .same("activation_started_at", e.activation_started_at, row.activation_started_at.ns)
            .same("credentials_expire_at", e.credentials_expire_at, row.credentials_expire_at.ns)
            .take();
    return what.empty() ? what : "worker " + std::to_string(e.id) + ": " + what;
}

std::string difference(const OraclePage& page, const MetricSnapshot& metrics,
                       const std::string& name_space) {
    const std::string prefix = name_space.empty() ? "" : name_space + "_";
    OraclePage found;
    for (const MetricFamily& family : metrics.families) {
        if (!family.name.starts_with(prefix)) return "no namespace before " + family.name;
        const auto name = family.name.substr(prefix.size());
        const bool only_count = name == "worker_lifecycle_transition_duration_seconds";
        for (const MetricSeries& series : family.series) {
            std::vector<std::string> key{name};
            for (const auto& [label, value] : series.labels) key.push_back(value);
            if (!found.emplace(key, numbers_of(family, series, only_count)).second)
                return "twice: " + show(key);
        }
    }
    for (const auto& [key, numbers] : page) {
        const auto it = found.find(key);
        if (it == found.end()) return "series " + show(key) + " is missing: " + show(numbers);
        if (it->second != numbers)
            return "series " + show(key) + ": expected " + show(numbers) + ", found " +
                   show(it->second);
    }
    for (const auto& [key, numbers] : found)
        if (!page.contains(key)) return "series " + show(key) + " is surplus: " + show(numbers);
    return {};
}

WorkerView view_of(const OracleWorker& row) {
    WorkerView view{.worker = WorkerId{row.id},
                    .pod = row.pod,
                    .image = row.image,
                    .org = row.org,
                    .owner = row.owner,
                    .retire_reason = row.retire_reason,
                    .state = from_text<State>(row.state).value_or(State::none),
                    .epoch = Epoch{row.epoch},
                    .version = Position{row.version}};
    view.created_at.ns = row.created_at;
    view.updated_at.ns = row.updated_at;
    view.last_heartbeat_at.ns = row.last_heartbeat_at;
    view.reserved_at.ns = row.reserved_at;
    view.activation_started_at.ns = row.activation_started_at;
    view.credentials_expire_at.ns = row.credentials_expire_at;
    return view;
}

}  // namespace fenceline::testing
