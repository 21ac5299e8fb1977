#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/value.hpp"
#include "room/command.hpp"
#include "room/event.hpp"
#include "room/shared.hpp"
#include "room/state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// The messages of schemas/*.fbs as plain values. Nothing above this layer sees a FlatBuffer.
namespace playhead {

// ---- client to engine

struct Hello {
    static constexpr std::size_t token_bytes_max = 512;
    static constexpr std::size_t client_bytes_max = 100;
    static constexpr std::size_t device_bytes_max = 64;
    std::uint16_t protocol_min = 0;
    std::uint16_t protocol_max = 0;
    std::string room;
    std::string join_token;
    std::string resume_token;
    std::string name;
    Epoch have_epoch;
    Version have_version;
    std::string client;
    std::string device{}; // a random id that a browser keeps; who is banned is known by it. Empty = not told.
    bool operator==(const Hello&) const = default;
};

// A Command before the session has stamped it: times are what the client says.
struct ClientCommand {
    std::uint32_t sequence = 0;
    MediaInstance media;
    ServerTime issued_at;
    std::uint16_t issued_logical = 0;
    std::optional<MediaTime> position_seen;
    Action action;
    bool operator==(const ClientCommand&) const = default;
};

struct Ping {
    std::int64_t t0_us = 0;
    bool operator==(const Ping&) const = default;
};

// Bits of Report::flags and Telemetry::flags.
enum class ReportFlag : std::uint8_t { stalled = 1, away = 2, blocked = 4, inexact = 8 };

struct Report {
    Version version;
    MediaInstance media;
    Microseconds drift{0};
    Microseconds delay{0};
    Microseconds clock_error{0};
    std::uint32_t buffer_ms = 0;
    MediaTime duration{0};
    std::uint8_t flags = 0;
    bool operator==(const Report&) const = default;
};

struct Resync {
    Version version;
    std::uint32_t state_hash = 0;
    bool mismatch = false;
    bool operator==(const Resync&) const = default;
};

struct Bye {
    bool operator==(const Bye&) const = default;
};

// A Signal (room/room.hpp) before the session has said whose it is.
struct ClientSignal {
    std::string plugin;
    std::string name;
    Value args;
    bool operator==(const ClientSignal&) const = default;
};

// What a client holds now, where deltas may be lost: said for each snapshot and each delta that came, also for one that
// brought nothing new.
struct Ack {
    Epoch epoch;
    Version version;
    bool operator==(const Ack&) const = default;
};

using ClientMessage = std::variant<Hello, ClientCommand, Ping, Report, Resync, Bye, ClientSignal, Ack>;

// ---- engine to client

struct Welcome {
    std::uint16_t protocol = 0;
    std::string room;
    ViewerId viewer;
    std::string resume_token;
    bool resumed = false;
    std::uint64_t clock_id = 0;
    Microseconds tick_length{0};
    ServerTime server_time;
    std::uint32_t report_interval_ms = 0;
    std::uint32_t ping_interval_ms = 0;
    std::uint16_t commands_per_s = 0;
    std::uint16_t command_burst = 0;
    std::uint32_t roles = 0;
    bool operator==(const Welcome&) const = default;
};

// One entry of a table of shared state (room/shared.hpp): its value, or that it is gone.
struct SharedEntry {
    TableName table;
    EntryKey key;
    std::optional<Value> value;
    bool operator==(const SharedEntry&) const = default;
};

// The replicated fields of a room: all of them in a snapshot, the changed ones in a delta.
struct RoomFields {
    std::optional<RoomInfo> info;
    std::optional<Media> media;
    std::optional<Motion> motion;
    std::optional<std::uint32_t> viewer_count;
    std::vector<ViewerRow> viewers;
    std::vector<ViewerId> removed_viewers;
    std::vector<SharedEntry> shared{}; // entries added, changed or removed
    bool operator==(const RoomFields&) const = default;
};

struct Snapshot {
    Epoch epoch;
    Version version;
    Tick tick;
    std::uint32_t state_hash = 0;
    RoomFields fields;
    bool operator==(const Snapshot&) const = default;
};

struct Delta {
    Epoch epoch;
    Version base;
    Version version;
    Tick tick;
    std::uint32_t state_hash = 0;
    std::optional<ServerTime> sent_at;
    RoomFields fields;
    bool operator==(const Delta&) const = default;
};

struct Pong {
    std::int64_t t0_us = 0;
    ServerTime t1;
    ServerTime t2;
    bool operator==(const Pong&) const = default;
};

struct Reply {
    std::uint32_t sequence = 0;
    Verdict verdict = Verdict::applied;
    Error error{ErrorCode::none, {}};
    Tick tick;
    Version version;
    std::string plugin{}; // as in Outcome
    std::string reason{};
    Value data{};
    bool operator==(const Reply&) const = default;
};

struct Goodbye {
    Error error;
    bool resumable = false;
    bool operator==(const Goodbye&) const = default;
};

struct Telemetry {
    ViewerId viewer;
    Microseconds drift{0};
    std::uint16_t delay_ms = 0;
    std::uint16_t buffer_ms = 0;
    std::uint8_t flags = 0;
    bool operator==(const Telemetry&) const = default;
};

struct DriftDistribution {
    std::uint32_t reporting = 0;
    Microseconds p50{0};
    Microseconds p95{0};
    Microseconds max{0};
    std::uint32_t stalled = 0;
    std::uint32_t away = 0;
    bool operator==(const DriftDistribution&) const = default;
};

struct Beacon {
    ServerTime server_time;
    Tick tick;
    Version version;
    std::uint32_t state_hash = 0;
    bool fresh = false;
    std::vector<Telemetry> telemetry;
    std::optional<DriftDistribution> distribution;
    bool operator==(const Beacon&) const = default;
};

using ServerMessage = std::variant<Welcome, Snapshot, Delta, Pong, Reply, Event, Goodbye, Beacon, PluginEvent>;

} // namespace playhead
