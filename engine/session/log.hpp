#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "session/rate_limit.hpp"

#include <cstdint>
#include <string_view>

namespace playhead {

// Lines that peers can trigger: as many as a person can read, then only counted. The next line says how many were left
// out.
//   Owner: one per shard.
class PeerLog {
  public:
    static constexpr RateLimit::Budget lines_budget{2, 20};

    // A connection or session was refused or closed by us.
    void refused(const RoomId& room, ViewerId viewer, std::string_view peer, const Error& error, ServerTime now);
    // A client found that its state differs from ours: a bug of ours or of the client's.
    void hash_mismatch(const RoomId& room, ViewerId viewer, std::string_view peer, Version version,
                       std::uint32_t theirs, ServerTime now);

  private:
    bool allowed(ServerTime now);
    RateLimit lines_;
    std::uint64_t left_out_ = 0;
};

// Lines that plugins cause: their failures, and what they say themselves, each within a budget of its own, so that a
// talkative plugin does not hide a broken one.
//   Owner: one per shard.
class PluginLog {
  public:
    static constexpr RateLimit::Budget failures_budget{5, 50};
    static constexpr RateLimit::Budget words_budget{5, 50};

    void line(const RoomId& room, std::string_view plugin, std::string_view message, bool failure, ServerTime now);

  private:
    RateLimit failures_;
    RateLimit words_;
    std::uint64_t failures_left_out_ = 0;
    std::uint64_t words_left_out_ = 0;
};

// Rare lines about rooms and ticks.
void log_room_created(const RoomId& room, bool permanent);
void log_room_expired(const RoomId& room);
void log_plugins_kept(const RoomId& room, std::string_view why);
void log_recording_began(const RoomId& room, std::string_view recording);
void log_recording_ended(const RoomId& room, std::string_view recording, std::string_view why);
void log_tick_overrun(Tick tick, Microseconds duration, std::size_t rooms);

} // namespace playhead
