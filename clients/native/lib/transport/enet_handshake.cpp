#include "lib/transport/enet_handshake.hpp"

#include "lib/room/names.hpp"

#include <limits>
#include <utility>

namespace playhead::client {

EnetHandshake::EnetHandshake(std::string connect_token, const seal::PeerKeys& keys, double now_ms)
    : token_(std::move(connect_token)),
      keys_(keys),
      until_ms_(now_ms + patience_ms),
      next_ms_(now_ms) {}

std::optional<Bytes> EnetHandshake::due(double now_ms) {
    if (expected_ || refused_ || now_ms < next_ms_) return std::nullopt;
    next_ms_ = now_ms + repeat_ms;
    if (cookie_) return seal::datagram_of(seal::Answer{token_, seal::proof_of(*cookie_, keys_)});
    return seal::datagram_of(seal::Ask{token_});
}

void EnetHandshake::received(ByteView datagram, double now_ms) {
    const auto said = seal::parse_handshake(datagram);
    if (!said || expected_ || refused_) return;
    if (const auto* challenge = std::get_if<seal::Challenge>(&*said)) {
        if (cookie_ == challenge->cookie) return; // said again: the answer is on its way
        cookie_ = challenge->cookie;
        next_ms_ = now_ms;
    } else if (std::holds_alternative<seal::Expected>(*said) && cookie_) {
        expected_ = true;
        next_ms_ = std::numeric_limits<double>::infinity();
    } else if (const auto* refusal = std::get_if<seal::Refused>(&*said); refusal && cookie_) {
        refused_ = code_of(std::to_underlying(refusal->code));
    }
}

std::optional<Ending> EnetHandshake::failure(double now_ms) const {
    if (refused_)
        return Ending{.code = *refused_,
                      .message = "the engine refused the connection: " + std::string{name_of(*refused_)}};
    if (!expected_ && now_ms >= until_ms_) return unreachable("the engine does not answer over UDP");
    return std::nullopt;
}

} // namespace playhead::client
