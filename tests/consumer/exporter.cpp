// The exporter as an embedder registers it: one page, collected the way prometheus-cpp does.

#include <cstdio>
#include <memory>
#include <string>

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "journal/lifecycle_store.hpp"
#include "metrics/prometheus_exporter.hpp"

int main(int, char** arguments) {
    using namespace fenceline;
    auto store =
        LifecycleStore::open({.path = arguments[1], .create = true, .instance = "cp-a:boot-1"});
    if (!store || !(*store)->spawn({.image = "duck:1"})) return 1;

    const auto collectable = make_collectable(**store, {.view = {}, .version = "9"});
    const std::string page = prometheus::TextSerializer().Serialize(collectable->Collect());
    const std::string wanted =
        "duckgres_worker_lifecycle_transitions_total{operation=\"spawn\",outcome=\"transitioned\"";
    if (page.find(wanted) != std::string::npos) return 0;
    std::fprintf(stderr, "exporter: no %s in\n%s", wanted.c_str(), page.c_str());
    return 1;
}
