#include "fuzz/targets.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    playhead::fuzz::PLAYHEAD_FUZZ_TARGET(std::as_bytes(std::span{data, size}));
    return 0;
}
