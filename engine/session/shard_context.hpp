#pragma once

#include "core/time.hpp"
#include "plugin/figures.hpp"
#include "plugin/lua_memory.hpp"
#include "seal/connect_token.hpp"
#include "session/admission_queue.hpp"
#include "session/clock.hpp"
#include "session/due_rooms.hpp"
#include "session/engine_run.hpp"
#include "session/log.hpp"
#include "session/metrics.hpp"
#include "session/plugin_time.hpp"
#include "session/recording_rules.hpp"
#include "session/relays.hpp"
#include "session/settings.hpp"

#include <cstdint>

namespace playhead {

// With `draining`: a client tries again, elsewhere or here, not sooner than this.
inline constexpr std::uint32_t drain_retry_ms = 1000;

// What a shard lends its rooms. Outlives them.
struct ShardContext {
    const SessionSettings& settings;
    const TickLength tick_length;
    const EngineRun run;
    const Clock& clock;
    RandomSource& random;
    Metrics metrics;
    PluginFigures plugin_figures;
    PluginTime plugin_time;
    LuaMemory lua_memory;
    DueRooms due;
    Tick next_tick;         // the first that has not been run
    ServerTime sends_until; // while a tick runs: when sending is to go on between ticks instead
    double tick_load = 0;   // share of their time that ticks took of late, the newest counting most
    bool draining = false;
    const Relays* relays = nullptr; // null: none
    seal::UsedTokens used_tokens;
    AdmissionQueue admissions;
    PeerLog peer_log;
    PluginLog plugin_log;
    RecordingRules recording{};
};

} // namespace playhead
