#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "plugin/plugin_set.hpp"
#include "plugin/plugin_state.hpp"
#include "plugin/room_witness.hpp"
#include "replication/frame.hpp"
#include "replication/messages.hpp"
#include "room/motion.hpp"
#include "room/room.hpp"
#include "room/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// The records of schemas/recording.fbs as plain values.
namespace playhead::recording {

// Grows with what an older reader could not replay.
inline constexpr std::uint16_t format = 1;

struct RecordedPlugin {
    PluginRequest request;
    std::string hash; // as the room showed it
    bool operator==(const RecordedPlugin&) const = default;
};
std::vector<RecordedPlugin> recorded_plugins(const PluginSet& plugins);

// What a recording begins with: all that the room's next tick depends on. What it does not hold of its plugins (their
// health, rates of commands) begins anew with the restart.
struct Opening {
    std::string engine; // its version
    std::string room;
    std::uint32_t part = 1; // a long recording goes on in another file
    Tick tick;
    TickLength tick_length;
    std::int64_t unix_us = 0;
    bool left_out = false; // pseudonyms stand for names and for what people wrote
    bool started = false;  // its plugins were running: then the first call is a restart
    std::vector<RecordedPlugin> plugins;
    RoomState room_state;
    PluginState plugin_state{0};
};

struct Advance {
    std::uint32_t missed = 0;
    bool operator==(const Advance&) const = default;
};
struct Reload {
    std::vector<RecordedPlugin> plugins;
};
using Call = std::variant<RoomStep, Advance, Reload, Input>;

// The guard over plugins' time said that it is up.
struct CutOff {
    std::uint32_t asked = 0; // when it was asked for this time in the turn, from 0
    Microseconds took{0};    // how long the script had been running, or the next one that ran
    bool operator==(const CutOff&) const = default;
};

// What the room was told in one tick, and what came of it.
struct Turn {
    Tick tick;
    Lead lead;
    std::vector<Call> calls;
    std::vector<CutOff> cut_offs;
    Version version;
    std::optional<Frame> update; // what changed, as the room's owner sees it: a delta or snapshot, with its hash
    std::optional<std::uint64_t> digest;  // of all state
    Microseconds took{0};                 // of the shard's time
    std::optional<std::uint32_t> refused; // commands; empty: not counted
    std::optional<Beacon> beacon;         // how viewers were doing
};

struct Closing {
    std::string why;
};

using Record = std::variant<Opening, Turn, Closing>;

// With its size in front. One longer than record_bytes_max is a bug of ours: all that goes in is bounded.
Bytes encode(const Record& record);

// Over what would go into an Opening; the same state has the same digest, however it came about.
std::uint64_t digest_of(const RoomState& room, const PluginState& plugins);

inline constexpr std::size_t record_bytes_max = 64 * 1024 * 1024;

// Bytes of one record, its size in front. Everything is checked: a file is a stranger.
//   Errors: malformed, too_large, out_of_range.
Result<Record> decode(ByteView bytes);

} // namespace playhead::recording
