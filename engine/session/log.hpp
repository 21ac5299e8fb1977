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

// Rare lines about rooms and ticks.
void log_room_created(const RoomId& room, bool permanent);
void log_room_expired(const RoomId& room);
void log_tick_overrun(Tick tick, Microseconds duration, std::size_t rooms);

} // namespace playhead
