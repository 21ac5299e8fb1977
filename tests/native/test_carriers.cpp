#include "native/test_carriers.hpp"

#include "replication/decode.hpp"
#include "session/admission.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace playhead::client::test {
namespace {

Microseconds us(double ms) { return Microseconds{std::llround(ms * 1000)}; }

simulation::Quality quality_of(const Way& way) {
    return {.delay_up = us(way.delay_ms), .delay_down = us(way.delay_ms), .jitter = us(way.jitter_ms)};
}

Result<IssuedToken> issue(Engine& engine, const Dial& dial) {
    return engine.shard.issue(engine.room.id, {dial.join_token, dial.resume_token, dial.device, "192.0.2.1"});
}

Ended refused(const Error& error) { return Ended{ending_of(Goodbye{error, true})}; }

class DeadCarrier final : public TestCarrier {
  public:
    using TestCarrier::TestCarrier;
    void send(ByteView, Importance) override {}
    void close() override {}
    void cut() override {}
    void die() override {}
};

class OrderedCarrier final : public TestCarrier, private simulation::Wire::Listener {
  public:
    OrderedCarrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way) : TestCarrier(machine) {
        const auto issued = issue(engine, dial);
        if (!issued) {
            tell(refused(issued.error()));
            return;
        }
        wire_ =
            simulation::connect(engine.timeline, engine.random, engine.shard, engine.room.id, quality_of(way), *this);
        engine.timeline.after(2 * us(way.delay_ms), [this, alive = alive_, token = issued->connect_token] {
            if (*alive) tell(Opened{.carrier = Transport::websocket, .join_token = token});
        });
    }
    ~OrderedCarrier() override {
        *alive_ = false;
        cut();
        die();
    }
    void send(ByteView message, Importance) override { wire_->send(Bytes{message.begin(), message.end()}); }
    // What was sent before comes before the end of the connection.
    void close() override { cut(); }
    void cut() override {
        if (wire_) wire_->cut();
    }
    void die() override {
        if (wire_) wire_->die();
    }

  private:
    void on_bytes(ByteView bytes) override { receive(bytes); }
    void on_gone(playhead::ErrorCode code) override { tell(Ended{ending_of_disconnect(std::to_underlying(code))}); }

    std::shared_ptr<simulation::Wire> wire_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// Both ends of a lossy connection and what is under way between them.
class Lossy : public std::enable_shared_from_this<Lossy> {
  public:
    class Peer {
      public:
        virtual void heard(ByteView message) = 0;
        virtual void hung_up(playhead::ErrorCode code) = 0;

      protected:
        ~Peer() = default;
    };

    Lossy(Engine& engine, const Way& way, seal::ConnectGrant grant)
        : engine_(engine),
          way_(way),
          grant_(std::move(grant)) {}

    Engine& engine() { return engine_; }
    const seal::ConnectGrant& grant() const { return grant_; }

    void attach_client(Peer* client) { client_ = client; }
    void attach_engine(ConnectionEvents* events) { events_ = events; }

    void to_engine(ByteView message, Importance importance) {
        const auto arrives = [self = shared_from_this(), bytes = Bytes{message.begin(), message.end()}] {
            if (self->events_ != nullptr) self->events_->on_message(bytes);
        };
        if (importance == Importance::needed)
            in_order(up_, arrives);
        else
            at_random(arrives);
    }

    void to_client(const Frame& frame) {
        const bool small = frame.payload().size() <= lossy_bytes_max;
        switch (small ? frame.delivery() : Delivery::reliable) {
        case Delivery::reliable:
            in_order(down_, [self = shared_from_this(), frame] { self->client_hears(frame); });
            break;
        case Delivery::lossy: at_random([self = shared_from_this(), frame] { self->client_hears(frame); }); break;
        case Delivery::sequenced:
            at_random([self = shared_from_this(), frame, sequence = ++sequence_] {
                if (sequence <= self->arrived_) return; // something newer has come
                self->arrived_ = sequence;
                self->client_hears(frame);
            });
            break;
        }
    }

    // Either end hangs up, behind what was said before.
    void engine_hangs_up(playhead::ErrorCode code) {
        in_order(down_, [self = shared_from_this(), code] { self->client_hears_end(code); });
        engine_hears_end();
    }
    void client_hangs_up() {
        in_order(up_, [self = shared_from_this()] { self->engine_hears_end(); });
    }
    void engine_hears_end() {
        if (ConnectionEvents* events = std::exchange(events_, nullptr))
            events->on_closed(Error{playhead::ErrorCode::none, {}});
    }
    void client_hears_end(playhead::ErrorCode code) {
        if (Peer* client = std::exchange(client_, nullptr)) client->hung_up(code);
    }
    void die() { dead_ = true; }

    static constexpr std::size_t lossy_bytes_max = 1'000;

