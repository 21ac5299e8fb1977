#pragma once

#include "lib/transport/ending.hpp"
#include "replication/frame.hpp"
#include "seal/handshake.hpp"

#include <optional>
#include <string>

namespace playhead::client {

// The client's side of the handshake that comes before ENet (seal/handshake.hpp): proves to the engine that we hold a
// connect token and sit where we write from. Sans I/O: who sends and receives stands elsewhere.
//   Units: ms, local time.
class EnetHandshake {
  public:
    // What was not answered is said again so often, for so long.
    static constexpr double repeat_ms = 250;
    static constexpr double patience_ms = 5'000;

    EnetHandshake(std::string connect_token, const seal::PeerKeys& keys, double now_ms);

    // The datagram that is to be sent now, if one is.
    std::optional<Bytes> due(double now_ms);
    double next_ms() const { return next_ms_; }
    // A datagram of the handshake from the engine's address; anything else is ignored.
    void received(ByteView datagram, double now_ms);

    // The engine expects us: ENet may connect.
    bool expected() const { return expected_; }
    // It will not be: the engine has refused us, or nobody has answered.
    std::optional<Ending> failure(double now_ms) const;

  private:
    std::string token_;
    seal::PeerKeys keys_;
    std::optional<seal::Cookie> cookie_;
    std::optional<ErrorCode> refused_;
    bool expected_ = false;
    double until_ms_;
    double next_ms_;
};

} // namespace playhead::client
