#include "native/in_process.hpp"

#include "native/test_carriers.hpp"
#include "replication/decode.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace playhead::client::test {
namespace {

RoomRequest request(std::shared_ptr<const PluginSet> plugins) {
    RoomRequest request;
    request.id = RoomId::parse("cinema").value();
    request.title = "Cinema";
    request.media = Load{};
    request.media->url = "/media/film.mp4";
    request.media->title = "Film";
    request.plugins = std::move(plugins);
    return request;
}

} // namespace

Engine::Engine(std::uint64_t seed, const SessionSettings& settings, std::shared_ptr<const PluginSet> plugins)
    : random(seed),
      run_of_engine{seed, {}},
      shard(settings, TickLength{}, run_of_engine, timeline, random),
      room(shard.create(request(std::move(plugins))).value()) {}

std::unique_ptr<Carrier> ClientMachine::open(const Dial& dial) {
    dialled.push_back(dial);
    auto carrier = unreachable ? dead_carrier(*this)
                   : way.lossy ? lossy_carrier(*this, engine_, dial, way)
                               : ordered_carrier(*this, engine_, dial, way);
    current_ = carrier.get();
    return carrier;
}

void ClientMachine::cut() {
    if (current_ != nullptr) current_->cut();
}

void ClientMachine::die() {
    if (current_ != nullptr) current_->die();
}

void ClientMachine::note(ByteView message) {
    const auto decoded = decode_client(message);
    if (const auto* ack = decoded ? std::get_if<Ack>(&*decoded) : nullptr) acknowledged.push_back(*ack);
}

void ClientMachine::forget(const TestCarrier* carrier) {
    if (current_ == carrier) current_ = nullptr;
}

Client::Client(Engine& engine, const std::string& name, const Way& way, const std::string& token) {
    auto environment = std::make_unique<ClientMachine>(engine, way);
    machine = environment.get();
    JoinOptions options;
    options.name = name;
    options.device = name;
    const Link link{"http://engine:8080", engine.room.id.text(), token.empty() ? engine.room.join_token : token};
    room = std::make_unique<JoinedRoom>(options, link, std::move(environment));
    room->on_event([this](const RoomEvent& event) { events.push_back(event); });
    room->on_plugin_event([this](const PluginEvent& event) { plugin_events.push_back(event); });
    room->on_change([this] { ++changes; });
}

void run(Engine& engine, const std::vector<Client*>& clients, double for_ms) {
    const ServerTime until = engine.timeline.now() + Microseconds{std::llround(for_ms * 1000)};
    constexpr Microseconds step{1'000};
    while (engine.timeline.now() < until) {
        ServerTime next = std::min(until, engine.shard.run_due());
        while (engine.shard.fan_out_slice()) {
        }
        for (Client* client : clients) {
            const double now_ms = client->machine->now_ms();
            if (client->room->next_poll_ms() <= now_ms) client->room->poll(now_ms);
        }
        next = std::min(next, engine.timeline.now() + step);
        engine.timeline.run_until(std::max(next, engine.timeline.now() + Microseconds{1}));
    }
}

} // namespace playhead::client::test
