# What an embedder may include: installed under include/fenceline, with the same paths as here.
# A public header includes the standard library, tl/expected.hpp and headers of this list alone
# (tests/source reads this file and holds them to it).
set(FENCELINE_PUBLIC_HEADERS
    events/event.hpp
    events/ids.hpp
    events/invariant.hpp
    events/labels.hpp
    events/limits.hpp
    events/result.hpp
    events/text.hpp
    events/time.hpp
    statemachine/commands.hpp
    statemachine/lease.hpp
    projections/metrics.hpp
    journal/answers.hpp
    journal/journal.hpp
    journal/lifecycle_store.hpp
    journal/open.hpp
)

# Installed with the component `prometheus`.
set(FENCELINE_PROMETHEUS_HEADERS
    metrics/prometheus_exporter.hpp
)

# Headers that are still being written.
foreach(list FENCELINE_PUBLIC_HEADERS FENCELINE_PROMETHEUS_HEADERS)
    foreach(header IN LISTS ${list})
        if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
            list(REMOVE_ITEM ${list} ${header})
        endif()
    endforeach()
endforeach()
