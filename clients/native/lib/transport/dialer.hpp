#pragma once

#include "lib/transport/carrier.hpp"
#include "lib/transport/enet_carrier.hpp"
#include "lib/transport/join.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::client {

// What a dialer dials with; tests give their own.
class Wires {
  public:
    // An HTTP request under way.
    class Asking {
      public:
        virtual ~Asking() = default;
        virtual std::optional<std::expected<HttpAnswer, std::string>> poll() = 0;
        virtual std::vector<int> wait_handles() const = 0;
        virtual double gap_ms() const = 0;
    };

    virtual ~Wires() = default;
    virtual std::unique_ptr<Asking> ask(const HttpRequest& request) = 0;
    virtual std::unique_ptr<Carrier> websocket(const Dial& dial, const std::string& connect_token) = 0;
    virtual std::unique_ptr<Carrier> enet(const EnetDoor& door, double now_ms) = 0;
    // ENet was tried here and did not answer: until when it need not be tried again.   Unit: ms, local time.
    double enet_silent_until_ms = 0;
};

// One attempt to reach the engine: asks over HTTP to be let in, then connects with what it is given, by ENet where that
// is wanted and there, else by WebSocket. Once a carrier is open it stands for it.
//
//     asking -> by ENet --(silent for 2 s)--> asking -> by WebSocket
//            -> by WebSocket
//
//   Owner: a Connection.   Units: ms, local time.
class Dialer final : public Carrier {
  public:
    // So long ENet may take before WebSocket is tried, and so long it is then not tried again.
    static constexpr double enet_ms_max = 2'000;
    static constexpr double enet_rest_ms = 60'000;

    Dialer(Dial dial, Wires& wires, double now_ms);

    std::optional<CarrierEvent> poll(double now_ms) override;
    double next_poll_ms() const override;
    std::vector<int> wait_handles() const override;
    void send(ByteView message, Importance importance) override;
    std::size_t buffered() const override { return carrier_ ? carrier_->buffered() : 0; }
    void close() override;

  private:
    void ask();
    std::optional<CarrierEvent> answered(const HttpAnswer& answer, double now_ms);
    // ENet, where it is offered and may still be hoped for.
    std::optional<EnetDoor> enet_door(const JoinAnswer& joined, const HttpAnswer& answer, double now_ms) const;
    std::optional<CarrierEvent> fall_back(double now_ms);

    const Dial dial_;
    Wires& wires_;
    std::unique_ptr<Wires::Asking> asking_;
    std::unique_ptr<Carrier> carrier_;
    bool by_enet_ = false;
    bool open_ = false;
    bool ended_ = false;
    bool without_enet_ = false; // it has been tried
    double enet_until_ms_ = 0;
    double polled_ms_;
};

} // namespace playhead::client
