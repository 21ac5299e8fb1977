// Sessions whose connections may lose frames: what they are sent, when again, and what lies get one.
#include "session/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::seconds;

namespace {

constexpr std::size_t datagram = 1144;

struct Sent {
    Delivery delivery;
    ServerMessage message;
};

// What the engine sent since last time, and how.
std::vector<Sent> sent_to(Peer& peer) {
    std::vector<Sent> all;
    for (const auto& send : std::exchange(peer.line().frames, {}))
        for (const Frame& frame : send) all.push_back({frame.delivery(), decode_server(frame.payload()).value()});
    return all;
}

template <class Message>
std::vector<std::pair<Delivery, Message>> only(std::vector<Sent> all) {
    std::vector<std::pair<Delivery, Message>> wanted;
    for (Sent& one : all)
        if (auto* message = std::get_if<Message>(&one.message)) wanted.emplace_back(one.delivery, std::move(*message));
    return wanted;
}

// Ann's connection loses frames, Bob's does not.
struct Two {
    explicit Two(std::size_t lossy_bytes_max = datagram) {
        stage.lossy_bytes_max = lossy_bytes_max;
        ann = stage.join("Ann");
        stage.lossy_bytes_max = 0;
        bob = stage.join("Bob");
        stage.tick();
        acknowledge();
        stage.pass(seconds{2});
        sent_to(ann);
        bob.hear();
    }
    void acknowledge(std::optional<Version> version = {}) {
        ann.say(Ack{stage.state().epoch, version.value_or(stage.state().version)});
    }
    void change() {
        ++sequence;
        bob.say(command(sequence, Seek{MediaTime{sequence * 1'000'000}}, MediaInstance{1}, stage.clock.time));
    }

    Stage stage;
    Peer ann{nullptr};
    Peer bob{nullptr};
    std::uint32_t sequence = 0;
};

} // namespace

TEST_CASE("[E4] the welcome and the snapshot go reliably, deltas and beacons need not arrive") {
    Stage stage;
    stage.lossy_bytes_max = datagram;
    Peer ann = stage.join();
    auto sent = sent_to(ann);
    REQUIRE(sent.size() >= 2);
    CHECK(std::holds_alternative<Welcome>(sent[0].message));
    CHECK(sent[0].delivery == Delivery::reliable);
    CHECK(std::holds_alternative<Snapshot>(sent[1].message));
    CHECK(sent[1].delivery == Delivery::reliable);
    ann.say(Ack{stage.state().epoch, stage.state().version});
    stage.join("Bob");
    stage.pass(seconds{2});
    sent = sent_to(ann);
    for (const Sent& one : sent) {
        if (std::holds_alternative<Delta>(one.message)) CHECK(one.delivery == Delivery::sequenced);
        if (std::holds_alternative<Beacon>(one.message)) CHECK(one.delivery == Delivery::lossy);
    }
    CHECK(only<Delta>(std::move(sent)).size() == LossyUpdates::sayings_max);
}

TEST_CASE("[E5] a delta is said every tick until it is acknowledged; ordered connections hear it once") {
    Two two;
    const Version held = two.stage.state().version;
    const std::uint64_t repeated = two.stage.shard.metrics().updates_repeated_total;
    two.change();
    two.stage.tick(4);
    const auto deltas = only<Delta>(sent_to(two.ann));
    REQUIRE(deltas.size() == 4);
    for (const auto& [delivery, delta] : deltas) {
        CHECK(delivery == Delivery::sequenced);
        CHECK(delta.base == held);
        CHECK(delta.version == two.stage.state().version);
        CHECK(delta.sent_at.has_value()); // each is stamped as it is written
    }
    CHECK(deltas[0].second.sent_at != deltas[3].second.sent_at);
    std::size_t bobs = 0;
    for (const ServerMessage& message : two.bob.hear()) bobs += std::holds_alternative<Delta>(message);
    CHECK(bobs == 1);
    CHECK(two.stage.shard.metrics().updates_repeated_total - repeated == 3);
    two.acknowledge();
    two.stage.tick(4);
    CHECK(only<Delta>(sent_to(two.ann)).empty());
}

