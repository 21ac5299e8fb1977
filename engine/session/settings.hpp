#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace playhead {

// What an operator may set about rooms and sessions; app/config fills it from the config script.
struct SessionSettings {
    std::chrono::seconds empty_room_expiry{600};
    std::chrono::seconds viewer_grace{60};    // how long a lost viewer's place is kept
    std::chrono::seconds hello_timeout{5};    // noticed within a second
    std::chrono::seconds silence_timeout{30}; // no message at all: the peer is dead
    std::chrono::milliseconds report_interval{1000};
    std::chrono::milliseconds ping_interval{250};
    std::uint32_t rooms_max = 10'000;
    std::uint32_t viewers_per_room_max = 20'000;
    // Hellos that a shard takes: so many a second, and at once. What comes beyond waits, but not longer than this; then
    // it is told to come back.
    std::uint32_t joins_per_s = 3000;
    std::uint32_t join_burst = 500;
    std::chrono::milliseconds join_wait_max{4000};
    std::uint16_t commands_per_s = 10;
    std::uint16_t command_burst = 20;
    std::size_t slow_bytes_max =
        64 * 1024; // waiting for a lagging connection: more, and it is closed within a second ...
    std::chrono::seconds slow_time_max{10}; // ... anything at all for longer than this, and it is closed as well
    std::chrono::microseconds fan_out_slice{2000};
    // Rooms with more sessions than this are fanned out in slices between ticks, and their frames carry no clock
    // sample: this many sends are about 1.3 ms of kernel time, the most that one room may take out of a tick.
    std::uint32_t fresh_viewers_max = 256;
    // Rooms with more sessions than this have other shards write for some of them: what is saved by it is more than
    // what handing over costs.
    std::uint32_t relayed_viewers_min = 512;
    // The tokens of links are good for asking for a connect token over HTTP, and not for a hello.
    bool connect_tokens_only = false;
};

} // namespace playhead
