#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace playhead::seal {

// What a text is known again by without being kept: 128 bits, and nobody can make another text that has the same.
//   Source: crypto_generichash of libsodium (BLAKE2b without a key).
//   Errors: throws std::runtime_error if libsodium cannot be used on this machine.
using Digest = std::array<std::byte, 16>;
Digest digest_of(std::string_view text);

} // namespace playhead::seal
