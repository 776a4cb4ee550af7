#include "projections/metrics.hpp"

#include <algorithm>

#include "events/text.hpp"
#include "projections/metric_numbers.hpp"
#include "projections/saturating.hpp"

namespace fenceline {

bool valid_namespace(std::string_view name_space) {
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::all_of(name_space, [&](char c) { return letter(c) || digit(c); }) &&
           (name_space.empty() || !digit(name_space.front()));
}

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// Sorts the series, and adds up those whose labels are the same: the seed labels are coarser than
// what is counted, and an image named `unknown` meets the one without a name.
void settle(MetricFamily& family) {
    auto& series = family.series;
    std::ranges::stable_sort(series, {}, &MetricSeries::labels);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < series.size(); ++i) {
        if (series[i].labels != series[kept].labels) {
            if (++kept != i) series[kept] = std::move(series[i]);
            continue;
        }
        MetricSeries& into = series[kept];
        into.value = saturating_add(into.value, series[i].value);
        into.sum_ns = saturating_add(into.sum_ns, series[i].sum_ns);
        for (std::size_t b = 0; b < into.buckets.size(); ++b)
            into.buckets[b] = saturating_add(into.buckets[b], series[i].buckets[b]);
    }
    if (!series.empty()) series.resize(kept + 1);
}

// Makes the families one by one, in the order of the contract.
class Page {
  public:
    Page(const MetricNumbers& numbers, const MetricView& view)
        : numbers_(numbers), tallies_(numbers.tallies), view_(view) {}

    MetricSnapshot make() {
        lifecycle_count();
        transitions();
        durations();
        observations();
        activations();
        capacity();
        return std::move(out_);
    }

  private:
    void begin(std::string_view name, MetricType type, std::string_view help) {
        if (!out_.families.empty()) settle(out_.families.back());
        MetricFamily& family = out_.families.emplace_back();
        family.name = view_.name_space;
        if (!family.name.empty()) family.name += '_';
        family.name += name;
        family.help = help;
        family.type = type;
    }
    template <const auto& Bounds>
    void begin_histogram(std::string_view name, std::string_view help) {
        begin(name, MetricType::histogram, help);
        out_.families.back().bounds_ns.assign(Bounds.begin(), Bounds.end());
    }
    void add(Labels labels, std::int64_t value) {
        out_.families.back().series.push_back({std::move(labels), value, {}, 0});
    }
    template <const auto& Bounds>
    void add(Labels labels, const Histogram<Bounds>& histogram) {
        const auto buckets = histogram.cumulative();
        out_.families.back().series.push_back(
            {std::move(labels), 0, {buckets.begin(), buckets.end()}, histogram.sum_ns()});
    }
    [[nodiscard]] std::string image(TextId id) const {
        return id.given() ? numbers_.image(id) : "unknown";
    }
    template <typename E>
    [[nodiscard]] static std::string label(E value) {
        return std::string(to_text(value));
    }

    void lifecycle_count();
    void all_cells(TextId image, const LifecycleCounts& counts);
    void transitions();
    void durations();
    void observations();
    void activations();
    void capacity();

    const MetricNumbers& numbers_;
    const Tallies& tallies_;
    const MetricView& view_;
    MetricSnapshot out_;
};

void Page::all_cells(TextId id, const LifecycleCounts& counts) {
    for (const auto& state : all_labels<State>()) {
        if (!is_active(state.value)) continue;
        for (const auto& binding : all_labels<Binding>())
            add({{"image", image(id)},
                 {"state", std::string(state.text)},
                 {"binding", std::string(binding.text)}},
                counts.count(id, state.value, binding.value));
    }
}

void Page::lifecycle_count() {
    begin("worker_lifecycle_count", MetricType::gauge,
          "Active workers by image, state and binding.");
    if (!view_.leads) return;
    std::vector<TextId> images;
    for (const auto& row : numbers_.counts.images()) images.push_back(row.image);
    for (const auto& [id, target] : numbers_.targets)
        if (id.given()) images.push_back(id);
    std::ranges::sort(images);
    images.erase(std::unique(images.begin(), images.end()), images.end());
    for (const TextId id : images) all_cells(id, numbers_.counts);
}

