#include "session/places.hpp"

#include "room/state.hpp"

#include <cassert>
#include <cstring>
#include <string>

namespace playhead {

Place& Places::add(const Secret& resume, std::uint32_t roles) {
    const ViewerId viewer{++last_viewer_};
    by_resume_[key_of(resume)] = viewer;
    return places_.emplace(viewer, Place{.viewer = viewer, .resume = resume, .roles = roles, .lost_at = {}})
        .first->second;
}

void Places::remove(ViewerId viewer) {
    const auto place = places_.find(viewer);
    if (place == places_.end()) return;
    lost_.erase({place->second.lost_at, viewer});
    by_resume_.erase(key_of(place->second.resume));
    places_.erase(place);
    assert(by_resume_.size() == places_.size() && lost_.size() <= places_.size());
}

Place* Places::find(ViewerId viewer) {
    const auto place = places_.find(viewer);
    return place == places_.end() ? nullptr : &place->second;
}

Place* Places::find(const Secret& resume) {
    const auto viewer = by_resume_.find(key_of(resume));
    if (viewer == by_resume_.end()) return nullptr;
    Place* place = find(viewer->second);
    return place && same(place->resume, resume) ? place : nullptr;
}

void Places::connected(Place& place, Session& session) {
    if (!place.session) lost_.erase({place.lost_at, place.viewer});
    place.session = &session;
}

void Places::lost(Place& place, ServerTime now) {
    assert(place.session);
    place.session = nullptr;
    place.lost_at = now;
    lost_.emplace(now, place.viewer);
}

std::vector<ViewerId> Places::lost_since(ServerTime time) const {
    std::vector<ViewerId> viewers;
    for (const auto& [lost_at, viewer] : lost_) {
        if (lost_at > time) break;
        viewers.push_back(viewer);
    }
    return viewers;
}

std::optional<ServerTime> Places::first_lost() const {
    if (lost_.empty()) return std::nullopt;
    return lost_.begin()->first;
}

std::uint64_t Places::key_of(const Secret& secret) {
    std::uint64_t key = 0;
    std::memcpy(&key, secret.bytes.data(), sizeof key);
    return key;
}

Result<Admission> admit(const Hello& hello, const RoomId& room, const RoomKeys& keys, Places& places) {
    const auto refused = [](ErrorCode code, std::string message) {
        return std::unexpected(Error{code, std::move(message)});
    };
    if (hello.room != room.text())
        return refused(ErrorCode::malformed,
                       "the hello is for another room than the connection's, which is " + room.text());

    if (!hello.resume_token.empty()) {
        const auto token = parse_token(hello.resume_token);
        if (!token) return std::unexpected(token.error());
        if (token->kind != TokenKind::resume)
            return refused(ErrorCode::token_malformed, "the resume token's kind is not r (resume)");
        if (token->room != room) return refused(ErrorCode::token_foreign, "the resume token is another room's");
        if (const Place* place = places.find(token->secret)) return Admission{place->viewer, place->roles};
        if (hello.join_token.empty())
            return refused(ErrorCode::token_stale,
                           "the viewer's place is no longer kept; join again with the room's link");
    }

    if (hello.join_token.empty()) return refused(ErrorCode::token_missing, "the room's link carries a join token");
    const auto token = parse_token(hello.join_token);
    if (!token) return std::unexpected(token.error());
    if (token->kind == TokenKind::resume)
        return refused(ErrorCode::token_malformed, "the join token's kind is neither j (join) nor o (owner)");
    if (token->room != room) return refused(ErrorCode::token_foreign, "the join token is another room's");
    const bool owner = token->kind == TokenKind::owner;
    if (!same(token->secret, owner ? keys.owner : keys.join))
        return refused(ErrorCode::token_wrong, "the token does not open this room; the link may be of an earlier one");
    return Admission{{}, owner ? std::to_underlying(Role::owner) : 0};
}

} // namespace playhead
