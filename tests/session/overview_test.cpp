#include "session/overview.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Report drifted(Microseconds drift, MediaInstance media = MediaInstance{1}) {
    Report report;
    report.media = media;
    report.drift = drift;
    return report;
}

// Past the next beacon of every room.
void beacon(Stage& stage) { stage.pass(milliseconds{1100}); }

RoomOverview room_of(std::string_view id, std::uint32_t viewers) {
    RoomOverview overview{.room = {.id = room_id(id), .title = {}, .media_title = {}, .join_token = {}}};
    overview.room.viewers = viewers;
    return overview;
}

} // namespace

TEST_CASE("drift is counted by its size, and taken back") {
    DriftHistogram all;
    CHECK(all.quantile(0.5) == Microseconds{0});
    for (const int us : {0, -500, 501, 1000, -1001, 30'000, 1'000'000, 1'000'001}) all.add(Microseconds{us});
    all.add(-std::chrono::hours{9});
    CHECK(all.count() == 9);
    CHECK(all.buckets()[0] == 2); // to 0.5 ms
    CHECK(all.buckets()[1] == 2); // to 1 ms
    CHECK(all.buckets()[2] == 1); // to 2 ms
    CHECK(all.buckets()[8] == 1); // to 30 ms
    CHECK(all.buckets()[14] == 1);
    CHECK(all.buckets()[15] == 2); // above a second
    CHECK(all.quantile(0.5) == milliseconds{2});
    CHECK(all.quantile(1.0) == seconds{1}); // or more

    DriftHistogram part;
    part.add(milliseconds{1});
    part.add(milliseconds{30});
    all -= part;
    CHECK(all.count() == 7);
    CHECK(all.buckets()[8] == 0);
    all += part;
    CHECK(all.buckets()[8] == 1);
}

TEST_CASE("a room's viewers count by how far they are off, as long as they are there and say so") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ann.say(drifted(milliseconds{1}));
    ben.say(drifted(-milliseconds{40}));
    beacon(stage);
    const Metrics& metrics = stage.shard.metrics();
    CHECK(metrics.drift_viewers.count() == 2);
    ShardOverview overview = stage.shard.overview();
    REQUIRE(overview.rooms.size() == 1);
    CHECK(overview.rooms[0].drift == metrics.drift_viewers);
    CHECK(overview.rooms[0].drift.quantile(0.5) == milliseconds{1});
    CHECK(overview.rooms[0].drift.quantile(0.95) == milliseconds{50});

    ben.say(drifted(milliseconds{2}));
    beacon(stage);
    CHECK(metrics.drift_viewers.quantile(1.0) == milliseconds{2});

    // Of other media, or silent for a while: that says nothing about now.
    ben.say(drifted(milliseconds{2}, MediaInstance{9}));
    beacon(stage);
    CHECK(metrics.drift_viewers.count() == 1);
    stage.pass(seconds{5});
    CHECK(metrics.drift_viewers.count() == 0);

    ann.say(drifted(milliseconds{1}));
    beacon(stage);
    CHECK(metrics.drift_viewers.count() == 1);
    ann.vanish();
    ben.vanish();
    beacon(stage);
    CHECK(metrics.drift_viewers == DriftHistogram{});
    overview = stage.shard.overview();
    CHECK(overview.rooms[0].drift.count() == 0);
    CHECK(overview.rooms[0].room.viewers == 2); // their places are kept for a while
}

TEST_CASE("a room that ends takes its viewers' figures with it") {
    SessionSettings settings;
    settings.empty_room_expiry = seconds{2};
    settings.viewer_grace = seconds{1};
    Stage stage{settings};
    Peer ann = stage.join("Ann");
    ann.say(drifted(milliseconds{1}));
    beacon(stage);
    CHECK(stage.shard.metrics().drift_viewers.count() == 1);
    ann.say(Bye{});
    stage.pass(seconds{5});
    CHECK(stage.shard.metrics().rooms == 0);
    CHECK(stage.shard.metrics().drift_viewers == DriftHistogram{});
    CHECK(stage.shard.overview().rooms.empty());
}

TEST_CASE("the overview tells of slow connections, passes and load") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    beacon(stage);
    ShardOverview overview = stage.shard.overview();
    CHECK(overview.taken_at == stage.clock.time);
    CHECK(overview.metrics.viewers == 2);
    CHECK(overview.metrics.slow_sessions == 0);
    const std::uint64_t passes = overview.metrics.fan_out_passes_total;
    CHECK(passes > 0);
    CHECK(overview.tick_load == 0); // on a clock that stands still while a tick runs

    ben.block();
    beacon(stage); // the one that does not fit
    beacon(stage); // the survey that sees it
    overview = stage.shard.overview();
    CHECK(overview.metrics.slow_sessions == 1);
    CHECK(overview.metrics.slow_sessions_total == 1);
    CHECK(overview.rooms[0].slow_sessions == 1);
    CHECK(overview.metrics.fan_out_passes_total > passes);
    ben.unblock();
    beacon(stage);
    overview = stage.shard.overview();
    CHECK(overview.metrics.slow_sessions == 0);
    CHECK(overview.metrics.slow_sessions_total == 1);
    CHECK(overview.rooms[0].slow_sessions == 0);

    stage.clock.per_look = milliseconds{1};
    stage.tick(100);
    stage.clock.per_look = Microseconds{0};
    CHECK(stage.shard.overview().tick_load > 0.01);
}

