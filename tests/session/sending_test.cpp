#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::seconds;

TEST_CASE("[S1] [S2] the state that holds a command's effect comes before its answer, in one send") {
    Stage stage;
    Peer ann = stage.join();
    ann.hear();
    const std::size_t sends = ann.line().sends;
    ann.say(command(1, Seek{MediaTime{9'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(ann.line().sends == sends + 1);
    const auto heard = ann.hear();
    REQUIRE(heard.size() >= 3);
    const auto& delta = std::get<Delta>(heard[0]);
    CHECK(delta.fields.motion->current.anchor_position == MediaTime{9'000'000});
    const auto& reply = std::get<Reply>(heard[1]);
    CHECK(reply.sequence == 1);
    CHECK(reply.version == delta.version);
    CHECK(std::get<Event>(heard[2]).kind == EventKind::sought);
}

TEST_CASE("[S1] a refused command is answered without any state") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    stage.tick();
    ann.hear();
    bob.hear();
    const std::size_t bobs = bob.line().sends;
    ann.say(command(1, Play{}, MediaInstance{99}, stage.clock.time));
    stage.tick();
    const auto reply = ann.hear_one<Reply>();
    REQUIRE(reply);
    CHECK(reply->verdict == Verdict::refused);
    CHECK(reply->error.code == ErrorCode::wrong_media);
    CHECK(bob.line().sends == bobs);
    CHECK(stage.shard.metrics().commands_refused_total == 1);
}

TEST_CASE("[S3] silence is free: an idle playing room sends each viewer one small frame a second") {
    Stage stage;
    std::vector<Peer> peers;
    for (int i = 0; i < 5; ++i) peers.push_back(stage.join());
    peers[0].say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.pass(seconds{2});
    for (Peer& peer : peers) peer.hear();
    const std::uint64_t encoded = stage.shard.metrics().deltas_encoded_total;
    std::vector<std::pair<std::size_t, std::size_t>> before;
    for (Peer& peer : peers) before.emplace_back(peer.line().sends, peer.line().bytes);
    stage.pass(seconds{20});
    for (std::size_t i = 0; i < peers.size(); ++i) {
        CHECK(peers[i].line().sends - before[i].first == 20);
        CHECK(peers[i].line().bytes - before[i].second <= 20 * 100);
        for (const ServerMessage& message : peers[i].hear()) {
            const auto& beacon = std::get<Beacon>(message);
            CHECK(beacon.version == stage.state().version);
            CHECK(beacon.state_hash == StateHash::of(stage.state()));
            CHECK(beacon.fresh);
        }
    }
    CHECK(stage.shard.metrics().deltas_encoded_total == encoded);
}

TEST_CASE("[S3] rooms beat in different phases") {
    Stage stage;
    std::vector<std::pair<CreatedRoom, Peer>> rooms;
    for (int i = 0; i < 20; ++i) {
        auto room = stage.shard.create({.id = room_id("room" + std::to_string(i))}).value();
        Peer peer = stage.connect(room.id);
        Hello hello = stage.hello();
        hello.room = room.id.text();
        hello.join_token = room.join_token;
        peer.say(hello);
        rooms.emplace_back(room, peer);
    }
    stage.tick(2);
    std::size_t busiest = 0;
    for (int tick = 0; tick < 20; ++tick) {
        std::size_t sends = 0;
        for (auto& [room, peer] : rooms) sends -= peer.line().sends;
        stage.tick();
        for (auto& [room, peer] : rooms) sends += peer.line().sends;
        busiest = std::max(busiest, sends);
    }
    CHECK(busiest <= 6);
}

TEST_CASE("[S4] a slow viewer is not queued for and gets one update from its own base when it has drained") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer bob = stage.join("Bob");
    bob.hear();
    bob.block();
    ann.say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(stage.shard.metrics().slow_sessions == 1);
    Replica replica;
    const std::size_t sends = bob.line().sends;
    for (std::uint32_t i = 2; i <= 10; ++i) {
        ann.say(command(i, Seek{MediaTime{i * 1'000'000}}, MediaInstance{1}, stage.clock.time));
        stage.tick(3);
    }
    CHECK(bob.line().sends == sends);
    const auto held = bob.hear();
    bob.unblock();
    CHECK(bob.line().sends == sends + 1);
    const auto heard = bob.hear();
    REQUIRE(heard.size() == 1);
    const auto& delta = std::get<Delta>(heard[0]);
    CHECK(delta.base == std::get<Delta>(held[0]).version);
    CHECK(delta.version == stage.state().version);
    CHECK(delta.fields.motion->current.anchor_position == MediaTime{10'000'000});
    CHECK_FALSE(delta.sent_at);
    CHECK(stage.shard.metrics().slow_sessions == 0);
    // Live again: the next change comes with its tick.
    ann.say(command(11, Seek{MediaTime{0}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(bob.hear_one<Delta>()->version == stage.state().version);
}

TEST_CASE("[S4] answers wait for a slow viewer, and pongs do not") {
    Stage stage;
    Peer ann = stage.join();
    ann.hear();
    ann.block();
    ann.say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    ann.hear();
    ann.say(command(2, Seek{MediaTime{2'000'000}}, MediaInstance{1}, stage.clock.time));
    ann.say(Ping{5});
    stage.tick();
    CHECK(ann.hear().empty());
    ann.unblock();
    const auto heard = ann.hear();
    REQUIRE(heard.size() == 2);
    CHECK(std::holds_alternative<Delta>(heard[0]));
    CHECK(std::get<Reply>(heard[1]).sequence == 2);
}

TEST_CASE("[S5] a viewer that never reads is closed as slow and may come back") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    const auto welcome = bob.hear_one<Welcome>();
    bob.block();
    for (int second = 0; second < 20 && !bob.closed(); ++second) {
        bob.say(Ping{second}); // not dead: only not reading
        stage.pass(seconds{1});
    }
    CHECK(bob.line().close_code == ErrorCode::slow);
    CHECK(stage.shard.metrics().slow_closed_total == 1);
    stage.tick(2);
    CHECK(stage.shard.metrics().slow_sessions == 0);
    CHECK(stage.shard.metrics().sessions == 1);
    Peer again = stage.connect();
    Hello hello = stage.hello();
    hello.resume_token = welcome->resume_token;
    again.say(hello);
    stage.tick();
    CHECK(again.hear_one<Welcome>()->resumed);
}

TEST_CASE("[S5] more bytes than the limit waiting closes sooner") {
    SessionSettings settings;
    settings.slow_bytes_max = 100;
    Stage stage{settings};
    Peer ann = stage.connect();
    ann.block();
    ann.say(stage.hello());
    stage.tick();
    stage.pass(seconds{2});
    CHECK(ann.line().close_code == ErrorCode::slow);
}

TEST_CASE("[S7] a viewer that has died silently is noticed, and its place kept") {
    Stage stage;
    Peer ann = stage.join();
    stage.pass(seconds{29});
    CHECK_FALSE(ann.closed());
    stage.pass(seconds{3});
    const auto goodbye = ann.hear_one<Goodbye>();
    REQUIRE(goodbye);
    CHECK(goodbye->error.code == ErrorCode::idle);
    CHECK(goodbye->resumable);
    CHECK(stage.shard.metrics().viewers == 1);
}

TEST_CASE("[S7] whoever says something now and then stays") {
    Stage stage;
    Peer ann = stage.join();
    for (int i = 0; i < 10; ++i) {
        stage.pass(seconds{20});
        ann.say(Report{});
    }
    CHECK_FALSE(ann.closed());
}

TEST_CASE("[T4] a ping is answered at once, between ticks") {
    Stage stage;
    Peer ann = stage.join();
    ann.hear();
    stage.clock.time += Microseconds{12'345};
    stage.clock.per_look = Microseconds{3};
    ann.say(Ping{-42});
    const auto pong = ann.hear_one<Pong>();
    REQUIRE(pong);
    CHECK(pong->t0_us == -42);
    CHECK(pong->t1 >= ServerTime{Microseconds{12'345}});
    CHECK(pong->t2 > pong->t1);
}

TEST_CASE("[J5] nothing precedes the welcome, not even a pong") {
    Stage stage;
    Peer ann = stage.connect();
    ann.say(stage.hello());
    ann.say(Ping{1});
    ann.say(command(1, Seek{MediaTime{7'000'000}}, MediaInstance{1}, stage.clock.time));
    CHECK(ann.hear().empty());
    stage.tick();
    const auto heard = ann.hear();
    REQUIRE(heard.size() >= 3);
    CHECK(std::holds_alternative<Welcome>(heard[0]));
    CHECK(std::get<Snapshot>(heard[1]).fields.motion->current.anchor_position == MediaTime{7'000'000});
    CHECK(std::get<Reply>(heard[2]).verdict == Verdict::applied);
}

TEST_CASE("[S8] a resync brings a snapshot, and a mismatch is counted") {
    Stage stage;
    Peer ann = stage.join();
    ann.hear();
    ann.say(Resync{Version{1}, 0xbad, true});
    stage.tick();
    CHECK(ann.hear_one<Snapshot>());
    CHECK(stage.shard.metrics().hash_mismatches_total == 1);
    ann.say(Resync{});
    stage.tick();
    CHECK(ann.hear_one<Snapshot>());
    CHECK(stage.shard.metrics().hash_mismatches_total == 1);
}

TEST_CASE("[S9] events are told once, and not to those who join later") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    bob.hear();
    ann.say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(bob.hear_one<Event>());
    stage.pass(seconds{2});
    CHECK_FALSE(bob.hear_one<Event>());
    Peer late = stage.join("Late");
    CHECK_FALSE(late.hear_one<Event>());
}

TEST_CASE("[S10] everybody sees everybody's figures in the beacon") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    Report report;
    report.media = MediaInstance{1};
    report.drift = Microseconds{-7000};
    report.delay = Microseconds{42'000};
    report.buffer_ms = 100'000;
    report.flags = 1;
    ann.say(report);
    bob.hear();
    stage.pass(seconds{1});
    const auto beacon = bob.hear_one<Beacon>();
    REQUIRE(beacon);
    REQUIRE(beacon->telemetry.size() == 1);
    CHECK(beacon->telemetry[0] == Telemetry{ViewerId{1}, Microseconds{-7000}, 42, 65535, 1});
    stage.pass(seconds{5});
    CHECK(bob.hear_one<Beacon>()->telemetry.empty()); // not heard of for long
}

TEST_CASE("[S12] draining tells every client and closes every session") {
    Stage stage;
    Peer ann = stage.join();
    Peer mute = stage.connect();
    Peer stuck = stage.join("Stuck");
    stuck.hear();
    stuck.block();
    ann.say(command(1, Seek{MediaTime{1}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK_FALSE(stage.shard.drained());
    stage.shard.drain();
    const auto goodbye = ann.hear_one<Goodbye>();
    REQUIRE(goodbye);
    CHECK(goodbye->error.code == ErrorCode::draining);
    CHECK(goodbye->resumable);
    CHECK(goodbye->error.retry_ms > 0);
    CHECK(mute.hear_one<Goodbye>()->error.code == ErrorCode::draining);
    CHECK(stuck.line().close_code == ErrorCode::draining);
    CHECK_FALSE(stage.shard.drained());
    stage.tick(2);
    CHECK(stage.shard.drained());
    Peer late = stage.connect();
    CHECK(late.hear_one<Goodbye>()->error.code == ErrorCode::draining);
    CHECK(stage.shard.create({}).error().code == ErrorCode::draining);
}

TEST_CASE("the duration that viewers report reaches the room, and an unchanged report does not wake it") {
    Stage stage;
    Peer ann = stage.join();
    Report report;
    report.media = MediaInstance{1};
    report.duration = MediaTime{60'000'000};
    ann.say(report);
    stage.tick();
    CHECK(stage.state().media.value().duration == MediaTime{60'000'000});
    ann.hear();
    const std::size_t sends = ann.line().sends;
    ann.say(report);
    stage.tick();
    CHECK(ann.line().sends - sends <= 1);
}
