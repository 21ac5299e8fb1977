#pragma once

#include "core/result.hpp"
#include "seal/key.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

// Sealed packets of one connection whose transport may lose, repeat and reorder them.
//     u64 sequence (little-endian, from 1) | ciphertext | 16 bytes of tag
//   Source: ChaCha20-Poly1305 (RFC 8439), nonce = 4 zero bytes and the sequence; the replay window of RFC 4303 appendix
//   A2.
namespace playhead::seal {

inline constexpr std::size_t packet_overhead_bytes = 8 + 16;

// Seals what one side says. Never with one key in two places: a sequence is used once.
class PacketSealer {
  public:
    explicit PacketSealer(const Key& key);
    // Writes the sealed packet to `into`, which has plain.size() + packet_overhead_bytes.
    void seal(std::span<const std::byte> plain, std::span<std::byte> into);
    std::uint64_t sealed() const { return sequence_; }

  private:
    Key key_; // derived
    std::uint64_t sequence_ = 0;
};

// Remembers which of the last sequences have come.
class ReplayWindow {
  public:
    static constexpr std::size_t width = 1024;
    bool seen(std::uint64_t sequence) const; // or too old to know
    void note(std::uint64_t sequence);       // one that was not seen

  private:
    std::uint64_t newest_ = 0;
    std::bitset<width> seen_; // by sequence modulo width
};

// Opens what the other side has sealed.
class PacketOpener {
  public:
    explicit PacketOpener(const Key& key);
    // Opens in place and lends the plain bytes inside `packet`; what cannot be opened is wiped. Errors: malformed (too
    // short, altered, or with another key), sequence (replayed, or older than the window).
    Result<std::span<const std::byte>> open(std::span<std::byte> packet);

  private:
    Key key_;
    ReplayWindow window_;
};

// 32 bits over the datagram of a transport that has no room for more: SipHash-2-4, keyed, cut to a half. It stops
// whoever cannot see or guess the key from forging or altering headers with more than one chance in 2^32 a datagram; it
// is no signature. `key`: the connection's client_to_engine or engine_to_client, whose direction the datagram goes; a
// key for this use is derived from it (crypto_kdf), so that sealing and checksums never share one.
class HeaderChecksum {
  public:
    explicit HeaderChecksum(const Key& key);
    std::uint32_t of(std::span<const std::byte> datagram) const;

  private:
    std::array<std::byte, 16> key_{};
};

} // namespace playhead::seal
