#pragma once

#include "core/random.hpp"
#include "room/room.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace playhead::test {

// Everything that can happen to a room, good and bad, from a seed.
class RandomInputs {
  public:
    struct Batch {
        Tick tick;
        Lead lead;
        std::vector<Input> inputs;
    };

    explicit RandomInputs(std::uint64_t seed) : random_(seed) {}

    // One tick's inputs for a room that is as `room` now.
    Batch next(const Room& room) {
        tick_ = tick_ + 1 + (random_.one_in(8) ? random_.below(200) : 0);
        Batch batch{.tick = tick_,
                    .lead = {.start = Microseconds{random_.between(0, 1'000'000)},
                             .seek = Microseconds{random_.between(0, 1'000'000)},
                             .load = Microseconds{random_.between(0, 2'000'000)}},
                    .inputs = {}};
        for (std::uint32_t count = random_.below(6); count > 0; --count) batch.inputs.push_back(input(room));
        return batch;
    }

  private:
    Input input(const Room& room) {
        switch (random_.below(16)) {
        case 0:
        case 1: return Join{.viewer = ViewerId{++last_viewer_}, .name = name(), .roles = random_.below(2)};
        case 2: return Leave{.viewer = viewer()};
        case 3: return Disconnect{.viewer = viewer()};
        case 4: return Reconnect{.viewer = viewer()};
        case 5:
        case 6: return DurationReport{.viewer = viewer(), .media = media(room), .duration = position()};
        default: return command(room);
        }
    }
    // Mostly someone who is here.
    ViewerId viewer() { return ViewerId{random_.below(last_viewer_ + 2)}; }
    MediaInstance media(const Room& room) {
        const MediaInstance loaded = room.state().media.value().instance;
        return random_.one_in(6) ? MediaInstance{random_.below(5)} : loaded;
    }
    MediaTime position() {
        constexpr std::int64_t odd[] = {0,
                                        -1,
                                        1,
                                        std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max(),
                                        time_max.count()};
        if (random_.one_in(10)) return MediaTime{random_.one_of(odd)};
        return MediaTime{random_.between(0, 90'000'000)};
    }
    std::string name() {
        constexpr std::string_view names[] = {"Ada", "Bob", "", "<b>", "\xE2\x80\xAE", "\xFF", "J\xC3\xBCrgen"};
        return std::string(random_.one_of(names));
    }
    Action action() {
        switch (random_.below(12)) {
        case 0:
        case 1:
        case 2: return Play{};
        case 3:
        case 4: return Pause{};
        case 5:
        case 6:
        case 7: return Seek{.to = position()};
        case 8:
        case 9: return SetRate{.rate = Rate{static_cast<std::int32_t>(random_.between(200, 2100))}};
        case 10: return SetName{.name = name()};
        default:
            return Load{.kind = static_cast<MediaKind>(random_.below(3)),
                        .url = random_.one_in(5) ? "javascript:" : "/media/" + std::to_string(random_.below(9)),
                        .title = name(),
                        .start = position(),
                        .play = random_.one_in(2)};
        }
    }
    Command command(const Room& room) {
        const ViewerId author = viewer();
        const auto member = room.state().viewers.find(author);
        const std::uint32_t last = member == room.state().viewers.end() ? 0 : member->second.last_sequence;
        const auto gap = static_cast<std::uint32_t>(random_.between(0, 3)); // 0 repeats what was used
        const ServerTime issued = room.tick_length().start_of(tick_) - Microseconds{random_.between(0, 500'000)};
        Command command{.viewer = author,
                        .sequence =
                            random_.one_in(30) ? random_.below(0xFFFFFFFF) : last + std::max(gap, 1u) - (gap == 0),
                        .media = media(room),
                        .issued = {.physical = issued, .logical = random_.below(2), .viewer = author},
                        .position_seen = {},
                        .action = action()};
        if (random_.one_in(2)) command.position_seen = MediaTime{random_.between(0, 90'000'000)};
        return command;
    }

    Random random_;
    Tick tick_{100};
    std::uint32_t last_viewer_ = 0;
};

} // namespace playhead::test
