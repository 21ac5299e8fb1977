#include "session/admission.hpp"

#include "room/state.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace playhead {
namespace {

constexpr std::string_view no_place = "the viewer's place is no longer kept; join again with the room's link";

std::unexpected<Error> refused(ErrorCode code, std::string_view message) {
    return std::unexpected(Error{code, std::string{message}});
}

bool is_connect_token(std::string_view text) { return text.starts_with("c."); }

// What somebody has to show.
struct Credentials {
    std::string_view join_token;
    std::string_view resume_token;
    Device device;
    PeerNetwork network;
};

// Which tokens open in place of the link's own.
enum class Asks : std::uint8_t { to_enter, for_a_token };

Result<Admission> by_grant(const seal::ConnectGrant& grant, const Door& door) {
    if (grant.room != door.room) return refused(ErrorCode::token_foreign, "the connect token is another room's");
    // Rooms end, and others get their names. Viewers' numbers begin anew then, and so do owners.
    if (grant.epoch != door.epoch)
        return refused(ErrorCode::token_wrong, "the connect token is of an earlier room of this name");
    if (grant.viewer == ViewerId{0}) return Admission{{}, grant.roles};
    if (door.places.find(grant.viewer)) return Admission{grant.viewer};
    return refused(ErrorCode::token_stale, no_place);
}

Result<Admission> by_connect_token(std::string_view text, Asks asks, ServerTime now, const Door& door) {
    if (asks == Asks::for_a_token)
        return refused(ErrorCode::token_malformed, "the token's kind is neither j (join) nor o (owner)");
    auto grant = seal::open_connect_token(text, door.run.sealing_key, door.run.clock_id, now);
    if (!grant) return std::unexpected(std::move(grant.error()));
    auto admission = by_grant(*grant, door);
    if (!admission) return admission;
    if (auto usable = door.used_tokens.usable(*grant, now); !usable) return std::unexpected(std::move(usable.error()));
    admission->token = *std::move(grant);
    return admission;
}

Result<Admission> by_link(std::string_view text, Asks asks, const Door& door) {
    const auto token = parse_token(text);
    if (!token) return std::unexpected(token.error());
    if (token->kind == TokenKind::resume)
        return refused(ErrorCode::token_malformed, "the join token's kind is neither j (join) nor o (owner)");
    if (token->room != door.room) return refused(ErrorCode::token_foreign, "the join token is another room's");
    if (asks == Asks::to_enter && door.connect_tokens_only)
        return refused(ErrorCode::token_stale, "this engine takes connect tokens only: POST /api/v1/rooms/" +
                                                   door.room.text() + "/join gives one for the link's token");
    const bool owner = token->kind == TokenKind::owner;
    if (!same(token->secret, owner ? door.keys.owner : door.keys.join))
        return refused(ErrorCode::token_wrong, "the token does not open this room; the link may be of an earlier one");
    return Admission{{}, owner ? std::to_underlying(Role::owner) : 0};
}

Result<Admission> check_tokens(const Credentials& shown, const seal::ConnectGrant* grant, Asks asks, ServerTime now,
                               const Door& door) {
    if (!shown.resume_token.empty()) {
        const auto token = parse_token(shown.resume_token);
        if (!token) return std::unexpected(token.error());
        if (token->kind != TokenKind::resume)
            return refused(ErrorCode::token_malformed, "the resume token's kind is not r (resume)");
        if (token->room != door.room) return refused(ErrorCode::token_foreign, "the resume token is another room's");
        if (const Place* place = door.places.find(token->secret)) return Admission{place->viewer};
        if (shown.join_token.empty() && !grant) return refused(ErrorCode::token_stale, no_place);
    }
    if (grant) {
        const auto admission = by_grant(*grant, door);
        // The transport's own connect token is used up: saying it once more adds nothing.
        const bool said_more = !shown.join_token.empty() && !is_connect_token(shown.join_token);
        if (admission || !said_more) return admission;
    }
    if (shown.join_token.empty()) return refused(ErrorCode::token_missing, "the room's link carries a join token");
    if (is_connect_token(shown.join_token)) return by_connect_token(shown.join_token, asks, now, door);
    return by_link(shown.join_token, asks, door);
}

// [J11] Whoever still has a place was here before the ban and is not the one it means, though the address be the same;
// and the owner's token always opens.
Result<Admission> check_bans(Result<Admission> admission, const Credentials& shown, ServerTime now, const Door& door) {
    if (!admission && admission.error().code != ErrorCode::token_stale) return admission;
    if (admission && (admission->resumed != ViewerId{0} || admission->roles != 0)) return admission;
    std::optional<Secret> resume;
    if (const auto token = parse_token(shown.resume_token)) resume = token->secret;
    const BanEntry* ban = door.bans.holding(resume, shown.device, shown.network, now);
    if (!ban) return admission;
    constexpr std::int64_t retry_ms_max = std::numeric_limits<std::uint32_t>::max();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(ban->until - now);
    Error error{ErrorCode::banned, "banned from this room" + (ban->reason.empty() ? "" : ": " + ban->reason)};
    error.retry_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(left.count(), retry_ms_max));
    return std::unexpected(std::move(error));
}

} // namespace

Result<Admission> admit(const Hello& hello, const seal::ConnectGrant* grant, PeerNetwork network, ServerTime now,
                        const Door& door) {
    if (hello.room != door.room.text())
        return refused(ErrorCode::malformed,
                       "the hello is for another room than the connection's, which is " + door.room.text());
    const Credentials shown{hello.join_token, hello.resume_token, Device{hello.device}, network};
    return check_bans(check_tokens(shown, grant, Asks::to_enter, now, door), shown, now, door);
}

Result<Admission> may_join(const JoinRequest& request, ServerTime now, const Door& door) {
    const Credentials shown{request.token, request.resume_token, Device{request.device}, network_at(request.address)};
    return check_bans(check_tokens(shown, nullptr, Asks::for_a_token, now, door), shown, now, door);
}

} // namespace playhead
