#pragma once

#include "core/result.hpp"
#include "plugin/ruled_room.hpp"
#include "plugin/time_allowance.hpp"
#include "recording/record.hpp"
#include "replication/baseline.hpp"
#include "room/event.hpp"
#include "room/room.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::recording {

// What a recording says and what came of it now, when they are not the same. For a person.
struct Difference {
    std::string what; // "the version of the state"
    std::string recorded;
    std::string replayed;
};

// Has what was recorded happen again, in a room as shipped.
//   Errors: none that a recording can cause, once it has been read: a room takes whatever it is told.
class Replay {
  public:
    // Errors: why its plugins cannot be run, a line each.
    static std::expected<std::unique_ptr<Replay>, std::string> of(Opening opening);

    struct Result {
        std::vector<Outcome> outcomes;
        std::vector<Event> events;
        std::vector<PluginEvent> plugin_events;
        std::vector<PluginRequestOut> requests;
        std::optional<Frame> update; // of the state, as its owner sees it
        std::vector<Difference> differences;
    };
    Result run(const Turn& turn);

    const RuledRoom& room() const { return room_; }
    // Of the state as it is now, from that version on.
    Frame update_from(Version base, Audience audience);
    Frame snapshot(Audience audience) { return baseline_.snapshot(room_.state(), audience); }

  private:
    // Says what it said.
    class RecordedTime final : public TimeAllowance {
      public:
        void begin_turn(const std::vector<CutOff>& cut_offs);
        void begin() override {}
        Microseconds end(std::int64_t instructions) override;
        bool spent() override;

      private:
        std::vector<CutOff> cut_offs_;
        std::size_t next_ = 0;  // of these
        std::size_t ended_ = 0; // of these
        std::uint32_t asked_ = 0;
    };

    Replay(Opening opening, std::shared_ptr<const PluginSet> plugins);
    void carry_out(const Call& call, const Turn& turn, Result& result);
    void compare(const Turn& turn, Version before, Result& result);

    RecordedTime time_;
    bool left_out_;
    RuledRoom room_;
    Baseline baseline_;
};

} // namespace playhead::recording
