#include "simulation/follower.hpp"

#include "lib/sync/reports.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

namespace playhead::simulation {
namespace {

std::int64_t us_of(ServerTime time) { return time.time_since_epoch().count(); }

client::test::Behaviour with_drift(client::test::Behaviour behaviour, double drift) {
    behaviour.drift = drift;
    behaviour.duration_ms.reset();
    return behaviour;
}

} // namespace

Follower::Follower(const PlayerKind& kind, double media_drift, double now_ms)
    : kind_(kind),
      player_(with_drift(kind.behaviour, media_drift), kind.says) {
    player_.advance(now_ms);
}

void Follower::welcome(const Welcome& welcome, double now_ms) {
    clock_.start(std::to_string(welcome.clock_id), us_of(welcome.server_time), welcome.ping_interval_ms, now_ms);
    loop_.poke();
}

void Follower::pong(const Pong& pong, double now_ms) {
    clock_.pong(pong.t0_us, us_of(pong.t1), us_of(pong.t2), now_ms);
}

void Follower::one_way(ServerTime sent, double now_ms) { clock_.one_way(us_of(sent), now_ms); }

void Follower::set_stalled(bool stalled, double now_ms) {
    player_.advance(now_ms);
    player_.set_stalled(stalled);
    loop_.poke();
}

void Follower::poll(double now_ms) {
    player_.advance(now_ms);
    loop_.poll(now_ms, {.clock = clock_, .motion = motion_, .tick_length = TickLength{}});
}

double Follower::next_ms() const {
    return std::min({loop_.next_poll_ms(), clock_.next_ping_ms(), player_.next_event_ms()});
}

std::optional<Ping> Follower::due_ping(double now_ms, std::size_t viewers) {
    const auto t0_us = clock_.due_ping(now_ms, viewers);
    return t0_us ? std::optional{Ping{*t0_us}} : std::nullopt;
}

Report Follower::report(Version version, MediaInstance media, double now_ms) const {
    return client::sync::report_of(
        {.version = version, .media = media, .clock = clock_.estimate(now_ms), .sync = loop_.status()});
}

MediaTime Follower::position(double now_ms) {
    player_.advance(now_ms);
    return MediaTime{std::llround(player_.true_position_ms() * 1000)};
}

std::optional<ServerTime> Follower::server_time(double now_ms) const {
    const auto time_ms = clock_.rough_server_now(now_ms);
    return time_ms ? std::optional{ServerTime{Microseconds{std::llround(*time_ms * 1000)}}} : std::nullopt;
}

} // namespace playhead::simulation
