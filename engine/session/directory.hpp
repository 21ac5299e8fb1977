#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "room/command.hpp"
#include "session/plugin_sets.hpp"
#include "session/room_host.hpp"
#include "session/shard_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace playhead {

// What a person sees of a room without joining it.
struct RoomSummary {
    RoomId id;
    std::string title;
    bool listed = false;
    std::uint32_t viewers = 0;
    std::string media_title;
    std::string join_token;               // only given for listed rooms and to the room's creator
    std::vector<PluginSummary> plugins{}; // in the order in which they are asked; not in lists of rooms
    bool recorded = false;                // what happens in it is written down
};

struct RoomRequest {
    std::optional<RoomId> id; // a random one if absent
    std::string title;
    bool listed = false;
    bool permanent = false; // never expires (rooms named in the config)
    std::optional<Load> media;
    std::shared_ptr<const PluginSet> plugins{}; // null: the shard's standard set; empty: none
};

struct CreatedRoom {
    RoomId id;
    std::string join_token;
    std::string owner_token;
};

// Short enough to read aloud, without look-alikes: 12 of 32 characters, 60 bits.
RoomId random_room_id(RandomSource& random);

// A shard's rooms by name: creation with its limits and tokens, listing, expiry.
//   Owner: one per shard.
class Directory {
  public:
    explicit Directory(ShardContext& shard) : shard_(&shard) {}

    // Errors: draining, rate_limited (too many rooms), out_of_range (the id is taken), and what Room says about media.
    Result<CreatedRoom> create(const RoomRequest& request);
    // Which plugins run in rooms that are made from now on.
    void use_plugins(PluginSets sets) { sets_ = std::move(sets); }
    const PluginSets& plugin_sets() const { return sets_; }
    RoomHost* find(const RoomId& id) const;
    RoomSummary summary(const RoomHost& room) const;
    // In the order of their names.
    std::vector<RoomSummary> listed() const;
    void erase(const RoomId& id) { rooms_.erase(id); }

    template <class Visit>
    void for_each(Visit visit) {
        for (const auto& [id, room] : rooms_) visit(*room);
    }
    std::size_t size() const { return rooms_.size(); }

  private:
    ShardContext* shard_;
    PluginSets sets_;
    std::unordered_map<RoomId, std::unique_ptr<RoomHost>> rooms_;
};

} // namespace playhead