void Page::transitions() {
    begin("worker_lifecycle_transitions_total", MetricType::counter,
          "Operations on workers by how they ended, refused ones included.");
    for (const auto& row : tallies_.transitions.rows()) {
        const Outcome outcome = label_of(view_.labels, row.operation, row.outcome, row.observed);
        add({{"operation", label(row.operation)},
             {"outcome", label(outcome)},
             {"image", image(row.image)},
             {"origin", label(row.origin)}},
            row.count);
    }
}

void Page::durations() {
    begin_histogram<bounds::transition>(
        "worker_lifecycle_transition_duration_seconds",
        "Time of an operation from its call until its event is durable.");
    for (const auto& operation : all_labels<Operation>()) {
        const auto& calls = tallies_.durations.calls(operation.value);
        if (calls.count() > 0) add({{"operation", std::string(operation.text)}}, calls);
    }
    begin_histogram<bounds::drain>("worker_drain_total_duration_seconds",
                                   "Time from a worker's drain until its pod is deleted.");
    add({}, tallies_.durations.drains());
}

void Page::observations() {
    const Observations& seen = tallies_.observations;
    begin("worker_spawn_failures_total", MetricType::counter,
          "Workers that could not be spawned, by reason.");
    for (const auto& row : seen.spawn_failures())
        add({{"reason", label(row.label)}, {"image", image(row.image)}}, row.count);
    begin("worker_health_checks_total", MetricType::counter, "Health checks of workers by result.");
    for (const auto& row : seen.health_checks())
        add({{"result", label(row.label)}, {"image", image(row.image)}}, row.count);
    begin("worker_stranded_pods_reconciled_total", MetricType::counter,
          "Pods found without an owner, by what became of them.");
    for (const auto& row : seen.stranded_pods()) add({{"outcome", label(row.label)}}, row.count);
    begin("worker_stranded_secrets_reconciled_total", MetricType::counter,
          "Secrets found without an owner, by what became of them.");
    for (const auto& row : seen.stranded_secrets()) add({{"outcome", label(row.label)}}, row.count);
}

void Page::activations() {
    begin_histogram<bounds::activation>(
        "activation_duration_seconds", "Time from a worker's reservation until it serves its org.");
    for (const TextId id : tallies_.durations.activated_images())
        add({{"image", image(id)}}, *tallies_.durations.activations(id));
    begin("activation_failures_total", MetricType::counter, "Activations that failed.");
    for (const auto& row : tallies_.observations.activation_failures())
        add({{"image", image(row.image)}}, row.count);
}

void Page::capacity() {
    begin("warm_capacity_misses_total", MetricType::counter,
          "Claims that found no warm worker, by reason.");
    for (const auto& row : tallies_.observations.capacity_misses())
        add({{"image", image(row.image)}, {"reason", label(row.label)}}, row.count);
    begin("warm_capacity_effective_target", MetricType::gauge, "Warm workers wanted, by image.");
    if (view_.leads)
        for (const auto& [id, target] : numbers_.targets) add({{"image", image(id)}}, target);
    begin("warm_capacity_headroom", MetricType::gauge,
          "Workers that may still be started beyond the warm targets; -1 is unbounded or unknown.");
    add({}, view_.leads ? numbers_.headroom : -1);
    settle(out_.families.back());
}

}  // namespace

MetricSnapshot snapshot(const MetricNumbers& numbers, const MetricView& view) {
    return Page(numbers, view).make();
}

MetricSnapshot snapshot(const PoolGauges& pool, const Tallies& tallies, const Dictionary& texts,
                        const MetricView& view) {
    return snapshot(take_numbers(pool, tallies, texts), view);
}

}  // namespace fenceline
