#pragma once

#include "lib/transport/ending.hpp"

#include <cstdint>

// What to do after a connection ended: a pure decision, so that every ending can be read as one row of a table.
// clients/sdk/src/retry.ts is its twin.
namespace playhead::client {

// Bounds of the time between attempts, before jitter; it doubles in between. Unit: ms.
inline constexpr double retry_ms_min = 250;
inline constexpr double retry_ms_max = 10'000;
// After so many attempts in a row that ended in a fault of ours, trying again is no use.
inline constexpr std::uint32_t faults_max = 3;

struct Attempts {
    std::uint32_t failures = 0; // endings in a row without a stable connection between them, this one included
    bool resumed = false;       // the connection that ended had presented a resume token
    bool has_join_token = false;
    bool connect_token = false; // what was refused is a token that each attempt gets anew
};

struct Decision {
    bool again = false; // else it is over
    double delay_ms = 0;
    double floor_ms = 0; // not sooner, whoever asks
    bool forget = false; // the place is lost: join as a new viewer
    bool operator==(const Decision&) const = default;
};

// `random` is in [0, 1).
Decision after_ending(const Ending& ending, const Attempts& attempts, double random);

} // namespace playhead::client
