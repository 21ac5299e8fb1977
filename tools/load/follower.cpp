#include "follower.hpp"

#include "lib/sync/reports.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <random>
#include <string>

namespace playhead::load {
namespace {

namespace sync = client::sync;

// A poll that is due at once comes back no sooner than this: nobody's timers are finer.
constexpr Nanoseconds soonest = 1'000'000;
constexpr Nanoseconds latest = 1'000'000'000;

std::minstd_rand chance_of(std::uint64_t seed) {
    std::seed_seq numbers{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)};
    return std::minstd_rand(numbers);
}

const PlayerKind& kind_of(std::uint64_t seed) { return player_kinds[seed % std::size(player_kinds)]; }

LocalClock clock_of(std::uint64_t seed) {
    auto chance = chance_of(seed);
    return {.offset_ms = std::uniform_real_distribution(0.0, Follower::offset_ms_max)(chance),
            .drift = std::uniform_real_distribution(-Follower::drift_max, Follower::drift_max)(chance)};
}

double media_drift_of(std::uint64_t seed) {
    auto chance = chance_of(~seed);
    return std::uniform_real_distribution(-Follower::drift_max, Follower::drift_max)(chance);
}

std::int64_t us_of(ServerTime time) { return time.time_since_epoch().count(); }

} // namespace

bool RoomTruth::plays(Nanoseconds now) const { return sync::playhead_at(motion, server_ms(now), tick_length).playing; }

double RoomTruth::position_ms(Nanoseconds now) const {
    const double at_ms = server_ms(now);
    return sync::position_ms_at(sync::playhead_at(motion, at_ms, tick_length), at_ms, tick_length);
}

Follower::Follower(std::uint64_t seed, Nanoseconds now)
    : kind_(&kind_of(seed)),
      clock_(clock_of(seed)),
      player_(*kind_, media_drift_of(seed), clock_.at(now)) {}

void Follower::welcome(const Welcome& welcome, Nanoseconds now) {
    tick_length_ = TickLength{welcome.tick_length};
    driver_.start(std::to_string(welcome.clock_id), us_of(welcome.server_time), welcome.ping_interval_ms,
                  clock_.at(now));
}

void Follower::one_way(ServerTime sent, Nanoseconds now) { driver_.one_way(us_of(sent), clock_.at(now)); }

void Follower::pong(const Pong& pong, Nanoseconds now) {
    driver_.pong(pong.t0_us, us_of(pong.t1), us_of(pong.t2), clock_.at(now));
}

void Follower::poll(Nanoseconds now) {
    const double now_ms = clock_.at(now);
    player_.advance(now_ms);
    loop_.poll(now_ms, {.clock = driver_, .motion = motion_, .tick_length = tick_length_});
}

std::optional<Ping> Follower::due_ping(Nanoseconds now, std::size_t viewers) {
    const auto t0_us = driver_.due_ping(clock_.at(now), viewers);
    return t0_us ? std::optional{Ping{*t0_us}} : std::nullopt;
}

Nanoseconds Follower::next(Nanoseconds now) const {
    const double next_ms = std::min({loop_.next_poll_ms(), driver_.next_ping_ms(), player_.next_event_ms()});
    if (next_ms >= clock_.at(now + latest)) return now + latest;
    return std::max(clock_.when(next_ms), now + soonest);
}

Report Follower::report(Version version, MediaInstance media, Nanoseconds now) const {
    return sync::report_of(
        {.version = version, .media = media, .clock = driver_.estimate(clock_.at(now)), .sync = loop_.status()});
}

bool Follower::follows() const {
    const client::Phase phase = loop_.status().phase;
    return phase == client::Phase::following || phase == client::Phase::correcting;
}

double Follower::ahead_ms(const RoomTruth& truth, Nanoseconds now) {
    player_.advance(clock_.at(now));
    return player_.true_position_ms() - truth.position_ms(now);
}

} // namespace playhead::load
