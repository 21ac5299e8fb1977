#pragma once

#include "net/enet/host.hpp"
#include "net/websocket/connection.hpp"

#include <string>

namespace playhead {

// The parts of /metrics that belong to no layer below. Prometheus text exposition format 0.0.4.
std::string to_prometheus(const websocket::Counters& counters);
std::string to_prometheus(const enet::Counters& counters);

// Memory, processor time and descriptors of this process, under the names that Prometheus clients use everywhere.
std::string process_metrics(const std::string& version);

} // namespace playhead
