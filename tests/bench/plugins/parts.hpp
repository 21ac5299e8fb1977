#pragma once

#include "measure.hpp"

namespace playhead::bench {

// How much of everything.
struct Size {
    int rooms = 10'000;
    int live_s = 60; // of rooms10k
    // Of one more room beside those, which changes with every tick; 0: there is none. Then for so long.
    int wide_viewers = 0;
    int beside_wide_s = 300;
    bool all_attacks = true;
};

// ---- bare_lua.cpp
// What a state of stock Lua takes with ten small plugins, and without.
void bare_lua(Results& results, const Size& size);

// ---- rooms.cpp
// Rooms with one viewer and nothing happening: what each takes, what its tick costs. `with_plugins` names the keys.
void cold_rooms(Results& results, const Size& size);
void cold_rooms_without_plugins(Results& results, const Size& size);
// The same for ten small plugins that each have a periodic hook, once a second.
void periodic_rooms(Results& results, const Size& size);
// Making a room and starting its plugins, one room a tick.
void beginnings(Results& results, const Size& size);
// Real time, on one core: rooms of two alone, then beside a wide one.
void live_rooms(Results& results, const Size& size);

// ---- talk.cpp
// One line of chat through decide, transform and ring.
void talk(Results& results, const Size& size);
// Hooks with the budget of instructions, and without.
void budget(Results& results, const Size& size);

// ---- attacks.cpp
// Every script of tests/plugin/attacks as the periodic hook of a hundred rooms, beside an honest one.
void attacks(Results& results, const Size& size);

} // namespace playhead::bench