  private:
    Microseconds delay() { return us(way_.delay_ms) + engine_.random.between(Microseconds{0}, us(way_.jitter_ms)); }
    // One that is lost is sent again, and what comes behind it waits.
    void in_order(ServerTime& last, const std::function<void()>& arrives) {
        Microseconds takes = delay();
        while (engine_.random.chance(way_.loss)) takes += us(3 * way_.delay_ms + 10);
        last = std::max(last, engine_.timeline.now() + takes);
        engine_.timeline.at(last, arrives);
    }
    void at_random(const std::function<void()>& arrives) {
        if (!engine_.random.chance(way_.loss)) engine_.timeline.after(delay(), arrives);
        if (engine_.random.chance(way_.duplicates)) engine_.timeline.after(delay(), arrives);
    }
    void client_hears(const Frame& frame) {
        if (client_ != nullptr && !dead_) client_->heard(frame.payload());
    }

    Engine& engine_;
    const Way way_;
    const seal::ConnectGrant grant_;
    Peer* client_ = nullptr;
    ConnectionEvents* events_ = nullptr;
    ServerTime up_{};
    ServerTime down_{};
    std::uint64_t sequence_ = 0;
    std::uint64_t arrived_ = 0;
    bool dead_ = false;
};

class LossyEngineEnd final : public playhead::Connection {
  public:
    explicit LossyEngineEnd(std::shared_ptr<Lossy> lossy) : lossy_(std::move(lossy)) {}
    ~LossyEngineEnd() override { lossy_->attach_engine(nullptr); }
    void start(ConnectionEvents& events) override { lossy_->attach_engine(&events); }
    bool send(std::span<const Frame> frames) override {
        for (const Frame& frame : frames) lossy_->to_client(frame);
        return true;
    }
    std::size_t lossy_bytes_max() const override { return Lossy::lossy_bytes_max; }
    std::size_t bytes_waiting() const override { return 0; }
    void close(playhead::ErrorCode code, std::string_view) override {
        // Never from inside close().
        lossy_->engine().timeline.after(Microseconds{1}, [lossy = lossy_, code] { lossy->engine_hangs_up(code); });
    }
    const seal::ConnectGrant* grant() const override { return &lossy_->grant(); }
    const std::string& peer() const override { return name_; }

  private:
    std::shared_ptr<Lossy> lossy_;
    std::string name_ = "192.0.2.1:9";
};

class LossyCarrier final : public TestCarrier, private Lossy::Peer {
  public:
    LossyCarrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way) : TestCarrier(machine) {
        const auto issued = issue(engine, dial);
        if (!issued) {
            tell(refused(issued.error()));
            return;
        }
        const auto grant = seal::open_connect_token(issued->connect_token, engine.run_of_engine.sealing_key,
                                                    engine.run_of_engine.clock_id, engine.timeline.now());
        lossy_ = std::make_shared<Lossy>(engine, way, grant.value());
        lossy_->attach_client(this);
        engine.timeline.after(4 * us(way.delay_ms), [this, &engine, alive = alive_, lossy = lossy_] {
            if (!*alive) return;
            engine.shard.attach(engine.room.id, std::make_unique<LossyEngineEnd>(lossy));
            tell(Opened{.carrier = Transport::enet, .join_token = {}, .acknowledges = true});
        });
    }
    ~LossyCarrier() override {
        *alive_ = false;
        if (!lossy_) return;
        lossy_->attach_client(nullptr);
        lossy_->client_hangs_up();
    }
    void send(ByteView message, Importance importance) override {
        machine_.note(message);
        lossy_->to_engine(message, importance);
    }
    void close() override { lossy_->client_hangs_up(); }
    void cut() override {
        lossy_->engine_hears_end();
        lossy_->client_hears_end(playhead::ErrorCode::none);
    }
    void die() override { lossy_->die(); }

  private:
    void heard(ByteView message) override { receive(message); }
    void hung_up(playhead::ErrorCode code) override { tell(Ended{ending_of_disconnect(std::to_underlying(code))}); }

    std::shared_ptr<Lossy> lossy_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace

std::optional<CarrierEvent> TestCarrier::poll(double) {
    if (events_.empty()) return std::nullopt;
    CarrierEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

// Told in the same instant by the timeline: it looks again at once.
double TestCarrier::next_poll_ms() const { return machine_.now_ms() + (events_.empty() ? 20 : 0); }

std::unique_ptr<TestCarrier> ordered_carrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way) {
    return std::make_unique<OrderedCarrier>(machine, engine, dial, way);
}
std::unique_ptr<TestCarrier> lossy_carrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way) {
    return std::make_unique<LossyCarrier>(machine, engine, dial, way);
}
std::unique_ptr<TestCarrier> dead_carrier(ClientMachine& machine) { return std::make_unique<DeadCarrier>(machine); }

} // namespace playhead::client::test