TEST_CASE("[E5] after ten sayings comes one snapshot, reliably, and then nothing") {
    Two two;
    two.change();
    two.stage.tick(30);
    const auto sent = sent_to(two.ann);
    CHECK(only<Delta>(sent).size() == LossyUpdates::sayings_max);
    const auto snapshots = only<Snapshot>(sent);
    REQUIRE(snapshots.size() == 1);
    CHECK(snapshots[0].first == Delivery::reliable);
    CHECK(snapshots[0].second.version == two.stage.state().version);
    // The next change leads on from there.
    two.change();
    two.stage.tick();
    const auto deltas = only<Delta>(sent_to(two.ann));
    REQUIRE(deltas.size() == 1);
    CHECK(deltas[0].second.base == snapshots[0].second.version);
}

TEST_CASE("[E5] silence is free: once everything is acknowledged, or given up, a room sends a beacon a second") {
    for (const bool acknowledges : {true, false}) {
        Two two;
        two.change();
        two.stage.tick(2);
        if (acknowledges) two.acknowledge();
        two.stage.pass(seconds{2});
        sent_to(two.ann);
        const std::size_t sends = two.ann.line().sends;
        const std::uint64_t encoded = two.stage.shard.metrics().deltas_encoded_total;
        two.stage.pass(seconds{20});
        CHECK(two.ann.line().sends - sends == 20);
        for (const Sent& one : sent_to(two.ann)) CHECK(std::holds_alternative<Beacon>(one.message));
        CHECK(two.stage.shard.metrics().deltas_encoded_total == encoded);
    }
}

TEST_CASE("[S2] [E7] a reply is preceded by its state, and both go reliably in one send") {
    Two two;
    two.ann.say(command(1, Seek{MediaTime{9'000'000}}, MediaInstance{1}, two.stage.clock.time));
    two.stage.tick();
    auto sent = sent_to(two.ann);
    REQUIRE(sent.size() >= 2);
    REQUIRE(std::holds_alternative<Delta>(sent[0].message));
    CHECK(sent[0].delivery == Delivery::reliable);
    const Version applied = std::get<Delta>(sent[0].message).version;
    REQUIRE(std::holds_alternative<Reply>(sent[1].message));
    CHECK(sent[1].delivery == Delivery::reliable);
    CHECK(std::get<Reply>(sent[1].message).version <= applied);
    // What goes reliably is not said again.
    two.stage.tick(5);
    CHECK(only<Delta>(sent_to(two.ann)).empty());
}

TEST_CASE("[S2] [E7] a delta that may be lost does not count as state in place for a later reply") {
    Two two;
    two.change();
    two.stage.tick();
    CHECK(only<Delta>(sent_to(two.ann))[0].first == Delivery::sequenced);
    two.ann.say(command(1, Play{}, MediaInstance{99}, two.stage.clock.time)); // refused: it changes nothing
    two.stage.tick();
    const auto sent = sent_to(two.ann);
    REQUIRE(sent.size() >= 2);
    REQUIRE(std::holds_alternative<Delta>(sent[0].message));
    CHECK(sent[0].delivery == Delivery::reliable);
    CHECK(std::holds_alternative<Reply>(sent[1].message));
    // A second answer needs nothing before it: the delta is on its way, in order.
    two.ann.say(command(2, Play{}, MediaInstance{99}, two.stage.clock.time));
    two.stage.tick();
    CHECK(only<Delta>(sent_to(two.ann)).empty());
}

TEST_CASE("[E4] a delta that does not fit into a datagram goes reliably, once") {
    Two two{40};
    two.change();
    two.stage.tick(5);
    const auto deltas = only<Delta>(sent_to(two.ann));
    REQUIRE(deltas.size() == 1);
    CHECK(deltas[0].first == Delivery::reliable);
}

