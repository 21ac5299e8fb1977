#include "session/directory.hpp"

#include "session/log.hpp"
#include "session/token.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <utility>

namespace playhead {

Result<CreatedRoom> Directory::create(const RoomRequest& request) {
    const auto refused = [](ErrorCode code, std::string message, std::uint32_t retry_ms = 0) {
        return std::unexpected(Error{code, std::move(message), retry_ms});
    };
    if (shard_->draining) return refused(ErrorCode::draining, "the engine is going down", drain_retry_ms);
    if (rooms_.size() >= shard_->settings.rooms_max) {
        constexpr std::uint32_t retry_ms = 60'000; // rooms end when they have been empty for a while
        return refused(ErrorCode::rate_limited,
                       "this engine has its " + std::to_string(shard_->settings.rooms_max) + " rooms", retry_ms);
    }
    const RoomId id = request.id ? *request.id : random_room_id(shard_->random);
    if (rooms_.contains(id)) return refused(ErrorCode::out_of_range, "there is a room named " + id.text() + " already");

    const RoomKeys keys{Secret::random(shard_->random), Secret::random(shard_->random)};
    Epoch epoch;
    while (epoch == Epoch{0}) shard_->random.fill(std::as_writable_bytes(std::span{&epoch.value, 1}));
    std::uint64_t seed = 0; // of what plugins get as chance
    shard_->random.fill(std::as_writable_bytes(std::span{&seed, 1}));
    auto room = std::make_unique<RoomHost>(id, RoomInfo{request.title, request.listed}, keys, request.permanent, epoch,
                                           request.plugins ? request.plugins : sets_.of(id), seed, *shard_);
    if (request.media) {
        if (auto error = room->load(*request.media)) return std::unexpected(*std::move(error));
    }
    rooms_.emplace(id, std::move(room));
    log_room_created(id, request.permanent);
    return CreatedRoom{id, to_text(Token{TokenKind::join, id, keys.join}),
                       to_text(Token{TokenKind::owner, id, keys.owner})};
}

RoomHost* Directory::find(const RoomId& id) const {
    const auto room = rooms_.find(id);
    return room == rooms_.end() ? nullptr : room->second.get();
}

RoomSummary Directory::summary(const RoomHost& room) const {
    const RoomState& state = room.state();
    const bool listed = state.info.value().listed;
    return RoomSummary{.id = room.id(),
                       .title = state.info.value().title,
                       .listed = listed,
                       .viewers = state.viewer_count.value(),
                       .media_title = state.media.value().title,
                       .join_token = listed ? to_text(Token{TokenKind::join, room.id(), room.keys().join}) : "",
                       .recorded = room.recorded()};
}

std::vector<RoomSummary> Directory::listed() const {
    std::vector<RoomSummary> summaries;
    for (const auto& [id, room] : rooms_)
        if (room->state().info.value().listed) summaries.push_back(summary(*room));
    std::ranges::sort(summaries, {}, &RoomSummary::id);
    return summaries;
}

RoomId random_room_id(RandomSource& random) {
    constexpr std::string_view characters = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(characters.size() == 32);
    std::array<std::byte, 12> bytes{};
    random.fill(bytes);
    std::string text;
    for (const std::byte byte : bytes) text += characters[std::to_integer<std::size_t>(byte) % characters.size()];
    auto id = RoomId::parse(text);
    assert(id);
    return *std::move(id);
}

} // namespace playhead
