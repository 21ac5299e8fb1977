#include "seal/digest.hpp"

#include "seal/sodium.hpp"

#include <sodium/crypto_generichash.h>

#include <span>

namespace playhead::seal {

static_assert(Digest{}.size() >= crypto_generichash_BYTES_MIN);

Digest digest_of(std::string_view text) {
    make_sodium_ready();
    Digest digest;
    const auto bytes = std::as_bytes(std::span{text});
    crypto_generichash(raw(digest.data()), digest.size(), raw(bytes.data()), bytes.size(), nullptr, 0);
    return digest;
}

} // namespace playhead::seal
