#include "simulation/swarm.hpp"

#include <chrono>

namespace playhead::simulation {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario swarm(std::uint64_t seed, Microseconds duration) {
    Random random{seed * 977};
    const auto on = [&](double chance) { return random.chance(chance); };
    Scenario scenario;
    scenario.name = "swarm";
    scenario.seed = seed;
    scenario.viewers = static_cast<int>(random.between(1, 10));
    const Microseconds few = random.between(seconds{8}, seconds{20});
    scenario.duration = duration.count() > 0 ? duration : few;
    scenario.delay_max = random.between(Microseconds{0}, milliseconds{300});
    scenario.jitter_max = random.between(Microseconds{0}, milliseconds{60});
    if (on(0.3)) scenario.think_time = milliseconds{150};
    if (on(0.5)) scenario.connection_lifetime = random.between(seconds{1}, seconds{15});
    if (on(0.5)) scenario.silent_death = 0.3;
    if (on(0.3)) scenario.half_open = 0.3;
    if (on(0.3)) scenario.clog_max = random.between(milliseconds{100}, seconds{12});
    if (on(0.4)) scenario.slow_readers = 0.5;
    if (on(0.3)) {
        scenario.never_readers = 0.5;
        scenario.slow_readers = 0; // who reads on after a while would be sent away with them
        scenario.settings.slow_time_max = seconds{4};
    }
    if (on(0.3)) scenario.second_tabs = 0.2;
    if (on(0.3)) scenario.stalls = 0.3;
    if (on(0.3)) scenario.liars = 0.5;
    if (on(0.2)) scenario.sleepers = 0.4;
    if (on(0.4)) scenario.lossy = 0.6;
    if (on(0.3)) scenario.hostile = static_cast<int>(random.between(1, 3));
    scenario.plugins = on(0.6);
    if (scenario.plugins && on(0.8)) scenario.mischief = 0.1;
    scenario.reload = scenario.plugins && on(0.3);
    if (on(0.3)) scenario.settings.fresh_viewers_max = 2; // sliced fan-out
    if (on(0.3)) scenario.settings.viewer_grace = seconds{1};
    if (on(0.2)) scenario.settings.joins_per_s = 2, scenario.settings.join_burst = 2;
    scenario.settings.silence_timeout = seconds{random.between(6, 12)};
    scenario.settings.empty_room_expiry = seconds{30};
    if (on(0.6)) scenario.recorded = on(0.5) ? Scenario::Recorded::from_the_start : Scenario::Recorded::from_some_time;
    scenario.recorded_without_names = on(0.3);
    if (on(0.3)) scenario.stalling_players = 0.4;
    scenario.waits = scenario.plugins && on(0.5);
    if (scenario.waits) scenario.stalling_players = 0.5;
    scenario.full_disk = on(0.2);
    scenario.torn_files = on(0.2);
    if (on(0.3)) scenario.neighbours = static_cast<int>(random.between(1, 3));
    return scenario;
}

Scenario everything(std::uint64_t seed, Microseconds duration) {
    Scenario scenario;
    scenario.name = "everything";
    scenario.seed = seed;
    scenario.viewers = 10;
    scenario.duration = duration;
    scenario.think_time = seconds{1};
    scenario.connection_lifetime = seconds{20};
    scenario.silent_death = 0.3;
    scenario.half_open = 0.2;
    scenario.clog_max = seconds{5};
    scenario.slow_readers = 0.3;
    scenario.never_readers = 0.1;
    scenario.liars = 0.2;
    scenario.sleepers = 0.2;
    scenario.stalling_players = 0.2;
    scenario.waits = true;
    scenario.hostile = 2;
    scenario.lossy = 0.4;
    scenario.second_tabs = 0.05;
    scenario.stalls = 0.1;
    scenario.plugins = true;
    scenario.mischief = 0.05;
    scenario.reload = true;
    scenario.recorded = Scenario::Recorded::from_some_time;
    scenario.neighbours = 2;
    scenario.settings.silence_timeout = seconds{10};
    return scenario;
}

} // namespace playhead::simulation
