#pragma once

#include "core/time.hpp"
#include "net/enet/host.hpp"
#include "net/websocket/connection.hpp"

#include <string>

namespace playhead {

// The parts of /metrics that belong to no layer below. Prometheus text exposition format 0.0.4.
std::string to_prometheus(const websocket::Counters& counters);
std::string to_prometheus(const enet::Counters& counters);

// What a shard's thread has had of the processor: sockets, fan-out and plugins among it, not only ticks.
std::string shard_metrics(Microseconds processor_time);

// Memory, processor time and descriptors of this process, under the names that Prometheus clients use everywhere.
std::string process_metrics(const std::string& version);

} // namespace playhead
