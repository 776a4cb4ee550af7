// The door of libFuzzer; one program for each target.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

#ifdef FENCELINE_FUZZ_TARGET
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fenceline::fuzz::FENCELINE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
#endif
