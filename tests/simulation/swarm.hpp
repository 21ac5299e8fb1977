#pragma once

#include "simulation/world.hpp"

#include <cstdint>

namespace playhead::simulation {

// A world of its own kind: which features and which troubles there are is chance, from `seed`, too. Whatever is in
// every world hides what only shows without it.
//   `duration`: of the troubles; 0 = short, a few seconds.
//   Source: Groce, Zhang, Eide, Chen, Regehr, "Swarm testing", ISSTA 2012.
Scenario swarm(std::uint64_t seed, Microseconds duration = Microseconds{0});

// A world with everything in it at once, half of everyone in some trouble.
Scenario everything(std::uint64_t seed, Microseconds duration);

} // namespace playhead::simulation
