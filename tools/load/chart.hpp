#pragma once

#include "latencies.hpp"

#include <string>
#include <vector>

namespace playhead::load {

// What a picture of a run shows: how late the deliveries were and how far off the players, if there were any, and how
// many deliveries there were over time.
struct Chart {
    struct Point {
        double seconds = 0; // since all were in
        double deliveries_per_s = 0;
    };
    std::string title;
    Latencies heard;
    Latencies drift{}; // of players
    std::vector<Point> deliveries;
};

// An SVG picture of 960 x 400. Pure: the same chart is the same text.
std::string svg_of(const Chart& chart);

} // namespace playhead::load
