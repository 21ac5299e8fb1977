#pragma once

#include "lib/room/joined_room.hpp"
#include "lib/session/environment.hpp"
#include "session/shard.hpp"
#include "simulation/network.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// The client library against the real engine (L1 to L4), in one process and on one fake clock.
namespace playhead::client::test {

// How a client's way to the engine is. Units: ms.
struct Way {
    double delay_ms = 20;  // each way
    bool lossy = false;    // like ENet: states and what may be lost get lost, come twice, overtake each other
    double loss = 0;       // the share of datagrams that is lost; what must arrive comes later instead
    double duplicates = 0; // the share that comes twice
    double jitter_ms = 0;  // each datagram: 0 to this, on top
};

class Engine {
  public:
    explicit Engine(std::uint64_t seed = 1, const SessionSettings& settings = {},
                    std::shared_ptr<const PluginSet> plugins = {});

    simulation::Timeline timeline;
    simulation::Random random;
    EngineRun run_of_engine;
    Shard shard;
    CreatedRoom room;

    double now_ms() const { return static_cast<double>(timeline.now().time_since_epoch().count()) / 1000; }
    const RoomState& state() const { return *shard.state(room.id); }
};

class TestCarrier;

// A client's machine in that world: its clock is set otherwise than the engine's.
class ClientMachine final : public Environment {
  public:
    ClientMachine(Engine& engine, const Way& way_there) : way(way_there), engine_(engine) {}

    double now_ms() const override { return engine_.now_ms() + clock_offset_ms; }
    double wall_ms() const override { return now_ms() + slept_ms; }
    double random() override { return static_cast<double>(engine_.random.next() >> 11) * 0x1p-53; }
    std::unique_ptr<Carrier> open(const Dial& dial) override;

    // The connection that is open now, if any: breaks it; or neither end learns of it.
    void cut();
    void die();

    Way way;
    double clock_offset_ms = 123'456; // ahead of the engine's
    double slept_ms = 0;
    bool unreachable = false; // nobody answers
    std::vector<Dial> dialled;
    std::vector<Ack> acknowledged;

    // ---- for its carriers
    void note(ByteView message);
    void forget(const TestCarrier* carrier);

  private:
    Engine& engine_;
    TestCarrier* current_ = nullptr;
};

// A client of the room, and everything that it was told.
class Client {
  public:
    explicit Client(Engine& engine, const std::string& name = "Client", const Way& way = {},
                    const std::string& token = {});
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    ClientMachine* machine; // owned by the room
    std::unique_ptr<Room> room;
    std::vector<RoomEvent> events;
    std::vector<PluginEvent> plugin_events;
    std::vector<CommandResult> results;
    std::size_t changes = 0;

    OnResult keep() {
        return [this](const CommandResult& result) { results.push_back(result); };
    }
    const RoomView& view() const { return room->view(); }
    bool live() const { return view().status == RoomStatus::live; }
};

// Time goes on for everyone; clients are polled when they want to be, and at least every 20 ms.
void run(Engine& engine, const std::vector<Client*>& clients, double for_ms);

} // namespace playhead::client::test
