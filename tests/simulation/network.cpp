#include "simulation/network.hpp"

#include <algorithm>
#include <utility>

namespace playhead::simulation {
namespace {

std::size_t alive = 0;
std::size_t overfilled = 0;

// After close() the engine waits this long for a peer that takes nothing.
constexpr Microseconds close_timeout{5'000'000};

// Frames up to this may be lost. Less than a datagram holds, so that some updates are too large for it.
constexpr std::size_t lossy_bytes_max = 400;
constexpr double repetition = 0.05;
// Until what was lost, and must arrive, has been sent again.
constexpr Microseconds resent_after_min{100'000};
constexpr Microseconds resent_after_max{400'000};

// Both ends of one connection and what is under way between them.
class Link final : public Wire, public std::enable_shared_from_this<Link> {
  public:
    Link(Timeline& timeline, Random& random, const Quality& quality, Listener& listener)
        : timeline_(timeline),
          random_(random),
          quality_(quality),
          listener_(&listener) {}

    void attach(Shard& shard, const RoomId& room);

    // ---- the client's end
    void send(Bytes message, Delivery delivery) override {
        if (!open()) return;
        carry(up_, quality_.delay_up, delivery, [self = shared_from_this(), message = std::move(message)] {
            if (self->events_ && !self->engine_closed_) self->events_->on_message(message);
        });
    }
    void set_reading(bool reading) override {
        reading_ = reading;
        while (reading_ && !unread_.empty()) {
            const Frame frame = std::move(unread_.front());
            unread_.pop_front();
            take(frame);
        }
    }
    void cut() override {
        if (!open()) return;
        timeline_.after(quality_.delay_up, [self = shared_from_this()] { self->engine_hears_end(); });
        client_hears_end(ErrorCode::none);
    }
    void die() override {
        listener_ = nullptr;
        reading_ = false;
    }
    void go_half_open() override {
        half_open_ = true;
        engine_hears_end();
    }
    void clog(Microseconds time) override { clogged_until_ = std::max(clogged_until_, timeline_.now() + time); }
    bool open() const override { return listener_ && !client_closed_; }
    Microseconds full_for() const override {
        return full_ && !closing_ && !engine_closed_ ? timeline_.now() - full_since_ : Microseconds{0};
    }

    // ---- the engine's end
    void start(ConnectionEvents& events) { events_ = &events; }
    bool engine_send(std::span<const Frame> frames) {
        if (full_) ++overfilled;
        for (const Frame& frame : frames) {
            if (may_be_lost(frame)) {
                carry(down_, quality_.delay_down, frame.delivery(), [self = shared_from_this(), frame] {
                    if (self->reading_ && self->open()) self->listener_->on_bytes(frame.payload());
                });
                continue;
            }
            in_flight_ += frame.wire().size();
            carry(down_, quality_.delay_down, Delivery::reliable, [self = shared_from_this(), frame] {
                if (self->reading_ && self->unread_.empty()) {
                    self->take(frame);
                } else {
                    self->unread_.push_back(frame);
                }
            });
        }
        full_ = in_flight_ > quality_.capacity_bytes;
        if (full_) full_since_ = timeline_.now();
        return !full_;
    }
    bool lossy() const { return quality_.lossy; }
    std::size_t bytes_waiting() const { return full_ ? in_flight_ - quality_.capacity_bytes : 0; }
    void engine_close(ErrorCode code) {
        if (std::exchange(closing_, true)) return;
        arrive(down_.last, quality_.delay_down, [self = shared_from_this(), code] {
            if (!self->reading_) return; // it waits behind what is not read, until the engine loses patience
            self->client_hears_end(code);
            self->timeline_.after(self->quality_.delay_up, [self] { self->engine_hears_end(); });
        });
        timeline_.after(close_timeout, [self = shared_from_this(), code] {
            self->engine_hears_end();
            self->client_hears_end(code);
        });
    }
    void engine_dropped() {
        events_ = nullptr;
        timeline_.after(quality_.delay_down, [self = shared_from_this()] { self->client_hears_end(ErrorCode::none); });
    }

  private:
    // What is on its way in one direction.
    struct Way {
        ServerTime last{};      // when what must arrive in order arrives
        std::uint64_t sent = 0; // of what is sequenced
        std::uint64_t arrived = 0;
    };
    bool may_be_lost(const Frame& frame) const {
        return quality_.lossy && frame.delivery() != Delivery::reliable && frame.payload().size() <= lossy_bytes_max;
    }
    void carry(Way& way, Microseconds delay, Delivery delivery, std::function<void()> what) {
        if (!quality_.lossy) return arrive(way.last, delay, std::move(what));
        const bool clogged = timeline_.now() < clogged_until_;
        const bool lost = random_.chance(quality_.loss) || (clogged && delivery != Delivery::reliable);
        if (delivery == Delivery::reliable) {
            const Microseconds again = lost ? random_.between(resent_after_min, resent_after_max) : Microseconds{0};
            return arrive(way.last, delay + again, std::move(what));
        }
        if (lost) return;
        if (delivery == Delivery::sequenced) {
            what = [&way, number = ++way.sent, what = std::move(what)] {
                if (number <= std::exchange(way.arrived, std::max(way.arrived, number))) return;
                what();
            };
        }
        const int copies = random_.chance(repetition) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy)
            timeline_.after(delay + random_.between(Microseconds{0}, quality_.jitter), what);
    }
    void arrive(ServerTime& last, Microseconds delay, std::function<void()> what) {
        const Microseconds jitter = random_.between(Microseconds{0}, quality_.jitter);
        last = std::max({last, timeline_.now() + delay + jitter, clogged_until_});
        timeline_.at(last, std::move(what));
    }
    void take(const Frame& frame) {
        in_flight_ -= frame.wire().size();
        if (full_ && in_flight_ <= quality_.capacity_bytes) {
            // The engine learns of the room that was made when the acknowledgement is there.
            timeline_.after(quality_.delay_up, [self = shared_from_this()] {
                self->full_ = false;
                if (self->events_ && !self->closing_ && !self->engine_closed_) self->events_->on_drained();
            });
        }
        if (open()) listener_->on_bytes(frame.payload());
    }
    void engine_hears_end() {
        if (std::exchange(engine_closed_, true)) return;
        if (events_) events_->on_closed(Error{ErrorCode::none, {}});
    }
    void client_hears_end(ErrorCode code) {
        if (half_open_ || std::exchange(client_closed_, true)) return;
        if (listener_) std::exchange(listener_, nullptr)->on_gone(code);
    }

    Timeline& timeline_;
    Random& random_;
    const Quality quality_;
    Listener* listener_;
    ConnectionEvents* events_ = nullptr;
    Way up_;
    Way down_;
    std::deque<Frame> unread_;
    std::size_t in_flight_ = 0;
    ServerTime clogged_until_{};
    ServerTime full_since_{};
    bool reading_ = true;
    bool half_open_ = false;
    bool full_ = false;
    bool closing_ = false;
    bool client_closed_ = false;
    bool engine_closed_ = false;
};

class EngineEnd final : public Connection {
  public:
    explicit EngineEnd(std::shared_ptr<Link> link) : link_(std::move(link)) { ++alive; }
    ~EngineEnd() override {
        --alive;
        link_->engine_dropped();
    }
    void start(ConnectionEvents& events) override { link_->start(events); }
    bool send(std::span<const Frame> frames) override { return link_->engine_send(frames); }
    std::size_t lossy_bytes_max() const override { return link_->lossy() ? simulation::lossy_bytes_max : 0; }
    std::size_t bytes_waiting() const override { return link_->bytes_waiting(); }
    void close(ErrorCode code, std::string_view) override { link_->engine_close(code); }
    const std::string& peer() const override { return name_; }

  private:
    std::shared_ptr<Link> link_;
    std::string name_ = "simulated";
};

void Link::attach(Shard& shard, const RoomId& room) {
    timeline_.after(quality_.delay_up + quality_.delay_down, [self = shared_from_this(), &shard, room] {
        if (self->open()) shard.attach(room, std::make_unique<EngineEnd>(self));
    });
}

} // namespace

std::uint64_t Random::next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

void Random::fill(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(next() & 0xff);
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
}

bool Random::chance(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }

void Timeline::at(ServerTime time, std::function<void()> what) {
    events_.push({std::max(time, now_), planned_++, std::move(what)});
}

void Timeline::run_until(ServerTime time) {
    while (!events_.empty() && events_.top().time <= time) {
        const Event event = events_.top();
        events_.pop();
        now_ = event.time;
        event.what();
    }
    now_ = time;
}

std::shared_ptr<Wire> connect(Timeline& timeline, Random& random, Shard& shard, const RoomId& room,
                              const Quality& quality, Wire::Listener& listener) {
    auto link = std::make_shared<Link>(timeline, random, quality, listener);
    link->attach(shard, room);
    return link;
}

std::size_t connections_alive() { return alive; }

std::size_t sends_when_full() { return overfilled; }

} // namespace playhead::simulation
