#pragma once

#include "lib/room/joined_room.hpp"
#include "lib/session/environment.hpp"
#include "replication/encode.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

// An engine that says whatever it is told to, and the client that has to live with it.
namespace playhead::client::test {

class HostileEngine final : public Environment {
  public:
    // Of every connection: what it says at once. Then what say() is given.
    explicit HostileEngine(bool acknowledges) : acknowledges_(acknowledges) {}

    double now_ms() const override { return time_ms; }
    double wall_ms() const override { return time_ms; }
    double random() override { return 0.5; }
    std::unique_ptr<Carrier> open(const Dial&) override {
        ++dialled;
        return std::make_unique<Line>(*this);
    }

    void say(Bytes bytes) { events_.push_back(Received{std::move(bytes), time_ms}); }
    void say(const ServerMessage& message) {
        const ByteView bytes = held_.emplace_back(encode(message)).payload();
        say(Bytes{bytes.begin(), bytes.end()});
        held_.clear();
    }
    void tell(CarrierEvent event) { events_.push_back(std::move(event)); }

    double time_ms = 1'000;
    std::size_t dialled = 0;
    std::size_t messages_heard = 0;

  private:
    class Line final : public Carrier {
      public:
        explicit Line(HostileEngine& engine) : engine_(engine) {
            engine_.events_.clear();
            engine_.tell(Opened{.carrier = engine.acknowledges_ ? Transport::enet : Transport::websocket,
                                .join_token = "c.demo.x",
                                .acknowledges = engine.acknowledges_});
        }
        std::optional<CarrierEvent> poll(double) override {
            if (engine_.events_.empty()) return std::nullopt;
            CarrierEvent event = std::move(engine_.events_.front());
            engine_.events_.erase(engine_.events_.begin());
            return event;
        }
        double next_poll_ms() const override { return 0; }
        std::vector<int> wait_handles() const override { return {}; }
        void send(ByteView, Importance) override { ++engine_.messages_heard; }
        std::size_t buffered() const override { return 0; }
        void close() override {}

      private:
        HostileEngine& engine_;
    };

    const bool acknowledges_;
    std::vector<CarrierEvent> events_;
    std::vector<Frame> held_;
};

// The client, polled once a millisecond or so.
class Victim {
  public:
    explicit Victim(bool acknowledges = false) {
        auto environment = std::make_unique<HostileEngine>(acknowledges);
        engine = environment.get();
        JoinOptions options;
        options.name = "Victim";
        room = std::make_unique<JoinedRoom>(options, Link{"http://engine:8080", "demo", "j.demo.x"},
                                            std::move(environment));
        poll();
    }
    void poll(double for_ms = 1) {
        engine->time_ms += for_ms;
        room->poll(engine->time_ms);
    }
    // Welcomed, and holding an honest state.
    void join();

    HostileEngine* engine; // owned by the room
    std::unique_ptr<Room> room;
};

// What an honest engine says first.
Welcome honest_welcome();
Snapshot honest_snapshot();

} // namespace playhead::client::test
