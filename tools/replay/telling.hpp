#pragma once

#include "recording/record.hpp"
#include "recording/replay.hpp"

#include <optional>
#include <string>

// What happened, for people to read.
namespace playhead::replay {

std::string told(const recording::Opening& opening);
// A turn: what the room was told, what came of it.
std::string told(const recording::Turn& turn, const recording::Replay::Result& result, TickLength tick_length);
std::string told(const recording::Turn& turn, const recording::Difference& difference, TickLength tick_length);
// The room as it is.
std::string told(const RoomState& state, Tick tick, TickLength tick_length);

// What one viewer is sent, turn by turn.
class ViewersEar {
  public:
    explicit ViewersEar(ViewerId viewer) : viewer_(viewer) {}

    // Of a turn that was run; empty if nothing.
    std::string heard(const recording::Turn& turn, const recording::Replay::Result& result, recording::Replay& replay);
    // Was the viewer ever there?
    bool was_there() const { return was_there_; }

  private:
    ViewerId viewer_;
    bool was_there_ = false;
    std::optional<Version> has_; // of the state; empty: the viewer is not there
    Audience audience_ = Audience::everyone;
};

} // namespace playhead::replay
