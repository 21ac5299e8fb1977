#pragma once

#include "room/room.hpp"

#include <string>
#include <vector>

namespace playhead::test {

using namespace std::chrono_literals;

inline constexpr ViewerId engine{0};
inline constexpr ViewerId ada{1};
inline constexpr ViewerId bob{2};

// A room with two viewers and a clock to move, so that a test reads as a story. Commands are stamped with the start of
// the tick they are applied at unless the test says when they were issued.
class Stage {
  public:
    Stage() {
        join(ada, "Ada");
        join(bob, "Bob");
    }

    void join(ViewerId viewer, std::string name = "Viewer") {
        apply(Join{.viewer = viewer, .name = std::move(name), .roles = 0});
    }

    std::optional<Outcome> apply(const Input& input) { return room.apply(input, tick, lead); }

    // Loads an mp4 and lets its start come, paused at 0.
    void load(bool play = false) {
        act(ada, Load{.url = "/media/demo.mp4", .play = play});
        if (play) step(lead.load);
        room.take_events();
    }
    // Media of a known length.
    void load(MediaTime duration, bool play = false) {
        load(play);
        report(ada, duration);
        step();
    }
    void report(ViewerId viewer, MediaTime duration) {
        apply(DurationReport{.viewer = viewer, .media = instance(), .duration = duration});
    }
    void play() {
        act(ada, Play{});
        step(lead.start);
        room.take_events();
    }

    struct Details {
        std::optional<ServerTime> issued;
        std::uint16_t logical = 0;
        std::optional<MediaTime> seen;
        std::optional<MediaInstance> media;
        std::optional<std::uint32_t> sequence;
    };
    Command command(ViewerId viewer, Action action, const Details& details) const {
        const auto member = room.state().viewers.find(viewer);
        const std::uint32_t last = member == room.state().viewers.end() ? 0 : member->second.last_sequence;
        return {.viewer = viewer,
                .sequence = details.sequence.value_or(last + 1),
                .media = details.media.value_or(instance()),
                .issued = {.physical = details.issued.value_or(now()), .logical = details.logical, .viewer = viewer},
                .position_seen = details.seen,
                .action = std::move(action)};
    }
    Outcome act(ViewerId viewer, Action action, const Details& details) {
        return *apply(command(viewer, std::move(action), details));
    }
    Outcome act(ViewerId viewer, Action action) { return act(viewer, std::move(action), Details{}); }

    // Ends this tick and begins the next, as the host does.
    void step() {
        room.advance(tick);
        room.commit();
        tick = tick + 1;
        room.advance(tick);
    }
    // Steps until at least `time` has passed.
    void step(Microseconds time) {
        for (const ServerTime end = now() + time; now() < end;) step();
    }

    ServerTime now() const { return room.tick_length().start_of(tick); }
    const Motion& motion() const { return room.state().motion.value(); }
    MediaTime position() const { return motion().at(tick).position_at(tick, room.tick_length()); }
    MediaInstance instance() const { return room.state().media.value().instance; }
    const ViewerRow& row(ViewerId viewer) const { return room.state().roster.rows().at(viewer).value(); }

    Room room{Epoch{7}, RoomInfo{.title = "Film night", .listed = false}, TickLength{}};
    Tick tick{100};
    Lead lead{.start = 150ms, .seek = 300ms, .load = 1500ms};
};

} // namespace playhead::test
