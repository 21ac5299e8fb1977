#include "timeline.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::replay;

namespace {

// A room in which something plays from its start.
recording::Opening opening() {
    recording::Opening opening;
    opening.room = "cine<ma";
    opening.engine = "1.2.3";
    opening.tick = Tick{100};
    opening.room_state.motion.set({.current = {.anchor_tick = Tick{100}, .playing = true}, .pending = {}});
    return opening;
}

recording::Turn turn_at(std::uint32_t tick) {
    recording::Turn turn;
    turn.tick = Tick{tick};
    return turn;
}

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

} // namespace

TEST_CASE("a picture shows what people did, who was behind, and which ticks took long") {
    const recording::Opening start = opening();
    Timeline timeline{start};
    Command command;
    command.viewer = ViewerId{3};
    command.sequence = 1;
    command.action = Seek{MediaTime{5'000'000}};
    recording::Turn acted = turn_at(120);
    acted.calls = {Input{command}, recording::Advance{0}};
    timeline.add(acted, {.outcomes = {{.viewer = ViewerId{3}, .sequence = 1, .verdict = Verdict::refused}}},
                 start.room_state);
    recording::Turn slow = turn_at(140);
    slow.calls = {recording::Advance{2}};
    slow.took = Microseconds{61'000};
    slow.beacon = Beacon{.telemetry = {{.viewer = ViewerId{3}, .drift = Microseconds{-250'000}},
                                       {.viewer = ViewerId{4}, .drift = Microseconds{20'000}},
                                       {.viewer = ViewerId{5}, .drift = Microseconds{0}, .flags = 1}}};
    timeline.add(slow, {}, start.room_state);
    const std::string svg = timeline.svg();
    CHECK(svg.starts_with("<svg"));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.contains("room cine&lt;ma"));
    CHECK(count(svg, "class=\"refused\"") == 1);
    CHECK(svg.contains("viewer 3: seek to 5.000 s"));
    CHECK(count(svg, "class=\"slow\"") == 1);
    CHECK(svg.contains("61000 us, 2 missed"));
    CHECK(count(svg, "class=\"behind\"") == 1);
    CHECK(svg.contains("-250 ms"));
    CHECK(count(svg, "class=\"stalled\"") == 1);
    CHECK_FALSE(svg.contains("viewer 4<"));
    CHECK(count(svg, "class=\"playing\"") == 1);
}

TEST_CASE("an empty recording is a picture, too") {
    const std::string svg = Timeline{opening()}.svg();
    CHECK(svg.contains("nobody was 100 ms off"));
    CHECK_FALSE(svg.contains("nan"));
}
