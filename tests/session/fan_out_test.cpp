#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;

namespace {

// A wide room in which every look at the clock costs time, so that a pass takes many slices.
struct WideStage : Stage {
    static SessionSettings wide_settings() {
        SessionSettings settings;
        settings.fresh_viewers_max = 10;
        return settings;
    }
    explicit WideStage(int viewers) : Stage(wide_settings()) {
        for (int i = 0; i < viewers; ++i) {
            peers.push_back(connect());
            peers.back().say(hello());
        }
        tick(30);
        for (Peer& peer : peers) peer.hear();
    }
    void run_only_tick() {
        clock.time = std::max(clock.time, shard.run_due());
        shard.run_due();
    }
    std::size_t told() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(peers, [](Peer peer) { return !peer.line().frames.empty(); }));
    }
    std::vector<Peer> peers;
};

} // namespace

TEST_CASE("[S11] a wide room's frame goes out in slices between ticks") {
    WideStage stage{200};
    stage.peers[0].say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.run_only_tick();
    CHECK(stage.told() == 0); // nothing in the tick itself
    stage.clock.per_look = Microseconds{400};
    CHECK(stage.shard.fan_out_slice());
    const std::size_t first = stage.told();
    CHECK(first > 0);
    CHECK(first < 100);
    // The author's answer does not wait for the pass.
    CHECK(stage.peers[0].hear_one<Reply>()->verdict == Verdict::applied);
    int slices = 1;
    while (stage.shard.fan_out_slice()) ++slices;
    CHECK(slices > 3);
    for (std::size_t i = 1; i < stage.peers.size(); ++i) {
        const auto delta = stage.peers[i].hear_one<Delta>();
        REQUIRE(delta);
        CHECK_FALSE(delta->sent_at); // it waited
        CHECK(delta->version == stage.state().version);
    }
}

TEST_CASE("[S11] ticks pre-empt a pass: state goes on, everyone ends with the newest, and no update is lost") {
    WideStage stage{200};
    std::vector<Replica> replicas(stage.peers.size());
    for (Peer& peer : stage.peers) peer.say(Resync{});
    stage.tick(2);
    const auto listen = [&] {
        for (std::size_t i = 0; i < replicas.size(); ++i) {
            for (const ServerMessage& message : stage.peers[i].hear()) {
                if (const auto* snapshot = std::get_if<Snapshot>(&message)) replicas[i].apply(*snapshot);
                if (const auto* delta = std::get_if<Delta>(&message))
                    CHECK(replicas[i].apply(*delta) == Replica::Applied::updated);
            }
        }
    };
    listen();
    stage.clock.per_look = Microseconds{300};
    std::size_t sends = 0;
    for (Peer& peer : stage.peers) sends += peer.line().sends;
    const std::uint32_t changes = 15;
    for (std::uint32_t i = 1; i <= changes; ++i) {
        stage.peers[i].say(command(1, Seek{MediaTime{i * 1'000'000}}, MediaInstance{1}, stage.clock.now()));
        stage.run_only_tick();
        stage.shard.fan_out_slice(); // one slice per tick: a pass lasts longer than a change
        listen();
    }
    while (stage.shard.fan_out_slice()) {
    }
    listen();
    std::size_t sent = 0;
    for (Peer& peer : stage.peers) sent += peer.line().sends;
    for (const Replica& replica : replicas) CHECK(replica.state_hash() == StateHash::of(stage.state()));
    // Coalesced: far fewer frames than changes times viewers.
    CHECK(sent - sends < stage.peers.size() * changes / 2);
    CHECK(stage.shard.metrics().ticks_skipped_total == 0);
}

TEST_CASE("[S11] another room keeps its ticks while a wide one is told") {
    WideStage stage{300};
    const auto other = stage.shard.create({.id = room_id("small"), .media = some_media()}).value();
    Peer ann = stage.connect(other.id);
    Hello hello = stage.hello();
    hello.room = "small";
    hello.join_token = other.join_token;
    ann.say(hello);
    stage.tick(2);
    ann.hear();
    stage.clock.per_look = Microseconds{500};
    stage.peers[0].say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.now()));
    ann.say(command(1, Seek{MediaTime{2'000'000}}, MediaInstance{1}, stage.clock.now()));
    stage.run_only_tick();
    const auto delta = ann.hear_one<Delta>();
    REQUIRE(delta);
    CHECK(delta->sent_at); // written in its tick: a clock sample
    // A slice gives way when the tick is due.
    const ServerTime due = stage.shard.run_due();
    stage.clock.time = due - Microseconds{600};
    CHECK(stage.shard.fan_out_slice());
    CHECK(stage.clock.time < due + milliseconds{6});
}

TEST_CASE(
    "[S11] a small room that comes late in a long tick is told after it, in one go and with a true clock sample") {
    WideStage stage{3};
    stage.tick(2);
    for (Peer& peer : stage.peers) peer.hear();
    stage.peers[0].say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.now()));
    stage.clock.per_look = milliseconds{7};
    stage.run_only_tick();
    for (Peer& peer : stage.peers) CHECK_FALSE(peer.hear_one<Delta>());
    const ServerTime after_tick = stage.clock.time;
    stage.shard.fan_out_slice(); // which is over before it begins, as slowly as this clock is looked at
    for (Peer& peer : stage.peers) {
        const auto delta = peer.hear_one<Delta>();
        REQUIRE(delta);
        CHECK(*delta->sent_at > after_tick);
        CHECK(*delta->sent_at <= stage.clock.time);
    }
}

