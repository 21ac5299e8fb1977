#include "support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;

namespace {

// The last message of each kind that a peer was sent, and in which order they came.
struct Heard {
    std::optional<Delta> delta;
    std::optional<Reply> reply;
    bool delta_first = false;
};

Heard listen(Peer& peer) {
    Heard heard;
    for (ServerMessage& message : peer.hear()) {
        if (auto* delta = std::get_if<Delta>(&message)) {
            heard.delta = std::move(*delta);
            heard.delta_first = !heard.reply;
        }
        if (auto* reply = std::get_if<Reply>(&message)) heard.reply = std::move(*reply);
    }
    return heard;
}

Replica replica_of(Peer& peer) {
    Replica replica;
    const auto snapshot = peer.hear_one<Snapshot>();
    REQUIRE(snapshot);
    REQUIRE(replica.apply(*snapshot) == Replica::Applied::updated);
    return replica;
}

} // namespace

// The story that engine/README.md opens with, step by step.
TEST_CASE("the life of a pause: from one viewer's hand to everyone's screen") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ann.say(command(1, some_media(), MediaInstance{0}, stage.clock.now()));
    stage.tick();
    const MediaInstance media = stage.state().media.value().instance;
    ann.say(command(2, Play{}, media, stage.clock.now()));
    stage.pass(Microseconds{3'000'000});
    ann.say(Resync{});
    ben.say(Resync{});
    stage.tick();
    Replica at_ann = replica_of(ann);
    Replica at_ben = replica_of(ben);
    REQUIRE(at_ann.motion().current.playing);

    // 1. Ann acted 80 ms ago, when her screen showed this.
    const ServerTime acted = stage.clock.now() - Microseconds{80'000};
    const MediaTime seen = at_ann.motion().current.position_at(acted, TickLength{}) - MediaTime{4'000};
    ClientCommand pause = command(3, Pause{}, media, acted);
    pause.position_seen = seen;
    const std::size_t sends_before = ben.line().sends;

    // 2., 3. The bytes are decoded, allowed and queued; nothing happens between ticks.
    ann.say(pause);
    CHECK(stage.state().motion.value().current.playing);

    // 4. to 7. On the next tick it is applied, versioned, encoded and handed to everyone, once.
    stage.tick();
    const Heard ann_heard = listen(ann);
    const Heard ben_heard = listen(ben);
    CHECK(ben.line().sends == sends_before + 1);
    REQUIRE(ann_heard.delta);
    REQUIRE(ben_heard.delta);
    CHECK(*ann_heard.delta == *ben_heard.delta);
    REQUIRE(ann_heard.reply);
    CHECK(ann_heard.reply->verdict == Verdict::applied);
    CHECK(ann_heard.delta_first);
    CHECK_FALSE(ben_heard.reply);

    // 8. Each applies it, the hashes agree, and both stand where Ann saw it.
    CHECK(at_ann.apply(*ann_heard.delta) == Replica::Applied::updated);
    CHECK(at_ben.apply(*ben_heard.delta) == Replica::Applied::updated);
    CHECK_FALSE(at_ben.motion().current.playing);
    CHECK_FALSE(at_ben.motion().pending);
    CHECK(at_ben.motion().current.anchor_position == seen);
    CHECK(at_ben.state_hash() == at_ann.state_hash());
    CHECK(at_ben.state_hash() == ben_heard.delta->state_hash);

    // An older action that arrives later undoes nothing.
    ben.say(command(1, Play{}, media, acted - Microseconds{50'000}));
    stage.tick();
    const Heard late = listen(ben);
    REQUIRE(late.reply);
    CHECK(late.reply->verdict == Verdict::superseded);
    CHECK_FALSE(stage.state().motion.value().current.playing);
}
