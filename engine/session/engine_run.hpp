#pragma once

#include "seal/key.hpp"

#include <cstdint>

namespace playhead {

// One run of the engine: what names it, and the secret with which it seals what only it may open again. Both are random
// and end with the process, and with them every connect token.
struct EngineRun {
    std::uint64_t clock_id = 0;
    seal::Key sealing_key;
};

} // namespace playhead
