#include "native/simulated_viewer.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client::test {

namespace {

constexpr TickLength tick_length;
// How often a test that watches looks.
constexpr double watch_ms = 1;

} // namespace

double SimulatedViewer::true_error_ms() const {
    if (!motion) return 0;
    const sync::RoomPlayhead& playhead = sync::playhead_at(*motion, server_ms(), tick_length);
    return player.true_position_ms() - sync::position_ms_at(playhead, server_ms(), tick_length);
}

void SimulatedViewer::settle_in() {
    pause_room(10'000);
    run(500);
    schedule_play(10'000, 500);
    run(8'000);
}

void SimulatedViewer::pause_room(double position_ms) {
    motion = sync::RoomMotion{.current = playhead_from(position_ms, server_ms(), false), .pending = {}};
    look();
}

double SimulatedViewer::schedule_play(double position_ms, double lead_ms) {
    const sync::RoomPlayhead pending = playhead_from(position_ms, server_ms() + lead_ms, true);
    motion = sync::RoomMotion{.current = playhead_from(position_ms, server_ms(), false), .pending = pending};
    look();
    return sync::anchor_ms(pending, tick_length) - clock.offset_ms;
}

void SimulatedViewer::run(double for_ms, const std::function<void()>& watch) {
    const double end_ms = now_ms() + for_ms;
    while (now_ms() < end_ms) {
        const double watched_ms = watch ? now_ms() + watch_ms : end_ms;
        const double due_ms = std::min(loop.next_poll_ms() + late_ms, player.next_event_ms());
        player.advance(std::max(std::min({end_ms, watched_ms, due_ms}), now_ms() + 0.1));
        if (now_ms() >= due_ms) look();
        if (watch) watch();
    }
}

double SimulatedViewer::settle_ms(double for_ms, double limit_ms) {
    const double from_ms = now_ms();
    double outside_ms = from_ms;
    run(for_ms, [&] {
        if (std::abs(true_error_ms()) > limit_ms) outside_ms = now_ms();
    });
    return outside_ms - from_ms;
}

double SimulatedViewer::worst_ms(double for_ms) {
    double worst = 0;
    run(for_ms, [&] { worst = std::max(worst, std::abs(true_error_ms())); });
    return worst;
}

void SimulatedViewer::look() {
    if (loop.poll(now_ms(), {.clock = clock, .motion = motion, .tick_length = tick_length})) ++looks;
}

} // namespace playhead::client::test
