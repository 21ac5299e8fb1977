#pragma once

#include "lib/transport/carrier.hpp"
#include "seal/key.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace playhead::client {

// How to reach an engine over ENet, as its answer to a join says.
struct EnetDoor {
    std::string address; // IPv4, in numbers
    std::uint16_t port = 0;
    bool sealed = true; // payloads, too; headers always are checked
    std::string connect_token;
    seal::PeerKeys keys;
    std::string from{}; // our own address, IPv4, in numbers; empty: whichever leads there
};

// A carrier over ENet: what is needed arrives in order, states may be lost, the rest comes in any order if at all.
// PROTOCOL.md has the channels.
std::unique_ptr<Carrier> make_enet_carrier(EnetDoor door, double now_ms);

} // namespace playhead::client
