#pragma once

#include "lib/transport/carrier.hpp"
#include "native/in_process.hpp"

#include <deque>
#include <memory>

namespace playhead::client::test {

// A carrier in virtual time. What is told waits until it is polled for.
class TestCarrier : public Carrier {
  public:
    explicit TestCarrier(ClientMachine& machine) : machine_(machine) {}
    ~TestCarrier() override { machine_.forget(this); }

    std::optional<CarrierEvent> poll(double now_ms) override;
    double next_poll_ms() const override;
    std::vector<int> wait_handles() const override { return {}; }
    std::size_t buffered() const override { return 0; }

    // The connection breaks, and both ends learn of it; or neither does.
    virtual void cut() = 0;
    virtual void die() = 0;

  protected:
    void tell(CarrierEvent event) { events_.push_back(std::move(event)); }
    void receive(ByteView bytes) { tell(Received{Bytes{bytes.begin(), bytes.end()}, machine_.now_ms()}); }

    ClientMachine& machine_;

  private:
    std::deque<CarrierEvent> events_;
};

// Ordered and complete, as WebSocket is; lossy, as ENet is; or one that nobody answers. The first two come with a
// connect token of the engine's, or end with what it says instead.
std::unique_ptr<TestCarrier> ordered_carrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way);
std::unique_ptr<TestCarrier> lossy_carrier(ClientMachine& machine, Engine& engine, const Dial& dial, const Way& way);
std::unique_ptr<TestCarrier> dead_carrier(ClientMachine& machine);

} // namespace playhead::client::test
