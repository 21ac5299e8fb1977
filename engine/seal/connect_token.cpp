#include "seal/connect_token.hpp"

#include "core/base64url.hpp"
#include "seal/little_endian.hpp"
#include "seal/sodium.hpp"

#include <sodium/crypto_aead_xchacha20poly1305.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace playhead::seal {
namespace {

// serial, expires in us, viewer, roles, epoch, both keys
constexpr std::size_t plain_bytes = sizeof(Serial) + 8 + 4 + 4 + 4 + 2 * Key::bytes_count;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t sealed_bytes = sizeof(Nonce) + plain_bytes + tag_bytes;
constexpr Purpose tokens{"tokens__"};
constexpr std::string_view kind = "c.";

static_assert(sizeof(Nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(Key::bytes_count == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kind.size() + RoomId::length_max + 1 + base64url_length(sealed_bytes) <= connect_token_text_max);

using Plain = std::array<std::byte, plain_bytes>;

Plain to_plain(const ConnectGrant& grant) {
    Plain plain{};
    std::span<std::byte, plain_bytes> all{plain};
    std::ranges::copy(grant.serial, all.begin());
    put(all.subspan<16, 8>(), static_cast<std::uint64_t>(grant.expires.time_since_epoch().count()));
    put(all.subspan<24, 4>(), grant.viewer.value);
    put(all.subspan<28, 4>(), grant.roles);
    put(all.subspan<32, 4>(), grant.epoch.value);
    std::ranges::copy(grant.keys.client_to_engine.bytes, all.subspan<36, 32>().begin());
    std::ranges::copy(grant.keys.engine_to_client.bytes, all.subspan<68, 32>().begin());
    return plain;
}

ConnectGrant from_plain(const Plain& plain, RoomId room, std::uint64_t clock_id) {
    const std::span<const std::byte, plain_bytes> all{plain};
    ConnectGrant grant{.serial = {},
                       .room = std::move(room),
                       .clock_id = clock_id,
                       .expires = {},
                       .viewer = {},
                       .roles = get<std::uint32_t>(all.subspan<28, 4>()),
                       .keys = {},
                       .epoch = Epoch{get<std::uint32_t>(all.subspan<32, 4>())}};
    std::ranges::copy(all.first<16>(), grant.serial.begin());
    grant.expires = ServerTime{Microseconds{static_cast<std::int64_t>(get<std::uint64_t>(all.subspan<16, 8>()))}};
    grant.viewer = ViewerId{get<std::uint32_t>(all.subspan<24, 4>())};
    std::ranges::copy(all.subspan<36, 32>(), grant.keys.client_to_engine.bytes.begin());
    std::ranges::copy(all.subspan<68, 32>(), grant.keys.engine_to_client.bytes.begin());
    return grant;
}

// What is authenticated besides: everything that is not inside and must not be another.
std::vector<std::byte> beside(const RoomId& room, std::uint64_t clock_id) {
    constexpr std::string_view what = "playhead connect token 1";
    std::vector<std::byte> bytes(what.size() + 8 + room.text().size());
    const std::span all{bytes};
    std::ranges::copy(std::as_bytes(std::span{what}), all.begin());
    put(all.subspan(what.size()).first<8>(), clock_id);
    std::ranges::copy(std::as_bytes(std::span{room.text()}), all.subspan(what.size() + 8).begin());
    return bytes;
}

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

} // namespace

std::string seal(const ConnectGrant& grant, const Key& engine, const Nonce& nonce) {
    const Key key = derived(engine, tokens);
    const Plain plain = to_plain(grant);
    const auto authenticated = beside(grant.room, grant.clock_id);
    std::array<std::byte, sealed_bytes> sealed{};
    std::ranges::copy(nonce, sealed.begin());
    crypto_aead_xchacha20poly1305_ietf_encrypt(raw(sealed.data() + sizeof(Nonce)), nullptr, raw(plain.data()),
                                               plain.size(), raw(authenticated.data()), authenticated.size(), nullptr,
                                               raw(nonce.data()), raw(key.bytes.data()));
    return std::string{kind} + grant.room.text() + "." + to_base64url(sealed);
}

Result<ConnectGrant> open_connect_token(std::string_view text, const Key& engine, std::uint64_t clock_id,
                                        ServerTime now) {
    if (text.size() > connect_token_text_max || !text.starts_with(kind))
        return refused(ErrorCode::token_malformed, "a connect token reads c.<room>.<what is sealed>");
    const std::size_t dot = text.find('.', kind.size());
    if (dot == std::string_view::npos)
        return refused(ErrorCode::token_malformed, "a connect token reads c.<room>.<what is sealed>");
    auto room = RoomId::parse(text.substr(kind.size(), dot - kind.size()));
    if (!room) return refused(ErrorCode::token_malformed, "the room named in the connect token is not a room id");
    const auto sealed = from_base64url(text.substr(dot + 1));
    if (!sealed || sealed->size() != sealed_bytes)
        return refused(ErrorCode::token_malformed, "a connect token ends with " +
                                                       std::to_string(base64url_length(sealed_bytes)) +
                                                       " characters of [A-Za-z0-9_-], as they were issued");
    const Key key = derived(engine, tokens);
    const auto authenticated = beside(*room, clock_id);
    Plain plain{};
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw(plain.data()), nullptr, nullptr, raw(sealed->data() + sizeof(Nonce)), plain_bytes + tag_bytes,
            raw(authenticated.data()), authenticated.size(), raw(sealed->data()), raw(key.bytes.data())) != 0)
        return refused(ErrorCode::token_wrong,
                       "the connect token is not of this engine, of an earlier run of it, or altered; ask for another");
    ConnectGrant grant = from_plain(plain, *std::move(room), clock_id);
    if (now >= grant.expires) return refused(ErrorCode::token_stale, "the connect token has expired; ask for another");
    return grant;
}

Result<void> UsedTokens::use(const ConnectGrant& grant, ServerTime now) {
    while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
        used_.erase(by_expiry_.begin()->second);
        by_expiry_.erase(by_expiry_.begin());
    }
    if (auto good = usable(grant, now); !good) return good;
    used_.insert(grant.serial);
    by_expiry_.emplace(grant.expires, grant.serial);
    return {};
}

Result<void> UsedTokens::usable(const ConnectGrant& grant, ServerTime now) const {
    // Also one that has expired since it was opened: nobody remembers it any more.
    if (now >= grant.expires) return refused(ErrorCode::token_stale, "the connect token has expired; ask for another");
    if (used(grant)) return refused(ErrorCode::token_stale, "the connect token has been used; ask for another");
    if (used_.size() >= entries_max) {
        constexpr std::uint32_t retry_ms = 1000;
        return std::unexpected(Error{ErrorCode::rate_limited, "too many join here at the moment", retry_ms});
    }
    return {};
}

} // namespace playhead::seal
