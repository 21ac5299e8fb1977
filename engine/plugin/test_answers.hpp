#pragma once

#include "core/time.hpp"
#include "core/value.hpp"
#include "replication/replica.hpp"
#include "room/command.hpp"
#include "room/event.hpp"
#include "room/room.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace playhead {

// Inside the test runner only: what a test.lua is told, as plain data. What is not there is left out.

Microseconds microseconds_of(double seconds);
Value seconds_value(Microseconds time);
Value text_or_nil(const std::string& text);
// From entries in any order; those that are nil are left out.
Value table_value(Value::Map entries);

// {verdict, code, reason, plugin, message, data, retry_ms}
Value reply_value(const Outcome& outcome);
// {id, name, roles, connected, stalled, away, blocked}; `condition` are bits of ReportFlag.
Value viewer_value(const ViewerRow& row, std::uint8_t condition);
// Those of one plugin, or all if it is empty, as a list of {plugin, name, tick, data, to | viewer}; takes them out.
Value taken_events(std::vector<PluginEvent>& events, const std::string& plugin);
// plugin -> field -> {kind, entries = a list of {key, value} in the order of keys}; test_api.lua shapes it.
Value shared_value(const Replica::SharedTables& tables);

} // namespace playhead
