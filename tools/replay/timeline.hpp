#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"
#include "recording/record.hpp"
#include "recording/replay.hpp"
#include "room/playhead.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace playhead::replay {

// A recording as a picture: where the playhead was over time, what people did, who was behind, and when ticks took
// long.
//   Bounds: points_max of each; of a recording with more, what comes behind is left out, and the picture says so.
class Timeline {
  public:
    static constexpr std::size_t points_max = 200'000;
    // Less is not drawn: nobody hears it.
    static constexpr Microseconds behind_min{100'000};

    explicit Timeline(const recording::Opening& opening);
    void add(const recording::Turn& turn, const recording::Replay::Result& result, const RoomState& state);
    std::string svg() const;

  private:
    struct Sample {
        double at_s = 0;
        double position_s = 0;
        bool playing = false;
    };
    struct Mark {
        double at_s = 0;
        std::string what;
        bool bad = false;
    };
    struct Behind {
        double at_s = 0;
        double drift_s = 0;
        bool stalled = false;
    };
    double seconds(Tick tick) const;
    // Where the playhead as it was known last is by then.
    void sample(Tick tick);

    TickLength tick_length_;
    Tick start_;
    std::string title_;
    Motion motion_;
    std::vector<Sample> playhead_;
    std::vector<Mark> commands_;
    std::vector<Mark> slow_ticks_;
    std::map<ViewerId, std::vector<Behind>> behind_;
    std::size_t behind_points_ = 0;
    double length_s_ = 0;
    bool left_out_ = false;
};

} // namespace playhead::replay
