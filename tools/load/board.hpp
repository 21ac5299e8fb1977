#pragma once

#include "latencies.hpp"
#include "options.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The memory that the director (the process that was started) shares with the processes of viewers.
namespace playhead::load {

// Nanoseconds of CLOCK_MONOTONIC, which is one clock for all processes of a machine.
using Nanoseconds = std::int64_t;
Nanoseconds now_ns();

// Written by one process, read by the director while it grows.
class Counter {
  public:
    void add(std::uint64_t more = 1) { set(get() + more); }
    void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// What one process of viewers has counted.
struct Tally {
    Counter live;     // now
    Counter counting; // of these, those whose hearing is waited for: the slow are not
    Counter joined;   // came in, times
    Counter deliveries;
    Counter updates; // of these, those with a newer state
    Counter messages;
    Counter bytes; // of their payload
    Counter commands;
    Counter applied;
    Counter superseded;
    Counter refused;
    Counter gaps;        // updates that did not fit what a viewer held: must be 0
    Counter behind;      // viewers who did not hold the newest state at the end: must be 0
    Counter lost;        // connections that ended without having been meant to
    Counter turned_away; // told to come back later, and when
    Counter slow_ended;  // of those who read slowly, or nothing
    Counter by_snapshot; // how those who came in were brought up to date ...
    Counter by_delta;    // ... those who had been there before
    Counter left;
    Counter reconnected;
    Counter stalled;
    Counter decoded;
    Counter repeated;      // over ENet: updates that were known already ...
    Counter resyncs;       // ... and viewers who asked for what had not come
    Counter engine_cpu_ns; // of an engine in the same process
    Latencies heard;       // from a command until another viewer has its effect
    Latencies answered;
    Latencies came_in; // from connecting until the first state
    Latencies drift;   // of a player who plays with its room, from where the room is, either way
    Counter looks;     // at players whose room plays; `drift` has those who played with it
    Latencies back;    // from being cut off by order, the last time, until the first state
};

// quiet: all are in, and nobody does anything unless told to.
enum class Phase : std::uint8_t { joining, quiet, acting, draining, over };

enum class Wish : std::uint8_t { none, burst, play, reconnect };

// What the director wants now: of the first viewer, or (reconnect) of all. Written before they are woken, read after.
struct Order {
    Wish wish = Wish::none;
    std::uint32_t messages = 1;
    std::uint32_t bytes = 0;
};

// The newest state of one room that anybody has heard of; and that as everybody had been quiet for a while, 0 = not
// yet.
struct RoomVersions {
    std::atomic<std::uint32_t> newest{0};
    std::atomic<std::uint32_t> last{0};
};

struct Board {
    static constexpr std::size_t remembered_max = 1U << 16U; // of numbered commands: more than a minute's worth

    std::atomic<Phase> phase{Phase::joining};
    std::atomic<std::uint32_t> numbers{0}; // the newest command that has one
    std::array<std::atomic<Nanoseconds>, remembered_max> sent_ns{};
    std::array<RoomVersions, rooms_max> versions;
    std::atomic<Nanoseconds> zero_ns{0}; // when the server's time began; 0 = not known
    std::atomic<std::uint32_t> tick_us{0};

    Order order;
    std::atomic<std::uint64_t> wanted{0};   // what each viewer is to have heard: a number, messages or bytes in all
    std::atomic<std::int64_t> remaining{0}; // viewers who have not; or who have not come back
    std::atomic<Nanoseconds> burst_ns{0};   // when it was sent, or all were cut off
    std::atomic<Nanoseconds> last_ns{0};    // when the last one had it, or was back
    std::atomic<std::uint32_t> burst_tick{0};

    std::array<Tally, processes_max> tallies;

    // The first thing that went wrong is kept for the end.
    void complain(std::string_view what);
    std::string complaint() const;

  private:
    std::atomic<bool> complained_{false};
    std::atomic<bool> complaint_written_{false};
    std::array<char, 256> complaint_{};
};

// A board in memory that forked processes share.   Errors: throws when there is none to be had.
Board& make_shared_board();

} // namespace playhead::load
