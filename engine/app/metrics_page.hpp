#pragma once

#include "app/shard_thread.hpp"
#include "net/enet/host.hpp"
#include "net/websocket/connection.hpp"

#include <span>
#include <string>

namespace playhead {

// The parts of /metrics that belong to no layer below. Prometheus text exposition format 0.0.4.
std::string to_prometheus(const websocket::Counters& counters);
std::string to_prometheus(const enet::Counters& counters);
// How the load lies on the shards, with the shard as a label.
std::string shard_metrics(std::span<const ShardFigures> shards);

// Memory, processor time and descriptors of this process, under the names that Prometheus clients use everywhere.
std::string process_metrics(const std::string& version);

} // namespace playhead
