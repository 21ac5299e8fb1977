#include "plugin/test_follower.hpp"

#include "plugin/lua_source.hpp"
#include "replication/decode.hpp"

#include <algorithm>
#include <variant>

namespace playhead {
namespace {

constexpr std::array<Audience, audience_levels> audiences{Audience::everyone, Audience::moderators, Audience::owner};

std::string text_of(const EntryKey& key) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) return "[" + std::to_string(*number) + "]";
    if (const auto* text = std::get_if<std::string>(&key)) return "[" + quote_lua(*text) + "]";
    return {};
}

const Value* find(const Replica::SharedTables& tables, const TableName& table, const EntryKey& key) {
    const auto found = tables.find(table);
    if (found == tables.end()) return nullptr;
    const auto entry = found->second.find(key);
    return entry == found->second.end() ? nullptr : &entry->second;
}

std::string text_of(const Value* value) { return value == nullptr ? "nothing" : to_lua(*value); }

// The first place where two viewers' shared state differs, in words; empty if there is none.
std::string difference(const Replica::SharedTables& present, const Replica::SharedTables& late) {
    for (const auto* side : {&present, &late}) {
        for (const auto& [table, entries] : *side) {
            for (const auto& [key, value] : entries) {
                const Value* has = find(present, table, key);
                const Value* gets = find(late, table, key);
                if (has == nullptr || gets == nullptr || !(*has == *gets))
                    return table.plugin + "." + table.field + text_of(key) + ": present " + text_of(has) +
                           ", late joiner " + text_of(gets);
            }
        }
    }
    return {};
}

std::string difference(const Replica& present, const Replica& late) {
    if (present.version() != late.version()) return "the version";
    if (!(present.info() == late.info())) return "the room's title";
    if (!(present.media() == late.media())) return "the media";
    if (!(present.motion() == late.motion())) return "the playhead";
    if (present.viewer_count() != late.viewer_count()) return "the number of viewers";
    if (!(present.viewers() == late.viewers())) return "the list of viewers";
    if (const std::string shared = difference(present.shared(), late.shared()); !shared.empty()) return shared;
    return present.state_hash() == late.state_hash() ? std::string{} : std::string{"the state hash"};
}

// Applies a frame as a client does.
Result<Replica::Applied> apply(Replica& replica, const Frame& frame) {
    if (frame.payload().size() > server_message_bytes_max) {
        return std::unexpected(
            Error{ErrorCode::too_large,
                  "a message of " + std::to_string(frame.payload().size()) + " bytes, more than a client takes", 0});
    }
    const auto message = decode_server(frame.payload());
    if (!message) return std::unexpected(message.error());
    if (const auto* snapshot = std::get_if<Snapshot>(&*message)) return replica.apply(*snapshot);
    if (const auto* delta = std::get_if<Delta>(&*message)) return replica.apply(*delta);
    return std::unexpected(Error{ErrorCode::internal, "a message that is neither snapshot nor delta", 0});
}

bool fine(const Result<Replica::Applied>& applied) {
    return applied && (*applied == Replica::Applied::updated || *applied == Replica::Applied::unchanged);
}

std::string problem_of(const Result<Replica::Applied>& applied) {
    if (!applied) return applied.error().message;
    return *applied == Replica::Applied::hash_mismatch ? "the state hash differs" : "the delta does not fit";
}

} // namespace

std::string_view name_of(Audience audience) {
    constexpr std::array<std::string_view, audience_levels> names{"everyone", "moderators", "owner"};
    return names[std::to_underlying(audience)];
}

void TestFollower::follow(const RoomState& state, Tick tick) {
    if (state.version == followed_) return;
    followed_ = state.version;
    baseline_.observe(state, tick);
    for (const Audience audience : audiences) {
        Replica& replica = present_[std::to_underlying(audience)];
        const auto applied =
            apply(replica, baseline_.update_from(state, replica.epoch(), replica.version(), std::nullopt, audience));
        if (!fine(applied))
            fault(audience,
                  "could not follow the change at tick " + std::to_string(tick.number) + ": " + problem_of(applied));
    }
}

void TestFollower::compare_with_late_joiner(const RoomState& state, Audience audience) {
    Replica late;
    const auto applied = apply(late, baseline_.snapshot(state, audience));
    if (!fine(applied)) {
        fault(audience, "could not join now: " + problem_of(applied));
    } else if (const std::string what = difference(seen_by(audience), late); !what.empty()) {
        fault(audience, "sees otherwise than a late joiner: " + what);
    }
}

std::vector<std::string> TestFollower::faults(const RoomState& state) {
    if (followed_ == state.version)
        for (const Audience audience : audiences) compare_with_late_joiner(state, audience);
    return std::exchange(faults_, {});
}

void TestFollower::fault(Audience audience, const std::string& what) {
    // The same again says nothing more.
    const std::string line = "a viewer of the audience \"" + std::string{name_of(audience)} + "\" " + what;
    if (faults_.size() < 8 && std::ranges::find(faults_, line) == faults_.end()) faults_.push_back(line);
}

} // namespace playhead