TEST_CASE("[E6] lies about what is held cost the liar, and nobody else") {
    Two two;
    const Version held = two.stage.state().version;
    const auto next_base = [&] {
        two.change();
        two.stage.tick();
        const auto deltas = only<Delta>(sent_to(two.ann));
        REQUIRE(!deltas.empty());
        return deltas.back().second.base;
    };
    SUBCASE("the future") { two.acknowledge(Version{two.stage.state().version.value + 1}); }
    SUBCASE("the end of all numbers") { two.acknowledge(Version{0xFFFF'FFFF}); }
    SUBCASE("another history") { two.ann.say(Ack{Epoch{two.stage.state().epoch.value + 1}, held}); }
    SUBCASE("the past") { two.acknowledge(Version{1}); }
    SUBCASE("nothing") { two.acknowledge(Version{0}); }
    CHECK(next_base() == held);
    CHECK_FALSE(two.ann.closed());
    // Others are served as ever.
    const auto bobs = two.bob.hear_one<Delta>();
    REQUIRE(bobs);
    CHECK(bobs->version == two.stage.state().version);
}

TEST_CASE("[E6] whoever never acknowledges goes on being served") {
    Two two;
    for (int i = 0; i < 40; ++i) {
        two.change();
        two.stage.tick(3);
    }
    Replica replica;
    Stage& stage = two.stage;
    two.ann.say(Resync{});
    stage.tick();
    const auto snapshots = only<Snapshot>(sent_to(two.ann));
    REQUIRE(!snapshots.empty());
    CHECK(replica.apply(snapshots.back().second) == Replica::Applied::updated);
    CHECK(replica.version() == stage.state().version);
}

TEST_CASE("[E6] acknowledgements beyond a budget are dropped, far beyond it end the session") {
    Two two;
    for (int i = 0; i < 280; ++i) two.acknowledge();
    CHECK_FALSE(two.ann.closed());
    for (int i = 0; i < 300; ++i) two.acknowledge();
    CHECK(two.ann.line().close_code == ErrorCode::rate_limited);
}

TEST_CASE("[E6] an acknowledgement over an ordered connection changes nothing") {
    Two two;
    two.bob.say(Ack{two.stage.state().epoch, Version{1}});
    two.change();
    two.stage.tick(3);
    std::size_t deltas = 0;
    for (const ServerMessage& message : two.bob.hear()) deltas += std::holds_alternative<Delta>(message);
    CHECK(deltas == 1);
}

TEST_CASE("[J5] [E7] a returning viewer is brought up reliably, behind its welcome") {
    Stage stage;
    stage.lossy_bytes_max = datagram;
    Peer ann = stage.join();
    const auto first = sent_to(ann);
    const std::string resume = std::get<Welcome>(first[0].message).resume_token;
    const Version held = std::get<Snapshot>(first[1].message).version;
    ann.vanish();
    stage.tick();
    Peer again = stage.connect();
    Hello hello = stage.hello();
    hello.resume_token = resume;
    hello.have_epoch = stage.state().epoch;
    hello.have_version = held;
    again.say(hello);
    stage.tick();
    const auto sent = sent_to(again);
    REQUIRE(sent.size() >= 2);
    CHECK(std::get<Welcome>(sent[0].message).resumed);
    REQUIRE(std::holds_alternative<Delta>(sent[1].message));
    CHECK(std::get<Delta>(sent[1].message).base == held);
    CHECK(sent[1].delivery == Delivery::reliable);
}

TEST_CASE("[S4] [E5] to a connection that takes no more nothing is said again; when it has drained it is brought up") {
    Two two;
    two.ann.block();
    two.change();
    two.stage.tick();
    const std::size_t sends = two.ann.line().sends;
    two.change();
    two.stage.tick(20);
    CHECK(two.ann.line().sends == sends);
    sent_to(two.ann);
    two.ann.unblock();
    const auto deltas = only<Delta>(sent_to(two.ann));
    REQUIRE(deltas.size() == 1);
    CHECK(deltas[0].second.version == two.stage.state().version);
    two.stage.tick(2); // and then it is said again, as ever
    CHECK(only<Delta>(sent_to(two.ann)).size() == 2);
}

TEST_CASE("[E5] in a wide room, too, whose frames go out between ticks") {
    SessionSettings settings;
    settings.fresh_viewers_max = 0;
    Stage stage{settings};
    stage.lossy_bytes_max = datagram;
    Peer ann = stage.join("Ann");
    Peer bob = stage.join("Bob");
    stage.tick();
    const auto acknowledge = [&](Peer& peer) { peer.say(Ack{stage.state().epoch, stage.state().version}); };
    acknowledge(ann);
    acknowledge(bob);
    stage.pass(seconds{2});
    sent_to(ann);
    bob.say(command(1, Seek{MediaTime{1'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick(4);
    CHECK(only<Delta>(sent_to(ann)).size() == 4);
    acknowledge(ann);
    stage.tick(4);
    CHECK(only<Delta>(sent_to(ann)).empty());
}
