# The installed library, used from outside. The proofs are a test of their own: that a snapshot
# passes for no lease.
foreach(step install run proofs)
    add_test(NAME consumer_${step}
        COMMAND ${CMAKE_COMMAND} -D step=${step} -D build=${PROJECT_BINARY_DIR}
            -D source=${PROJECT_SOURCE_DIR} -D compiler=${CMAKE_CXX_COMPILER}
            "-Dflags=${CMAKE_CXX_FLAGS}" -P ${CMAKE_CURRENT_LIST_DIR}/run.cmake)
    set_tests_properties(consumer_${step} PROPERTIES LABELS consumer)
endforeach()
set_tests_properties(consumer_install PROPERTIES FIXTURES_SETUP installed_tree)
set_tests_properties(consumer_run consumer_proofs PROPERTIES
    FIXTURES_REQUIRED installed_tree RESOURCE_LOCK consumer_build)
