# One libFuzzer program for each target. Needs clang; tools/fuzz builds and runs them.
foreach(target payload measurements hashed_commit exposition exec_line import_line journal_file)
    add_executable(fenceline_fuzz_${target} tests/fuzz/fuzzer.cpp tests/fuzz/targets.cpp)
    target_compile_definitions(fenceline_fuzz_${target} PRIVATE FENCELINE_FUZZ_TARGET=${target})
    target_link_libraries(fenceline_fuzz_${target} PRIVATE fenceline_tools)
    target_link_options(fenceline_fuzz_${target} PRIVATE -fsanitize=fuzzer)
endforeach()
