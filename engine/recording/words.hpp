#pragma once

#include "core/time.hpp"
#include "core/value.hpp"
#include "plugin/ruled_room.hpp"
#include "recording/record.hpp"
#include "replication/messages.hpp"
#include "room/room.hpp"

#include <cstdint>
#include <string>

// What is in a recording, for people to read.
namespace playhead::recording {

std::string hexadecimal(std::uint64_t number);
// "12.300 s"
std::string in_seconds_text(Microseconds time);
// As Lua would write it, on one line.
std::string in_words(const Value& value);
// "Pause by viewer 4 at 12.300 s, sequence 7"
std::string in_words(const Input& input);
std::string in_words(const Call& call);
std::string in_words(const Outcome& outcome);
std::string in_words(const Event& event);
std::string in_words(const PluginEvent& event);
std::string in_words(const PluginRequestOut& request);
// Of deltas and snapshots: what changed, one thing a line.
std::string in_words(const RoomFields& fields);
std::string in_words(const ServerMessage& update);

} // namespace playhead::recording
