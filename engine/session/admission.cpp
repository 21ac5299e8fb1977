#include "session/admission.hpp"

#include "room/state.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace playhead {
namespace {

std::unexpected<Error> refused(ErrorCode code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

Result<Admission> check_tokens(const Hello& hello, const Door& door) {
    if (hello.room != door.room.text())
        return refused(ErrorCode::malformed,
                       "the hello is for another room than the connection's, which is " + door.room.text());

    if (!hello.resume_token.empty()) {
        const auto token = parse_token(hello.resume_token);
        if (!token) return std::unexpected(token.error());
        if (token->kind != TokenKind::resume)
            return refused(ErrorCode::token_malformed, "the resume token's kind is not r (resume)");
        if (token->room != door.room) return refused(ErrorCode::token_foreign, "the resume token is another room's");
        if (const Place* place = door.places.find(token->secret)) return Admission{place->viewer};
        if (hello.join_token.empty())
            return refused(ErrorCode::token_stale,
                           "the viewer's place is no longer kept; join again with the room's link");
    }

    if (hello.join_token.empty()) return refused(ErrorCode::token_missing, "the room's link carries a join token");
    const auto token = parse_token(hello.join_token);
    if (!token) return std::unexpected(token.error());
    if (token->kind == TokenKind::resume)
        return refused(ErrorCode::token_malformed, "the join token's kind is neither j (join) nor o (owner)");
    if (token->room != door.room) return refused(ErrorCode::token_foreign, "the join token is another room's");
    const bool owner = token->kind == TokenKind::owner;
    if (!same(token->secret, owner ? door.keys.owner : door.keys.join))
        return refused(ErrorCode::token_wrong, "the token does not open this room; the link may be of an earlier one");
    return Admission{{}, owner ? std::to_underlying(Role::owner) : 0};
}

const BanEntry* ban_on(const Hello& hello, PeerNetwork network, ServerTime now, const Door& door) {
    std::optional<Secret> resume;
    if (const auto token = parse_token(hello.resume_token)) resume = token->secret;
    return door.bans.holding(resume, hello.device, network, now);
}

} // namespace

// [J11] Whoever still has a place was here before the ban and is not the one it means, though the address be the same;
// and the owner's token always opens.
Result<Admission> admit(const Hello& hello, PeerNetwork network, ServerTime now, const Door& door) {
    const auto admission = check_tokens(hello, door);
    if (!admission && admission.error().code != ErrorCode::token_stale) return admission;
    if (admission && (admission->resumed != ViewerId{0} || admission->roles != 0)) return admission;
    const BanEntry* ban = ban_on(hello, network, now, door);
    if (!ban) return admission;
    constexpr std::int64_t retry_ms_max = std::numeric_limits<std::uint32_t>::max();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(ban->until - now);
    Error error{ErrorCode::banned, "banned from this room" + (ban->reason.empty() ? "" : ": " + ban->reason)};
    error.retry_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(left.count(), retry_ms_max));
    return std::unexpected(std::move(error));
}

} // namespace playhead
