#include "seal/sodium.hpp"

#include <sodium/core.h>
#include <sodium/crypto_kdf.h>

#include <cassert>
#include <stdexcept>

namespace playhead::seal {

static_assert(Key::bytes_count == crypto_kdf_KEYBYTES && sizeof(Purpose) == crypto_kdf_CONTEXTBYTES + 1);

// libsodium wants to look once, before anything else, which code suits this processor; threads may come together. The
// one thing that this program keeps in a static: a fact about the machine, which nobody can set or see.
void make_sodium_ready() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) throw std::runtime_error("libsodium cannot be used on this machine: it finds no random numbers");
}

void derive(const Key& key, const Purpose& purpose, std::span<std::byte> into) {
    assert(into.size() >= crypto_kdf_BYTES_MIN && into.size() <= crypto_kdf_BYTES_MAX);
    make_sodium_ready();
    crypto_kdf_derive_from_key(raw(into.data()), into.size(), 1, purpose, raw(key.bytes.data()));
}

Key derived(const Key& key, const Purpose& purpose) {
    Key other;
    derive(key, purpose, other.bytes);
    return other;
}

} // namespace playhead::seal
