#include "seal/packet.hpp"

#include "seal/little_endian.hpp"
#include "seal/sodium.hpp"

#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_shorthash.h>

#include <cassert>
#include <string>

namespace playhead::seal {
namespace {

constexpr std::size_t sequence_bytes = 8;
constexpr Purpose payloads{"payloads"};
constexpr Purpose headers{"headers_"};

static_assert(packet_overhead_bytes == sequence_bytes + crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(Key::bytes_count == crypto_aead_chacha20poly1305_ietf_KEYBYTES);

using PacketNonce = std::array<std::byte, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

PacketNonce nonce_of(std::uint64_t sequence) {
    PacketNonce nonce{};
    put(std::span{nonce}.last<sequence_bytes>(), sequence);
    return nonce;
}

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

} // namespace

PacketSealer::PacketSealer(const Key& key) : key_(derived(key, payloads)) {}

void PacketSealer::seal(std::span<const std::byte> plain, std::span<std::byte> into) {
    assert(into.size() == plain.size() + packet_overhead_bytes);
    ++sequence_;
    put(into.first<sequence_bytes>(), sequence_);
    const PacketNonce nonce = nonce_of(sequence_);
    crypto_aead_chacha20poly1305_ietf_encrypt(raw(into.data() + sequence_bytes), nullptr, raw(plain.data()),
                                              plain.size(), nullptr, 0, nullptr, raw(nonce.data()),
                                              raw(key_.bytes.data()));
}

bool ReplayWindow::seen(std::uint64_t sequence) const {
    if (sequence == 0) return true; // none has that
    if (sequence > newest_) return false;
    return newest_ - sequence >= width || seen_[sequence % width];
}

void ReplayWindow::note(std::uint64_t sequence) {
    assert(!seen(sequence));
    if (sequence > newest_) {
        if (sequence - newest_ >= width) {
            seen_.reset();
        } else {
            for (std::uint64_t skipped = newest_ + 1; skipped != sequence; ++skipped) seen_.reset(skipped % width);
        }
        newest_ = sequence;
    }
    seen_.set(sequence % width);
}

PacketOpener::PacketOpener(const Key& key) : key_(derived(key, payloads)) {}

Result<std::span<const std::byte>> PacketOpener::open(std::span<std::byte> packet) {
    if (packet.size() < packet_overhead_bytes)
        return refused(ErrorCode::malformed, "a sealed packet has at least " + std::to_string(packet_overhead_bytes) +
                                                 " bytes, not " + std::to_string(packet.size()));
    const auto sequence = get<std::uint64_t>(packet.first<sequence_bytes>());
    if (window_.seen(sequence))
        return refused(ErrorCode::sequence,
                       "the packet has come before, or is older than the last " + std::to_string(ReplayWindow::width));
    const PacketNonce nonce = nonce_of(sequence);
    const auto sealed = packet.subspan(sequence_bytes);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(raw(sealed.data()), nullptr, nullptr, raw(sealed.data()),
                                                  sealed.size(), nullptr, 0, raw(nonce.data()),
                                                  raw(key_.bytes.data())) != 0)
        return refused(ErrorCode::malformed, "the packet was altered, or sealed with another key");
    window_.note(sequence);
    return sealed.first(sealed.size() - crypto_aead_chacha20poly1305_ietf_ABYTES);
}

HeaderChecksum::HeaderChecksum(const Key& key) {
    static_assert(sizeof key_ == crypto_shorthash_KEYBYTES);
    derive(key, headers, key_);
}

std::uint32_t HeaderChecksum::of(std::span<const std::byte> datagram) const {
    std::array<std::byte, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(raw(hash.data()), raw(datagram.data()), datagram.size(), raw(key_.data()));
    return get<std::uint32_t>(std::span{hash}.first<4>());
}

} // namespace playhead::seal
