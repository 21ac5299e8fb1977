#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "seal/connect_token.hpp"
#include "seal/key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

// The four datagrams by which a client proves, before ENet hears of it, that it holds a connect token with its keys and
// sits at the address it writes from. The engine keeps nothing until the third, and never answers with more bytes than
// it was sent. Pure: who sends and receives stands elsewhere.
//
//     client                                engine
//       | ask    {token}          padded      |   token opens, is not used or expired, else silence
//       |------------------------------------>|
//       |        challenge {cookie}           |   cookie = keyed hash of address, serial and half minute
//       |<------------------------------------|
//       | answer {token, proof}   padded      |   proof is right: the token is used up, the address is expected
//       |------------------------------------>|
//       |        expected {}                  |   and again for each repeated answer
//       |<------------------------------------|
//       | ENet CONNECT ...                    |
//
// Each begins with FF FF 'P' 'H' and a type. An ENet datagram never begins so: the bits would say that it is
// compressed, and nobody here compresses. A lost one is simply said again (every 250 ms, up to 5 s).
namespace playhead::seal {

inline constexpr std::array<std::byte, 4> handshake_magic{std::byte{0xFF}, std::byte{0xFF}, std::byte{'P'},
                                                          std::byte{'H'}};
// Ask and answer are padded with zeros to this.
inline constexpr std::size_t handshake_request_bytes = 640;
using Cookie = std::array<std::byte, 16>;
// Whoever answers has received the cookie, and knows the token's keys: a copied token alone answers nothing.
using Proof = std::array<std::byte, 16>;
Proof proof_of(const Cookie& cookie, const PeerKeys& keys);

struct Ask {
    std::string_view token; // borrowed from the datagram
};
struct Challenge {
    Cookie cookie{};
};
struct Answer {
    std::string_view token;
    Proof proof{};
};
struct Expected {};
// The engine will not have it: the code says why (token_stale, room_full, draining...). Only to proven addresses.
struct Refused {
    ErrorCode code = ErrorCode::none;
};
using Handshake = std::variant<Ask, Challenge, Answer, Expected, Refused>;

// False for anything that is not of this handshake, by the first bytes alone.
bool is_handshake(std::span<const std::byte> datagram);
// Errors: malformed.
Result<Handshake> parse_handshake(std::span<const std::byte> datagram);
std::vector<std::byte> datagram_of(const Handshake& handshake);

// Proves an address without keeping anything: only who received it there can say it.
//   `address` is whatever bytes name the sender; `key` is the engine's own.
class CookieJar {
  public:
    explicit CookieJar(const Key& key);
    Cookie cookie(std::span<const std::byte> address, const Serial& serial, ServerTime now) const;
    // The proof of a cookie of this half minute or of the one before.
    bool fits(const Proof& proof, std::span<const std::byte> address, const ConnectGrant& grant, ServerTime now) const;

  private:
    Key key_;
};

} // namespace playhead::seal
