#pragma once

#include "lib/session/environment.hpp"
#include "lib/transport/dialer.hpp"
#include "lib/transport/trust.hpp"

#include <memory>
#include <random>
#include <string>

namespace playhead::client {

// The Environment of a real machine: its clocks, its chance, its network.
//   Owner: one room.
class Machine final : public Environment, private Wires {
  public:
    explicit Machine(std::string certificate_authorities) : trust_(std::move(certificate_authorities)) {}

    double now_ms() const override;
    double wall_ms() const override;
    double random() override;
    std::unique_ptr<Carrier> open(const Dial& dial) override;

    // For people without one: 128 random bits as text.
    std::string random_id();

  private:
    std::unique_ptr<Asking> ask(const HttpRequest& request) override;
    std::unique_ptr<Carrier> websocket(const Dial& dial, const std::string& connect_token) override;
    std::unique_ptr<Carrier> enet(const EnetDoor& door, double now_ms) override;

    Trust trust_;
    std::random_device device_;
};

} // namespace playhead::client
