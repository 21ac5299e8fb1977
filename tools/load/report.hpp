#pragma once

#include "board.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace playhead::load {

// A JSON object without objects in it, its keys in the order of adding.   Errors: numbers that are not finite are null.
class FlatJson {
  public:
    FlatJson& add(std::string_view key, std::uint64_t value);
    FlatJson& add(std::string_view key, double value); // to a thousandth
    FlatJson& add(std::string_view key, std::string_view value);
    FlatJson& add(std::string_view key, std::span<const double> values);
    FlatJson& append(const FlatJson& other);
    std::string text() const { return "{" + members_ + "}"; }

  private:
    void begin(std::string_view key);
    std::string members_;
};

// What all processes have counted together, at one moment. The difference of two moments is what happened between.
struct Sums {
    std::uint64_t live = 0;
    std::uint64_t counting = 0;
    std::uint64_t joined = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t updates = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t commands = 0;
    std::uint64_t applied = 0;
    std::uint64_t superseded = 0;
    std::uint64_t refused = 0;
    std::uint64_t gaps = 0;
    std::uint64_t behind = 0;
    std::uint64_t lost = 0;
    std::uint64_t turned_away = 0;
    std::uint64_t slow_ended = 0;
    std::uint64_t by_snapshot = 0;
    std::uint64_t by_delta = 0;
    std::uint64_t left = 0;
    std::uint64_t reconnected = 0;
    std::uint64_t stalled = 0;
    std::uint64_t decoded = 0;
    std::uint64_t repeated = 0;
    std::uint64_t resyncs = 0;
    std::uint64_t looks = 0;
};
Sums sums_of(std::span<const Tally> tallies);

// One kind of latency of all processes. Only what is not being recorded any more is exact.
Latencies all_of(std::span<const Tally> tallies, Latencies Tally::* kind);

// The share of the looks at players at which they played with their room.
double following_share(std::uint64_t looks, const Latencies& drift);

// name_samples, and if there are any, name_ms_p50 and others.
void add_latencies(FlatJson& json, const std::string& name, const Latencies& latencies);

// What is told of a run at its end, or of a part of it.
struct Outcome {
    Sums before; // as all were in, before anybody acted
    Sums after;
    double join_seconds = 0;
    double seconds = 0; // from before to after
    Latencies heard;
    Latencies answered;
    Latencies came_in;
    std::uint32_t players = 0;
    Latencies drift; // of the players
    std::string complaint;
};
void add_to(FlatJson& json, const Outcome& outcome);

} // namespace playhead::load
