#pragma once

#include "seal/key.hpp"

#include <cstddef>
#include <span>

// What the sources of this layer share of libsodium; nobody else includes this.
namespace playhead::seal {

// To be called before anything of libsodium's.
//   Errors: throws std::runtime_error if libsodium cannot be used on this machine.
void make_sodium_ready();

// Another secret from `key` for each purpose, so that no two uses share one: knowing one says nothing about the other.
// Whatever is sealed begins with a derived key, so this makes libsodium ready for it.
//   Shapes: 16 to 64 bytes.   Source: crypto_kdf of libsodium (BLAKE2b; subkey 1, context = purpose).
//   Errors: throws std::runtime_error if libsodium cannot be used on this machine.
using Purpose = char[9]; // 8 characters
void derive(const Key& key, const Purpose& purpose, std::span<std::byte> into);
Key derived(const Key& key, const Purpose& purpose);

// libsodium speaks of unsigned char.
inline unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
inline const unsigned char* raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }

} // namespace playhead::seal
