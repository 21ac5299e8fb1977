#pragma once

#include "core/time.hpp"
#include "plugin/figures.hpp"
#include "room/state.hpp"
#include "session/metrics.hpp"
#include "simulation/invariant.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace playhead::simulation {

// Looks at one room from inside, after every tick: what must be true of its state whatever happens, and what may only
// go up.
//   Owner: one World.
class Watch {
  public:
    explicit Watch(Complaints& complaints) : complaints_(complaints) {}
    void look(const RoomState& state, ServerTime now);
    void look(const Metrics& metrics, const PluginFigures& figures);

  private:
    struct Before {
        Epoch epoch;
        Version version;
        MediaInstance media;
        Stamp motion;
        Stamp rate;
    };
    void look_at_viewers(const RoomState& state);
    void look_at_limits(const RoomState& state);
    void look_at_waiting(const RoomState& state, Tick tick);
    void look_at_instructions(const PluginFigures& figures);

    Complaints& complaints_;
    std::optional<Before> before_;
    struct Spent {
        std::uint64_t calls = 0;
        std::uint64_t instructions = 0;
    };
    std::map<std::string, Spent, std::less<>> spent_; // by hook, so far
};

} // namespace playhead::simulation