TEST_CASE("the fullest rooms are shown, and only listed ones with their token") {
    Stage stage;
    for (int n = 0; n < 250; ++n)
        REQUIRE(stage.shard.create({.id = room_id("r" + std::to_string(100 + n)), .title = "R"}).has_value());
    Peer ann = stage.join("Ann");
    const ShardOverview overview = stage.shard.overview();
    CHECK(overview.metrics.rooms == 251);
    REQUIRE(overview.rooms.size() == ShardOverview::rooms_max);
    CHECK(overview.rooms[0].room.id == stage.room.id);
    CHECK(overview.rooms[0].room.viewers == 1);
    CHECK(overview.rooms[0].room.media_title == "Demo");
    CHECK(overview.rooms[0].room.join_token == stage.room.join_token);
    CHECK_FALSE(overview.rooms[0].playing);
    CHECK(overview.rooms[1].room.id == room_id("r100")); // as empty as the others
    CHECK(overview.rooms[1].room.join_token.empty());
    CHECK(overview.rooms.back().room.id == room_id("r298"));

    ann.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.pass(seconds{2});
    CHECK(stage.shard.overview().rooms[0].playing);
}

TEST_CASE("what plugins cost is told by plugin, and by room") {
    const auto set = plugins({{"sums", "commands = { sum = {} }",
                               "P:command('sum', function() local s = 0 for i = 1, 500 do s = s + i end return s end)"},
                              {"sleeper", "", "", "2.1.0"}});
    Stage stage{set};
    ShardOverview overview = stage.shard.overview();
    REQUIRE(overview.plugins.size() == 2); // which no room has loaded yet
    CHECK(overview.plugins["sums@1.0.0"].rooms == 0);
    CHECK(overview.plugins["sums@1.0.0"].hashes == std::set<std::string>{set->find("sums")->hash});
    CHECK(overview.rooms[0].plugin_time == Microseconds{0});

    stage.clock.per_look = Microseconds{10};
    Peer ann = stage.join("Ann");
    const Microseconds loading = stage.shard.overview().rooms[0].plugin_time;
    CHECK(loading > Microseconds{0});
    ann.say(plugin_command(1, "sums", "sum"));
    ann.say(plugin_command(2, "sums", "sum"));
    stage.tick(2);
    overview = stage.shard.overview();
    const PluginOverview& sums = overview.plugins["sums@1.0.0"];
    CHECK(sums.rooms == 1);
    CHECK(sums.calls_total >= 2);
    CHECK(sums.instructions_total > 2'000);
    CHECK(sums.errors_total == 0);
    CHECK(sums.time_total > Microseconds{0});
    CHECK(overview.plugins["sleeper@2.1.0"].rooms == 1);
    CHECK(overview.plugins["sleeper@2.1.0"].instructions_total < sums.instructions_total);
    CHECK(overview.rooms[0].plugin_time > loading);
    CHECK(overview.rooms[0].plugin_turn > Microseconds{0});
}

TEST_CASE("shards are put together: rooms in one order, plugins and drift added, what is a shard's own left with it") {
    ShardOverview one;
    one.taken_at = ServerTime{seconds{10}};
    one.metrics.viewers = 7;
    one.metrics.drift_viewers.add(milliseconds{1});
    one.rooms = {room_of("b", 5), room_of("d", 2)};
    one.plugins["chat@1.0.0"] = {.hashes = {"aa"}, .rooms = 2, .calls_total = 10, .time_total = Microseconds{30}};
    ShardOverview two;
    two.taken_at = ServerTime{seconds{11}};
    two.metrics.viewers = 9;
    two.metrics.drift_viewers.add(milliseconds{1});
    two.metrics.drift_viewers.add(seconds{3});
    two.rooms = {room_of("c", 6), room_of("a", 5)};
    two.plugins["chat@1.0.0"] = {.hashes = {"bb"}, .rooms = 1, .errors_total = 4, .time_total = Microseconds{12}};
    two.plugins["vote@0.1.0"] = {.rooms = 3};

    const EngineOverview engine = merged({one, two});
    CHECK(engine.taken_at == ServerTime{seconds{11}});
    REQUIRE(engine.shards.size() == 2);
    CHECK(engine.shards[0].metrics.viewers == 7);
    CHECK(engine.shards[1].metrics.viewers == 9);
    CHECK(engine.shards[1].rooms.empty());
    std::string order;
    for (const RoomOverview& room : engine.rooms) order += room.room.id.text();
    CHECK(order == "cabd");
    REQUIRE(engine.plugins.size() == 2);
    const PluginOverview& chat = engine.plugins.find("chat@1.0.0")->second;
    CHECK(chat.hashes == std::set<std::string>{"aa", "bb"});
    CHECK(chat.rooms == 3);
    CHECK(chat.calls_total == 10);
    CHECK(chat.errors_total == 4);
    CHECK(chat.time_total == Microseconds{42});
    CHECK(engine.drift.count() == 3);
    CHECK(engine.drift.buckets()[1] == 2);

    CHECK(merged(std::vector<ShardOverview>{}).rooms.empty());
    ShardOverview wide;
    for (std::size_t n = 0; n < ShardOverview::rooms_max; ++n)
        wide.rooms.push_back(room_of("w" + std::to_string(n), 4));
    const EngineOverview many = merged({wide, one});
    CHECK(many.rooms.size() == ShardOverview::rooms_max);
    CHECK(many.rooms.front().room.id == room_id("b"));
    CHECK(many.rooms.back().room.viewers == 4); // the one with 2 has no place
}

TEST_CASE("the metrics page has the drift of all viewers in buckets that only grow") {
    Metrics metrics;
    metrics.drift_viewers.add(milliseconds{1});
    metrics.drift_viewers.add(milliseconds{4});
    metrics.drift_viewers.add(seconds{4});
    const std::string text = to_prometheus(metrics);
    CHECK(text.find("# TYPE playhead_drift_viewers gauge\n") != std::string::npos);
    CHECK(text.find("\nplayhead_drift_viewers{le=\"0.000500\"} 0\n") != std::string::npos);
    CHECK(text.find("\nplayhead_drift_viewers{le=\"0.001000\"} 1\n") != std::string::npos);
    CHECK(text.find("\nplayhead_drift_viewers{le=\"0.005000\"} 2\n") != std::string::npos);
    CHECK(text.find("\nplayhead_drift_viewers{le=\"1.000000\"} 2\n") != std::string::npos);
    CHECK(text.find("\nplayhead_drift_viewers{le=\"+Inf\"} 3\n") != std::string::npos);
}
