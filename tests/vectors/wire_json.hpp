#pragma once

#include "replication/frame.hpp"
#include "replication/messages.hpp"
#include "vectors/json.hpp"

namespace playhead::test {

// Values and messages as JSON, with the field names and units of the schemas.
Json json(const Playhead&);
Json json(const Motion&);
Json json(const Media&);
Json json(const RoomInfo&);
Json json(const ViewerRow&);
Json json(const Value&);
Json json(const EntryKey&);
Json json(const SharedEntry&);
Json json(const RoomFields&);
Json json(const Play&);
Json json(const Pause&);
Json json(const Seek&);
Json json(const SetRate&);
Json json(const Load&);
Json json(const SetName&);
Json json(const PluginCommand&);
Json json(const Hello&);
Json json(const ClientCommand&);
Json json(const Ping&);
Json json(const Report&);
Json json(const Resync&);
Json json(const Bye&);
Json json(const ClientSignal&);
Json json(const Ack&);
Json json(const Welcome&);
Json json(const Snapshot&);
Json json(const Delta&);
Json json(const Pong&);
Json json(const Reply&);
Json json(const Event&);
Json json(const PluginEvent&);
Json json(const Goodbye&);
Json json(const Telemetry&);
Json json(const DriftDistribution&);
Json json(const Beacon&);
Json json(const ClientMessage&);
Json json(const ServerMessage&);
Json hex(ByteView);

} // namespace playhead::test
