#include "vectors/wire_vectors.hpp"

#include "replication/baseline.hpp"
#include "replication/encode.hpp"
#include "replication/replica.hpp"
#include "room/room.hpp"
#include "vectors/json.hpp"

#include <string_view>
#include <utility>

namespace playhead::test {

using namespace std::chrono_literals;

namespace {

std::string_view name(MediaKind kind) {
    constexpr std::string_view names[] = {"none", "file", "hls", "dash", "youtube", "vimeo", "twitch"};
    return names[std::to_underlying(kind)];
}
std::string_view name(EventKind kind) {
    constexpr std::string_view names[] = {"none",         "played", "paused",     "sought",
                                          "rate_changed", "loaded", "media_ended"};
    return names[std::to_underlying(kind)];
}
std::string_view name(Verdict verdict) {
    constexpr std::string_view names[] = {"applied", "superseded", "refused"};
    return names[std::to_underlying(verdict)];
}

// ---- values, with the field names of the schemas

Json json(const Playhead& playhead) {
    return object({{"anchor_position_us", playhead.anchor_position},
                   {"anchor_tick", playhead.anchor_tick.number},
                   {"media", playhead.media.value},
                   {"rate_permille", playhead.rate.permille},
                   {"playing", playhead.playing}});
}
Json json(const Motion& motion) {
    return object({{"current", json(motion.current)}, {"pending", motion.pending ? json(*motion.pending) : null()}});
}
Json json(const Media& media) {
    return object({{"instance", media.instance.value},
                   {"kind", string(name(media.kind))},
                   {"url", string(media.url)},
                   {"title", string(media.title)},
                   {"duration_us", media.duration}});
}
Json json(const RoomInfo& info) { return object({{"title", string(info.title)}, {"listed", info.listed}}); }
Json json(const ViewerRow& row) {
    return object(
        {{"id", row.id.value}, {"name", string(row.name)}, {"roles", row.roles}, {"connected", row.connected}});
}
Json json(const RoomFields& fields) {
    return object({{"info", fields.info ? json(*fields.info) : null()},
                   {"media", fields.media ? json(*fields.media) : null()},
                   {"motion", fields.motion ? json(*fields.motion) : null()},
                   {"viewer_count", optional(fields.viewer_count)},
                   {"viewers", array(fields.viewers, [](const ViewerRow& row) { return json(row); })},
                   {"removed_viewers", array(fields.removed_viewers, [](ViewerId id) { return Json(id.value); })}});
}

Json json(const Play&) { return object({{"type", string("Play")}}); }
Json json(const Pause&) { return object({{"type", string("Pause")}}); }
Json json(const Seek& seek) { return object({{"type", string("Seek")}, {"position_us", seek.to}}); }
Json json(const SetRate& rate) { return object({{"type", string("SetRate")}, {"rate_permille", rate.rate.permille}}); }
Json json(const Load& load) {
    return object({{"type", string("Load")},
                   {"kind", string(name(load.kind))},
                   {"url", string(load.url)},
                   {"title", string(load.title)},
                   {"position_us", load.start},
                   {"play", load.play}});
}
Json json(const SetName& set_name) { return object({{"type", string("SetName")}, {"name", string(set_name.name)}}); }

Json json(const Hello& hello) {
    return object({{"type", string("Hello")},
                   {"protocol_min", hello.protocol_min},
                   {"protocol_max", hello.protocol_max},
                   {"room", string(hello.room)},
                   {"join_token", string(hello.join_token)},
                   {"resume_token", string(hello.resume_token)},
                   {"name", string(hello.name)},
                   {"have_epoch", hello.have_epoch.value},
                   {"have_version", hello.have_version.value},
                   {"client", string(hello.client)}});
}
Json json(const ClientCommand& command) {
    return object({{"type", string("Command")},
                   {"seq", command.sequence},
                   {"media", command.media.value},
                   {"issued_at_us", command.issued_at},
                   {"issued_logical", command.issued_logical},
                   {"position_us", command.position_seen.value_or(-1us)},
                   {"action", std::visit([](const auto& action) { return json(action); }, command.action)}});
}
Json json(const Ping& ping) { return object({{"type", string("Ping")}, {"t0_us", ping.t0_us}}); }
Json json(const Report& report) {
    return object({{"type", string("Report")},
                   {"version", report.version.value},
                   {"media", report.media.value},
                   {"drift_us", report.drift},
                   {"delay_us", report.delay},
                   {"clock_error_us", report.clock_error},
                   {"buffer_ms", report.buffer_ms},
                   {"duration_us", report.duration},
                   {"flags", report.flags}});
}
Json json(const Resync& resync) {
    return object({{"type", string("Resync")},
                   {"version", resync.version.value},
                   {"state_hash", resync.state_hash},
                   {"mismatch", resync.mismatch}});
}
Json json(const Bye&) { return object({{"type", string("Bye")}}); }

Json json(const Welcome& welcome) {
    return object({{"type", string("Welcome")},
                   {"protocol", welcome.protocol},
                   {"room", string(welcome.room)},
                   {"viewer", welcome.viewer.value},
                   {"resume_token", string(welcome.resume_token)},
                   {"resumed", welcome.resumed},
                   {"clock_id", string(std::to_string(welcome.clock_id))},
                   {"tick_us", welcome.tick_length},
                   {"server_time_us", welcome.server_time},
                   {"report_interval_ms", welcome.report_interval_ms},
                   {"ping_interval_ms", welcome.ping_interval_ms},
                   {"commands_per_s", welcome.commands_per_s},
                   {"command_burst", welcome.command_burst}});
}
Json json(const Snapshot& snapshot) {
    return object({{"type", string("Snapshot")},
                   {"epoch", snapshot.epoch.value},
                   {"version", snapshot.version.value},
                   {"tick", snapshot.tick.number},
                   {"state_hash", snapshot.state_hash},
                   {"fields", json(snapshot.fields)}});
}
Json json(const Delta& delta) {
    return object({{"type", string("Delta")},
                   {"epoch", delta.epoch.value},
                   {"base", delta.base.value},
                   {"version", delta.version.value},
                   {"tick", delta.tick.number},
                   {"state_hash", delta.state_hash},
                   {"sent_at_us", delta.sent_at.value_or(ServerTime{})},
                   {"fields", json(delta.fields)}});
}
Json json(const Pong& pong) {
    return object({{"type", string("Pong")}, {"t0_us", pong.t0_us}, {"t1_us", pong.t1}, {"t2_us", pong.t2}});
}
Json json(const Reply& reply) {
    return object({{"type", string("Reply")},
                   {"seq", reply.sequence},
                   {"verdict", string(name(reply.verdict))},
                   {"code", string(name_of(reply.error.code))},
                   {"message", string(reply.error.message)},
                   {"retry_ms", reply.error.retry_ms},
                   {"tick", reply.tick.number},
                   {"version", reply.version.value}});
}
Json json(const Event& event) {
    return object({{"type", string("Event")},
                   {"kind", string(name(event.kind))},
                   {"viewer", event.viewer.value},
                   {"tick", event.tick.number},
                   {"position_us", event.position}});
}
Json json(const Goodbye& goodbye) {
    return object({{"type", string("Goodbye")},
                   {"code", string(name_of(goodbye.error.code))},
                   {"message", string(goodbye.error.message)},
                   {"resumable", goodbye.resumable},
                   {"retry_ms", goodbye.error.retry_ms}});
}
Json json(const Telemetry& figure) {
    return object({{"viewer", figure.viewer.value},
                   {"drift_us", figure.drift},
                   {"delay_ms", figure.delay_ms},
                   {"buffer_ms", figure.buffer_ms},
                   {"flags", figure.flags}});
}
Json json(const DriftDistribution& drift) {
    return object({{"reporting", drift.reporting},
                   {"p50_us", drift.p50},
                   {"p95_us", drift.p95},
                   {"max_us", drift.max},
                   {"stalled", drift.stalled},
                   {"away", drift.away}});
}
Json json(const Beacon& beacon) {
    return object({{"type", string("Beacon")},
                   {"server_time_us", beacon.server_time},
                   {"tick", beacon.tick.number},
                   {"version", beacon.version.value},
                   {"state_hash", beacon.state_hash},
                   {"fresh", beacon.fresh},
                   {"telemetry", array(beacon.telemetry, [](const Telemetry& figure) { return json(figure); })},
                   {"distribution", beacon.distribution ? json(*beacon.distribution) : null()}});
}

Json hex(ByteView bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 0xF];
    }
    return string(text);
}

