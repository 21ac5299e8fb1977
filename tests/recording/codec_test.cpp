#include "plugin/host_stage.hpp"
#include "recording/memory_store.hpp"
#include "recording/reader.hpp"
#include "recording/record.hpp"

#include <doctest/doctest.h>

#include <random>
#include <utility>

using namespace playhead;
using namespace playhead::test;
using namespace playhead::recording;

namespace {

template <class T>
T back_and_forth(const T& record) {
    auto decoded = decode(encode(Record{record}));
    REQUIRE(decoded.has_value());
    return std::get<T>(*std::move(decoded));
}

// A room in which everything has happened that a room keeps.
Opening full_opening() {
    HostStage stage{std::vector<PluginText>{{.name = "all",
                                             .manifest = R"(shared = { log = { kind = "ring", of = "text", size = 3 },
                                  secret = { kind = "map", key = "text", of = "int", size = 9, to = "owner" } },
                        saved = { count = { kind = "counter" } }, commands = { go = {} },
                        permissions = { ["all.fly"] = "to fly" })",
                                             .code = R"(P:command("go", function(room)
                        P.shared.log:push("one")
                        P.shared.secret.key = 4
                        P.saved.count:add(3)
                        P.store:set("note", { 1, 2, { deep = "text" } })
                        P:after(30, "later", { 1, 2 })
                        P:after(10, "sooner")
                        room:permit("all.fly", { roles = { "owner" }, reason = "only the owner" })
                    end)
                    P:on_timer("later", function() end)
                    P:on_timer("sooner", function() end))"}}};
    stage.act(ViewerId{0},
              Load{.kind = MediaKind::hls, .url = "https://example.org/a.m3u8", .title = "A", .play = true});
    const ViewerId ann = stage.join("Ann", std::to_underlying(Role::owner));
    const ViewerId bob = stage.join("Bob");
    stage.step(WallTime{1'700'000'000'000'000});
    CHECK(stage.command(ann, "all", "go").verdict == Verdict::applied);
    stage.act(bob, Pause{});
    stage.act(bob, SetRate{Rate{1500}});
    stage.command(bob, "all", "nothing");
    stage.step(DurationReport{bob, MediaInstance{1}, MediaTime{90'000'000}});
    stage.step(Condition{bob, 3});
    stage.step(Disconnect{ann});
    REQUIRE(stage.all_failures() == "");
    return Opening{.engine = "1.2.3",
                   .room = "cinema",
                   .part = 4,
                   .tick = stage.tick,
                   .tick_length = TickLength{},
                   .unix_us = 1'700'000'000'123'456,
                   .left_out = false,
                   .started = true,
                   .plugins = recorded_plugins(stage.room.plugins()),
                   .room_state = stage.room.state(),
                   .plugin_state = stage.room.plugin_state()};
}

} // namespace

TEST_SUITE("recording codec") {
    TEST_CASE("an opening keeps all that a room is") {
        const Opening opening = full_opening();
        REQUIRE(opening.plugin_state.timers.all().size() == 2);
        const Opening read = back_and_forth(opening);
        CHECK(read.engine == opening.engine);
        CHECK(read.room == opening.room);
        CHECK(read.part == 4);
        CHECK(read.tick == opening.tick);
        CHECK(read.unix_us == opening.unix_us);
        CHECK(read.started);
        CHECK_FALSE(read.left_out);
        CHECK(read.plugins == opening.plugins);
        CHECK(read.room_state.viewers == opening.room_state.viewers);
        CHECK(read.room_state.last_motion == opening.room_state.last_motion);
        CHECK(read.room_state.last_rate == opening.room_state.last_rate);
        CHECK(read.plugin_state.last_ids == opening.plugin_state.last_ids);
        CHECK(read.plugin_state.chance == opening.plugin_state.chance);
        CHECK(read.plugin_state.wall == opening.plugin_state.wall);
        CHECK(digest_of(read.room_state, read.plugin_state) == digest_of(opening.room_state, opening.plugin_state));
    }

    TEST_CASE("the digest sees every part of it") {
        const Opening opening = full_opening();
        const auto changed = [&](const auto& change) {
            RoomState room = opening.room_state;
            PluginState plugins = opening.plugin_state;
            change(room, plugins);
            return digest_of(room, plugins) != digest_of(opening.room_state, opening.plugin_state);
        };
        CHECK_FALSE(changed([](RoomState&, PluginState&) {}));
        CHECK(changed([](RoomState& room, PluginState&) { ++room.epoch.value; }));
        CHECK(changed([](RoomState& room, PluginState&) { ++room.roles_revision; }));
        CHECK(changed([](RoomState& room, PluginState&) { room.duration_open = !room.duration_open; }));
        CHECK(changed([](RoomState& room, PluginState&) { ++room.last_motion.logical; }));
        CHECK(changed([](RoomState& room, PluginState&) { ++room.last_rate.viewer.value; }));
        CHECK(changed([](RoomState& room, PluginState&) { room.viewers.at(ViewerId{2}).condition = 0; }));
        CHECK(changed([](RoomState& room, PluginState&) { ++room.viewers.at(ViewerId{2}).last_sequence; }));
        CHECK(changed([](RoomState& room, PluginState&) { room.viewers.at(ViewerId{2}).outcomes.pop_back(); }));
        CHECK(changed([](RoomState& room, PluginState&) { room.shared.put({"all", "secret"}, "key", Value{5}); }));
        CHECK(changed([](RoomState&, PluginState& plugins) { plugins.saved.put({"all", "count"}, {}, Value{4}); }));
        CHECK(changed([](RoomState&, PluginState& plugins) { plugins.chance.next(); }));
        CHECK(changed([](RoomState&, PluginState& plugins) { plugins.timers.cancel({"all", "later"}); }));
        CHECK(changed([](RoomState&, PluginState& plugins) { plugins.last_ids.clear(); }));
        CHECK(changed([](RoomState&, PluginState& plugins) { plugins.wall.reset(); }));
        CHECK(changed(
            [](RoomState&, PluginState& plugins) { plugins.records["all"].lifted_rules["all.fly"] = Value{true}; }));
    }

    TEST_CASE("a turn keeps every kind of call") {
        Command command;
        command.viewer = ViewerId{3};
        command.sequence = 9;
        command.media = MediaInstance{2};
        command.issued = {.physical = ServerTime{Microseconds{5'000'001}}, .logical = 70'000, .viewer = ViewerId{3}};
        command.position_seen = MediaTime{1'234'567};
        command.action = PluginCommand{"chat", "say", map_of({{"text", Value{std::string{"hello"}}}})};
        command.plugin = "vote";
        command.due = Tick{77};
        Turn turn;
        turn.tick = Tick{80};
        turn.lead = {.start = Microseconds{1}, .seek = Microseconds{2}, .load = Microseconds{3}};
        turn.calls = {RoomStep::start,
                      RoomStep::wake,
                      RoomStep::restart,
                      RoomStep::commit,
                      RoomStep::collect_garbage,
                      RoomStep::sleep,
                      Advance{4},
                      Reload{full_opening().plugins},
                      Input{Join{ViewerId{4}, "Änn", 5}},
                      Input{Reconnect{ViewerId{5}}},
                      Input{Disconnect{ViewerId{6}}},
                      Input{Leave{ViewerId{7}, LeaveReason::kicked}},
                      Input{DurationReport{ViewerId{8}, MediaInstance{2}, MediaTime{99}}},
                      Input{command},
                      Input{Condition{ViewerId{9}, 3}},
                      Input{Signal{ViewerId{10}, "chat", "typing", Value{true}}},
                      Input{WallTime{-5}}};
        turn.cut_offs = {{.asked = 3, .took = Microseconds{700}}, {.asked = 9, .took = Microseconds{0}}};
        turn.version = Version{12};
        turn.digest = 0xfedc'ba98'7654'3210U;
        turn.took = Microseconds{321};
        turn.refused = 2;
        turn.beacon = Beacon{.server_time = ServerTime{Microseconds{7}},
                             .tick = Tick{80},
                             .telemetry = {{.viewer = ViewerId{3}, .drift = Microseconds{-40'000}, .flags = 1}}};
        const Turn read = back_and_forth(turn);
        CHECK(read.tick == turn.tick);
        CHECK(read.lead.seek == Microseconds{2});
        CHECK(read.cut_offs == turn.cut_offs);
        CHECK(read.version == turn.version);
        CHECK_FALSE(read.update.has_value());
        CHECK(read.digest == turn.digest);
        CHECK(read.took == turn.took);
        CHECK(read.refused == turn.refused);
        CHECK(read.beacon == turn.beacon);
        REQUIRE(read.calls.size() == turn.calls.size());
        // Said again they are the same bytes: nothing was lost.
        CHECK(encode(Record{read}) == encode(Record{turn}));
        CHECK(std::get<Command>(std::get<Input>(read.calls[13])) == command);
    }

    // A client may say both in one string, in less than it may say; written apart they are more.
    TEST_CASE("what a room will refuse is kept as it was said, however long") {
        Command command;
        command.viewer = ViewerId{3};
        command.action = Load{.url = std::string(15'000, 'u'), .title = std::string(15'000, 't')};
        Turn turn;
        turn.calls = {Input{command}};
        const Turn read = back_and_forth(turn);
        CHECK(std::get<Command>(std::get<Input>(read.calls.at(0))) == command);
    }

    TEST_CASE("what is no recording is refused with a reason, however it is bent") {
        const Bytes bytes = encode(Record{full_opening()});
        CHECK(decode({}).error().message.contains("schemas/recording.fbs"));
        CHECK_FALSE(decode(ByteView{bytes}.first(bytes.size() / 2)).has_value());
        std::minstd_rand random{1};
        int read = 0;
        for (int i = 0; i < 3000; ++i) {
            Bytes bent = bytes;
            for (int times = 0; times < 3; ++times)
                bent[static_cast<std::size_t>(random()) % bent.size()] = static_cast<std::byte>(random());
            const auto decoded = decode(bent);
            read += decoded.has_value() ? 1 : 0;
            if (!decoded) CHECK_FALSE(decoded.error().message.empty());
        }
        CHECK(read > 0); // a letter of a plugin's text, for one
    }

    TEST_CASE("a file of zeros, or with some behind, ends where they begin") {
        Bytes bytes = encode(Record{Closing{"it was asked for"}});
        bytes.resize(bytes.size() + 100);
        Reader reader{bytes};
        const auto first = reader.next();
        REQUIRE(first.has_value());
        REQUIRE(first->has_value());
        CHECK(std::get<Closing>(**first).why == "it was asked for");
        const auto none = reader.next();
        REQUIRE(none.has_value());
        CHECK_FALSE(none->has_value());
        CHECK(reader.torn_bytes() == 100);
    }
}
