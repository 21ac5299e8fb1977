#include "net/enet/host_core.hpp"

#include <enet/enet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

// Who may come in: the handshake of seal/handshake.hpp, before ENet hears of anybody.
namespace playhead::enet {
namespace {

// Of all addresses together, so that opening what strangers send takes little of the shard's time whatever they do.
constexpr RateLimit::Budget handshake_budget{2000, 4000};

using AddressBytes = std::array<std::byte, sizeof(std::uint32_t) + sizeof(std::uint16_t)>;
AddressBytes bytes_of(const Address& address) {
    AddressBytes bytes{};
    std::memcpy(bytes.data(), &address.host, sizeof address.host);
    std::memcpy(bytes.data() + sizeof address.host, &address.port, sizeof address.port);
    return bytes;
}

} // namespace

void HostCore::on_handshake(const Address& from, std::span<const std::byte> datagram) {
    if (handshakes_.take(handshake_budget, now())) {
        ++counters_.handshakes_dropped;
        return;
    }
    const auto words = seal::parse_handshake(datagram);
    if (words) {
        if (const auto* ask = std::get_if<seal::Ask>(&*words)) return on_ask(from, *ask);
        if (const auto* answer = std::get_if<seal::Answer>(&*words)) return on_answer(from, *answer);
    }
    ++counters_.handshakes_dropped; // malformed, or what only we say
}

// Whoever has not proven its address hears nothing but what a valid token is worth: so nothing can be learnt by asking,
// and nobody is made to send datagrams to others.
void HostCore::on_ask(const Address& from, const seal::Ask& ask) {
    const auto grant = seal::open_connect_token(ask.token, run_.sealing_key, run_.clock_id, now());
    if (!grant) {
        ++counters_.handshakes_dropped;
        return;
    }
    say(from, seal::Challenge{cookies_.cookie(bytes_of(from), grant->serial, now())});
}

void HostCore::on_answer(const Address& from, const seal::Answer& answer) {
    const auto grant = seal::open_connect_token(answer.token, run_.sealing_key, run_.clock_id, now());
    if (!grant || !cookies_.fits(answer.proof, bytes_of(from), *grant, now())) {
        ++counters_.handshakes_dropped;
        return;
    }
    Link* there = find(from);
    if (there != nullptr && there->grant().serial == grant->serial) return say(from, seal::Expected{}); // ours got lost
    if (const ErrorCode code = refusal(from, *grant); code != ErrorCode::none) {
        ++counters_.handshakes_refused;
        return say(from, seal::Refused{code});
    }
    // Only one can sit at an address, and it has just shown that it does: who was there is no more. ENet is in the
    // middle of its round, so its owner hears of it later.
    if (there != nullptr) {
        replaced_.push_back(there->shared_from_this());
        links_.erase(from);
    }
    auto link = std::make_shared<Link>(*this, from, *grant);
    links_.emplace(from, link);
    watch(*link);
    say(from, seal::Expected{});
}

ErrorCode HostCore::refusal(const Address& from, const seal::ConnectGrant& grant) {
    if (draining_) return ErrorCode::draining;
    if (find(from) == nullptr) {
        if (links_.size() >= settings_.peers_max) return ErrorCode::room_full;
        // Links are in the order of their addresses.
        const auto first = links_.lower_bound(Address{from.host, 0});
        const auto last = links_.upper_bound(Address{from.host, 0xFFFF});
        if (std::distance(first, last) >= std::int64_t{settings_.peers_per_address_max}) return ErrorCode::rate_limited;
    }
    if (const auto used = used_tokens_.use(grant, now()); !used) return used.error().code;
    return ErrorCode::none;
}

void HostCore::say(const Address& to, const seal::Handshake& words) {
    std::vector<std::byte> datagram = seal::datagram_of(words);
    const ENetAddress address{to.host, to.port};
    const ENetBuffer buffer{datagram.data(), datagram.size()};
    enet_socket_send(host_->socket, &address, &buffer, 1); // lost or refused: it is said again when asked again
}

} // namespace playhead::enet