TEST_CASE("[S11] sessions that come and go during a pass neither lose nor double a frame") {
    WideStage stage{100};
    stage.peers[0].say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.run_only_tick();
    stage.clock.per_look = Microseconds{500};
    CHECK(stage.shard.fan_out_slice());
    for (std::size_t i = 1; i < 100; i += 2) stage.peers[i].vanish();
    Peer late = stage.connect();
    late.say(stage.hello());
    CHECK(stage.shard.fan_out_slice());
    stage.clock.per_look = Microseconds{0};
    while (stage.shard.fan_out_slice()) {
    }
    for (std::size_t i = 2; i < 100; i += 2) {
        int deltas = 0;
        for (const ServerMessage& message : stage.peers[i].hear()) deltas += std::holds_alternative<Delta>(message);
        CHECK(deltas == 1);
    }
    CHECK(late.hear().empty()); // not before its tick
    stage.tick(2);
    CHECK(late.hear_one<Snapshot>()->version == stage.state().version);
    CHECK(stage.shard.metrics().sessions == 51);
}

TEST_CASE("[S11] a wide room's beacon speaks of the version that went out before it") {
    WideStage stage{200};
    stage.clock.per_look = Microseconds{200};
    std::uint32_t sequence = 0;
    std::vector<Version> versions(stage.peers.size(), stage.state().version);
    int beacons = 0;
    for (int i = 0; i < 45; ++i) {
        if (i % 3 == 0)
            stage.peers[0].say(command(++sequence, Seek{MediaTime{i * 1000}}, MediaInstance{1}, stage.clock.now()));
        stage.run_only_tick();
        stage.shard.fan_out_slice();
        for (std::size_t p = 0; p < stage.peers.size(); ++p) {
            for (const ServerMessage& message : stage.peers[p].hear()) {
                if (const auto* delta = std::get_if<Delta>(&message)) versions[p] = delta->version;
                if (const auto* beacon = std::get_if<Beacon>(&message)) {
                    CHECK(beacon->version == versions[p]);
                    CHECK_FALSE(beacon->fresh);
                    ++beacons;
                }
            }
        }
    }
    CHECK(beacons > 100);
}

namespace {

class FewRelays final : public Relays {
  public:
    std::size_t relays() const override { return 2; }
    bool behind() const override { return are_behind; }
    bool are_behind = false;
};

} // namespace

TEST_CASE("a wide room's connections are shared out, the shard itself keeps the first and its part of the rest") {
    SessionSettings settings;
    settings.relayed_viewers_min = 10;
    Stage stage{settings};
    FewRelays relays;
    stage.shard.use_relays(relays);
    const auto written_by = [&](std::size_t who) {
        return std::ranges::count_if(stage.lines, [who](const auto& line) { return line->relay == who; });
    };
    for (int i = 0; i < 10; ++i) stage.join();
    CHECK(written_by(0) == 10);
    for (int i = 0; i < 14; ++i) stage.join();
    CHECK(written_by(0) == 10);
    CHECK(written_by(1) == 7);
    CHECK(written_by(2) == 7);
    for (int i = 0; i < 36; ++i) stage.join();
    for (std::size_t who = 0; who <= 2; ++who) CHECK(written_by(who) == 20);
    // Whoever goes makes room there.
    for (const auto& line : stage.lines)
        if (line->relay == 1) line->events->on_closed({ErrorCode::none, {}});
    stage.tick(2);
    CHECK(stage.shard.writer_of_next(stage.room.id) == 1);
    CHECK(stage.shard.writer_of_next(room_id("nowhere")) == 0);
}

TEST_CASE("[S11] a pass begins when the relays have written the one before; answers and rooms without them go on") {
    SessionSettings settings;
    settings.relayed_viewers_min = 5;
    Stage stage{settings};
    FewRelays relays;
    stage.shard.use_relays(relays);
    std::vector<Peer> peers;
    for (int i = 0; i < 20; ++i) peers.push_back(stage.join());
    stage.tick(30);
    for (Peer& peer : peers) peer.hear();
    relays.are_behind = true;
    peers[0].say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(peers[0].hear_one<Reply>()->verdict == Verdict::applied);
    CHECK_FALSE(peers[1].hear_one<Delta>());
    CHECK_FALSE(stage.shard.fan_out_slice()); // nothing to do: it does not spin
    // Others are not held up.
    const auto other = stage.shard.create({.id = room_id("small"), .media = some_media()}).value();
    Peer ann = stage.connect(other.id);
    Hello hello = stage.hello();
    hello.room = "small";
    hello.join_token = other.join_token;
    ann.say(hello);
    stage.tick(2);
    CHECK(ann.hear_one<Welcome>());
    // What changes meanwhile is told at once, in the newest state alone.
    peers[1].say(command(1, Seek{MediaTime{2'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    peers[1].hear();
    relays.are_behind = false;
    stage.shard.relays_caught_up();
    while (stage.shard.fan_out_slice()) {
    }
    int deltas = 0;
    for (const ServerMessage& message : peers[2].hear()) {
        if (const auto* delta = std::get_if<Delta>(&message)) {
            ++deltas;
            CHECK(delta->version == stage.state().version);
        }
    }
    CHECK(deltas == 1);
}
