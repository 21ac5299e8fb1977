#pragma once

#include "lib/transport/carrier.hpp"
#include "lib/transport/ending.hpp"
#include "lib/transport/http_exchange.hpp"
#include "playhead/http.hpp"
#include "seal/key.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::client {

// What an engine gives a client that may come in (POST /api/v1/rooms/{room}/join).
struct JoinAnswer {
    std::string connect_token;
    struct Enet {
        std::uint16_t port = 0;
        bool sealed = true;
    };
    std::optional<Enet> enet; // empty where the engine has none
    seal::PeerKeys keys;
};

HttpRequest join_request(const Dial& dial);

// Reads the answer: whoever wrote it need not be an engine.   Errors: how the attempt ends.
std::expected<JoinAnswer, Ending> parse_join_answer(const HttpAnswer& answer);

// 32 bytes in base64url without padding; empty for anything else.
std::optional<seal::Key> parse_key(std::string_view text);

} // namespace playhead::client
