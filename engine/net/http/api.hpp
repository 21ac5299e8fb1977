#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "net/http/message.hpp"
#include "net/http/server.hpp"
#include "room/command.hpp"
#include "session/shard.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace playhead::http {

// The JSON of the API, both ways; what each shape means is in schemas/PROTOCOL.md.

// The body of POST /api/v1/rooms. An empty body asks for a room with every default.
//   Errors: 400; the sentence names the key, what was expected and what was there.
Expected<RoomRequest> parse_room_request(std::string_view body);

// The body of POST /api/v1/rooms/{room}/join; the address is not in it.   Errors: as above.
Expected<JoinRequest> parse_join_request(std::string_view body);

// The body of POST /api/v1/admin/rooms/{room}/recording/start: whether names and chat are left out.   Errors: as above.
Expected<bool> parse_recording_request(std::string_view body);

std::string recording_json(std::string_view file);
std::string created_json(const CreatedRoom& room);
std::string room_json(const RoomSummary& room);
// Most viewers first, at most rooms_listed_max.
inline constexpr std::size_t rooms_listed_max = 200;
std::string rooms_json(std::span<const RoomSummary> rooms);
std::string plugins_json(std::span<const PluginUse> plugins);
std::string reload_json(const PluginReload& reload);
std::string entrance_json(const Entrance& entrance);
std::string time_json(std::uint64_t clock_id, ServerTime now, TickLength tick_length);

// The HTTP form of a refusal from the engine.
Refusal refusal_of(const Error& error);

} // namespace playhead::http