// ---- the sections of the file

using Lines = std::vector<std::string>;

Lines client_frames() {
    Lines lines;
    for (const auto& [name, message] : client_examples()) {
        const Json value = std::visit([](const auto& kind) { return json(kind); }, message);
        lines.push_back(object({{"name", string(name)}, {"hex", hex(encode(message))}, {"message", value}}).text());
    }
    return lines;
}

Lines server_frames() {
    Lines lines;
    for (const auto& [name, message] : server_examples()) {
        const Json value = std::visit([](const auto& kind) { return json(kind); }, message);
        const Frame frame = encode(message);
        lines.push_back(object({{"name", string(name)}, {"hex", hex(frame.payload())}, {"message", value}}).text());
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

// A room's life as one client that was there from the first frame receives it.
Lines history() {
    Lines lines;
    Room room{Epoch{77}, {.title = "Film night", .listed = true}, TickLength{}};
    Baseline baseline;
    Replica replica;
    Tick tick{1000};
    Version had{0};
    std::uint32_t sequence = 0;

    const auto end_tick = [&](std::string_view what) {
        room.advance(tick);
        room.commit();
        baseline.observe(room.state(), tick);
        const Frame frame = baseline.update_from(room.state(), Epoch{77}, had, std::nullopt);
        had = room.state().version;
        const RoomState& state = room.state();
        RoomFields all{.info = state.info.value(),
                       .media = state.media.value(),
                       .motion = state.motion.value(),
                       .viewer_count = state.viewer_count.value(),
                       .viewers = {},
                       .removed_viewers = {}};
        for (const auto& [id, row] : state.roster.rows()) all.viewers.push_back(row.value());
        lines.push_back(object({{"what", string(what)},
                                {"hex", hex(frame.payload())},
                                {"version", had.value},
                                {"state_hash", baseline.state_hash()},
                                {"state", json(all)}})
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
    return lines;
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
    return "{\n" + section("client_frames", client_frames()) + ",\n" + section("server_frames", server_frames()) +
           ",\n" + section("item_hashes", item_hashes()) + ",\n" + section("positions", positions()) + ",\n" +
           section("history", history()) + "\n}\n";
}

} // namespace playhead::test
