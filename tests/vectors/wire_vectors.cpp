#include "vectors/wire_vectors.hpp"

#include "replication/baseline.hpp"
#include "replication/encode.hpp"
#include "replication/state_hash.hpp"
#include "replication/value_codec.hpp"
#include "room/permission.hpp"
#include "room/room.hpp"
#include "vectors/wire_json.hpp"

#include <string_view>
#include <utility>

namespace playhead::test {

using namespace std::chrono_literals;

namespace {

// ---- the sections of the file

using Lines = std::vector<std::string>;

Lines client_frames() {
    Lines lines;
    for (const auto& [name, message] : client_examples()) {
        lines.push_back(
            object({{"name", string(name)}, {"hex", hex(encode(message))}, {"message", json(message)}}).text());
    }
    return lines;
}

Lines server_frames() {
    Lines lines;
    for (const auto& [name, message] : server_examples()) {
        const Frame frame = encode(message);
        lines.push_back(
            object({{"name", string(name)}, {"hex", hex(frame.payload())}, {"message", json(message)}}).text());
    }
    return lines;
}

Lines item_hashes() {
    Lines lines;
    const auto add = [&](std::string_view item, const Json& value, std::uint32_t hash) {
        lines.push_back(object({{"item", string(item)}, {"value", value}, {"hash", hash}}).text());
    };
    const RoomFields fields = std::get<Snapshot>(server_examples().at(1).message).fields;
    for (const RoomInfo& info : {RoomInfo{}, *fields.info}) add("info", json(info), item_hash(info));
    for (const Media& media : {Media{}, *fields.media}) add("media", json(media), item_hash(media));
    for (const Motion& motion : {Motion{}, Motion{.current = fields.motion->current, .pending = {}}, *fields.motion}) {
        add("motion", json(motion), item_hash(motion));
    }
    for (const std::uint32_t count : {0u, 3u, 4'000'000'000u}) {
        add("viewer_count", Json(count), viewer_count_hash(count));
    }
    for (const ViewerRow& row : fields.viewers) add("viewer_row", json(row), item_hash(row));
    return lines;
}

Lines values() {
    Lines lines;
    for (const auto& [name, value] : value_examples()) {
        const std::uint32_t hash = item_hash({.plugin = "vectors", .field = name}, {}, value);
        lines.push_back(
            object({{"name", string(name)}, {"hex", hex(encode_value(value))}, {"value", json(value)}, {"hash", hash}})
                .text());
    }
    return lines;
}

Lines malformed_values() {
    Lines lines;
    for (const auto& [name, bytes] : malformed_value_examples()) {
        lines.push_back(object({{"name", string(name)}, {"hex", hex(bytes)}}).text());
    }
    return lines;
}

Lines shared_entries() {
    Lines lines;
    const SharedEntry entries[] = {
        {.table = {.plugin = "host", .field = "host"}, .key = {}, .value = Value{std::int64_t{5}}},
        {.table = {.plugin = "chat", .field = "log"}, .key = std::int64_t{0}, .value = Value{true}},
        {.table = {.plugin = "chat", .field = "log"}, .key = std::int64_t{-1}, .value = Value{true}},
        {.table = {.plugin = "chat", .field = "log"}, .key = std::int64_t{4'294'967'296}, .value = Value{true}},
        {.table = {.plugin = "chat", .field = "log"}, .key = std::string{"0"}, .value = Value{true}},
        {.table = {.plugin = "roles", .field = "@permissions"},
         .key = std::string{"playback.pause"},
         .value = to_value({.roles = std::to_underlying(Role::anyone),
                            .except = std::to_underlying(Role::muted),
                            .reason = "not while muted"})},
        {.table = {.plugin = "chatlog", .field = ""}, .key = std::string{""}, .value = Value{Value::List{}}},
    };
    for (const SharedEntry& entry : entries) {
        lines.push_back(
            object({{"entry", json(entry)}, {"hash", item_hash(entry.table, entry.key, *entry.value)}}).text());
    }
    return lines;
}

Lines positions() {
    Lines lines;
    const Playhead playheads[] = {
        {.media = MediaInstance{1}, .anchor_position = 10s, .anchor_tick = Tick{100}, .rate = Rate{1000}},
        {.media = MediaInstance{1},
         .anchor_position = 10s,
         .anchor_tick = Tick{100},
         .rate = Rate{1000},
         .playing = true},
        {.media = MediaInstance{1},
         .anchor_position = 1us,
         .anchor_tick = Tick{0},
         .rate = Rate{1250},
         .playing = true},
        {.media = MediaInstance{1}, .anchor_position = 0us, .anchor_tick = Tick{7}, .rate = Rate{333}, .playing = true},
        {.media = MediaInstance{1},
         .anchor_position = 3600s,
         .anchor_tick = Tick{4'000'000'000},
         .rate = Rate{2000},
         .playing = true},
    };
    for (const Playhead& playhead : playheads) {
        const ServerTime anchor = TickLength{}.start_of(playhead.anchor_tick);
        for (const Microseconds after : {-50'000us, 0us, 1us, 3us, 16'667us, 50'000us, 86'400'000'001us}) {
            lines.push_back(object({{"playhead", json(playhead)},
                                    {"server_time_us", anchor + after},
                                    {"tick_us", TickLength{}.value},
                                    {"position_us", playhead.position_at(anchor + after, TickLength{})}})
                                .text());
        }
    }
    return lines;
}

// All that `audience` sees of a room.
RoomFields seen(const RoomState& state, Audience audience) {
    RoomFields all{.info = state.info.value(),
                   .media = state.media.value(),
                   .motion = state.motion.value(),
                   .viewer_count = state.viewer_count.value(),
                   .viewers = {},
                   .removed_viewers = {}};
    for (const auto& [id, row] : state.roster.rows()) all.viewers.push_back(row.value());
    for (const auto& [name, table] : state.shared.tables()) {
        if (table.audience() > audience) continue;
        for (const auto& [key, entry] : table.entries()) {
            all.shared.push_back({.table = name, .key = key, .value = entry.value()});
        }
    }
    return all;
}

struct Story {
    Lines history;
    Lines audiences;
};

// A room's life as one client that was there from the first frame receives it, and at last as each audience sees it.
Story story() {
    Lines lines;
    Room room{Epoch{77}, {.title = "Film night", .listed = true}, TickLength{}};
    Baseline baseline;
    Tick tick{1000};
    Version had{0};
    std::uint32_t sequence = 0;

    const auto end_tick = [&](std::string_view what) {
        room.advance(tick);
        room.commit();
        baseline.observe(room.state(), tick);
        const Frame frame = baseline.update_from(room.state(), Epoch{77}, had, std::nullopt);
        had = room.state().version;
        lines.push_back(object({{"what", string(what)},
                                {"hex", hex(frame.payload())},
                                {"version", had.value},
                                {"state_hash", baseline.state_hash()},
                                {"state", json(seen(room.state(), Audience::everyone))}})
                            .text());
        tick = tick + 10;
    };
    const auto command = [&](Action action) {
        room.apply(Command{.viewer = ViewerId{1},
                           .sequence = ++sequence,
                           .media = room.state().media.value().instance,
                           .issued = {.physical = TickLength{}.start_of(tick), .logical = 0, .viewer = ViewerId{1}},
                           .position_seen = {},
                           .action = std::move(action)},
                   tick, Lead{});
    };

    end_tick("an empty room: a snapshot");
    room.apply(Join{.viewer = ViewerId{1}, .name = "Ada", .roles = 1}, tick, Lead{});
    room.apply(Join{.viewer = ViewerId{2}, .name = "J\xC3\xBCrgen", .roles = 0}, tick, Lead{});
    end_tick("two viewers join: from here on deltas");
    command(Load{.url = "/media/demo.mp4", .title = "Demo", .start = 5s});
    end_tick("media is loaded");
    room.apply(DurationReport{.viewer = ViewerId{2}, .media = MediaInstance{1}, .duration = 90'000'400us}, tick,
               Lead{});
    command(Play{});
    end_tick("a start is scheduled, the duration known");
    end_tick("the start has taken over");
    room.apply(Disconnect{.viewer = ViewerId{2}}, tick, Lead{});
    command(SetRate{.rate = Rate{1500}});
    end_tick("a viewer is lost, a rate scheduled");
    room.apply(Leave{.viewer = ViewerId{2}}, tick, Lead{});
    room.apply(Join{.viewer = ViewerId{3}, .name = "", .roles = 0}, tick, Lead{});
    command(Pause{});
    end_tick("a viewer is removed, another joins, the room is paused");
    command(SetName{.name = "Ada <i>L.</i>"});
    end_tick("a name is changed");

    const auto line = [](std::int64_t from, std::string text) {
        return Value{Value::Map{{"from", Value{from}}, {"text", Value{std::move(text)}}}};
    };
    const TableName host{.plugin = "host", .field = "host"};
    const TableName log{.plugin = "chat", .field = "log"};
    const TableName muted{.plugin = "chat", .field = "muted"};
    const TableName secret{.plugin = "roles", .field = "secret"};
    SharedState& shared = room.shared();
    shared.declare(host, Audience::everyone);
    shared.declare(log, Audience::everyone);
    shared.declare(muted, Audience::moderators);
    shared.declare(secret, Audience::owner);
    shared.put(host, {}, Value{std::int64_t{1}});
    for (std::int64_t index = 1; index <= 3; ++index) shared.put(log, index, line(1, "line " + std::to_string(index)));
    end_tick("plugins share a value and three lines");
    shared.put(log, std::int64_t{2}, line(1, "line two, put right"));
    shared.remove(log, std::int64_t{1});
    shared.put(log, std::int64_t{4}, line(3, "\xE6\x97\xA5\xE6\x9C\xAC"));
    end_tick("a line changes, one goes, one comes");
    shared.put(muted, std::string{"3"}, Value{0.5});
    shared.put(secret, {}, Value{std::string{"for the owner"}});
    end_tick("what others share: a version without fields for this viewer");
    shared.remove(host, {});
    room.set_roles(ViewerId{3}, std::to_underlying(Role::cohost), 0);
    end_tick("a value is taken back, a role given");

    Story story{.history = std::move(lines), .audiences = {}};
    constexpr std::pair<Audience, std::string_view> levels[] = {
        {Audience::everyone, "everyone"}, {Audience::moderators, "moderators"}, {Audience::owner, "owner"}};
    for (const auto& [audience, called] : levels) {
        const Frame frame = baseline.snapshot(room.state(), audience);
        story.audiences.push_back(object({{"audience", string(called)},
                                          {"hex", hex(frame.payload())},
                                          {"version", had.value},
                                          {"state_hash", baseline.state_hash(audience)},
                                          {"state", json(seen(room.state(), audience))}})
                                      .text());
    }
    return story;
}

std::string section(std::string_view name, const Lines& lines) {
    std::string text = "  " + quoted(name) + ": [\n";
    for (std::size_t index = 0; index < lines.size(); ++index) {
        text += "    " + lines[index] + (index + 1 < lines.size() ? ",\n" : "\n");
    }
    return text + "  ]";
}

} // namespace

std::string wire_vectors() {
    const Story life = story();
    const std::pair<std::string_view, Lines> sections[] = {
        {"client_frames", client_frames()},
        {"server_frames", server_frames()},
        {"values", values()},
        {"malformed_values", malformed_values()},
        {"item_hashes", item_hashes()},
        {"shared_entries", shared_entries()},
        {"positions", positions()},
        {"history", life.history},
        {"audiences", life.audiences},
    };
    std::string text;
    for (const auto& [name, lines] : sections) text += (text.empty() ? "{\n" : ",\n") + section(name, lines);
    return text + "\n}\n";
}

} // namespace playhead::test
