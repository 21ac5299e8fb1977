#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;

namespace {

// What a page keeps across a reload or a lost connection.
struct Kept {
    std::string resume_token;
    ViewerId viewer;
    Replica replica;

    explicit Kept(Peer& peer) {
        for (const ServerMessage& message : peer.hear()) take(message);
    }
    void take(const ServerMessage& message) {
        if (const auto* welcome = std::get_if<Welcome>(&message)) {
            resume_token = welcome->resume_token;
            viewer = welcome->viewer;
        }
        if (const auto* snapshot = std::get_if<Snapshot>(&message)) replica.apply(*snapshot);
        if (const auto* delta = std::get_if<Delta>(&message)) replica.apply(*delta);
    }
    Hello hello(const Stage& stage) const {
        Hello hello = stage.hello("Ann");
        hello.resume_token = resume_token;
        hello.have_epoch = replica.epoch();
        hello.have_version = replica.version();
        return hello;
    }
};

} // namespace

TEST_CASE("[J4] [J5] a viewer that comes back with token and version gets a delta") {
    Stage stage;
    Peer ann = stage.join();
    Kept kept{ann};
    ann.vanish();
    stage.tick();
    CHECK_FALSE(stage.state().roster.rows().at(kept.viewer).value().connected);
    Peer bob = stage.join("Bob");
    bob.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick();

    Peer again = stage.connect();
    again.say(kept.hello(stage));
    stage.tick();
    CHECK(again.line().sends == 1);
    const auto heard = again.hear();
    REQUIRE(heard.size() == 2);
    CHECK(std::get<Welcome>(heard[0]).resumed);
    CHECK(std::get<Welcome>(heard[0]).viewer == kept.viewer);
    CHECK(std::get<Welcome>(heard[0]).resume_token == kept.resume_token);
    const auto& delta = std::get<Delta>(heard[1]);
    CHECK(delta.base == kept.replica.version());
    CHECK(kept.replica.apply(delta) == Replica::Applied::updated);
    CHECK(kept.replica.state_hash() == StateHash::of(stage.state()));
    CHECK(stage.state().viewer_count.value() == 2);
}

TEST_CASE("[J5] what cannot be reached by a delta is brought by a snapshot") {
    Stage stage;
    Peer ann = stage.join();
    const Kept kept{ann};
    const Hello good = kept.hello(stage);
    auto with = [&](Epoch epoch, Version version) {
        Hello hello = good;
        hello.have_epoch = epoch;
        hello.have_version = version;
        return hello;
    };
    for (const Hello& hello :
         {with(good.have_epoch, Version{0}), with(Epoch{good.have_epoch.value + 1}, good.have_version),
          with(good.have_epoch, Version{good.have_version.value + 1000}), with({}, {})}) {
        Peer again = stage.connect();
        again.say(hello);
        stage.tick();
        const auto heard = again.hear();
        REQUIRE(heard.size() == 2);
        CHECK(std::holds_alternative<Snapshot>(heard[1]));
    }
}

TEST_CASE("[J5] a claim to hold a version counts for resuming viewers only") {
    Stage stage;
    stage.join();
    Peer stranger = stage.connect();
    Hello hello = stage.hello("Eve");
    hello.have_epoch = stage.state().epoch;
    hello.have_version = stage.state().version;
    stranger.say(hello);
    stage.tick();
    CHECK(stranger.hear_one<Snapshot>());
}

TEST_CASE("[J4] a reloaded tab is the same viewer, and nobody sees it go") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    const Kept kept{ann};
    bob.hear();
    ann.vanish();
    Peer reloaded = stage.connect();
    Hello hello = stage.hello("Ann");
    hello.resume_token = kept.resume_token;
    reloaded.say(hello);
    stage.tick(2);
    CHECK(reloaded.hear_one<Welcome>()->viewer == kept.viewer);
    CHECK_FALSE(bob.hear_one<Delta>());
    CHECK(stage.state().viewer_count.value() == 2);
}

TEST_CASE("[J6] a second session of one viewer replaces the first") {
    Stage stage;
    Peer ann = stage.join();
    Peer bob = stage.join("Bob");
    const Kept kept{ann};
    bob.hear();
    Peer twin = stage.connect();
    twin.say(kept.hello(stage));
    const auto goodbye = ann.hear_one<Goodbye>();
    REQUIRE(goodbye);
    CHECK(goodbye->error.code == ErrorCode::replaced);
    CHECK_FALSE(goodbye->resumable);
    stage.tick(2);
    CHECK(stage.shard.metrics().sessions == 2);
    CHECK(twin.hear_one<Welcome>()->viewer == kept.viewer);
    CHECK_FALSE(bob.hear_one<Delta>());
    twin.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(twin.hear_one<Reply>()->verdict == Verdict::applied);
}

TEST_CASE("[J6] three tabs in one tick: the last one stays, each with its own claim") {
    Stage stage;
    Peer ann = stage.join();
    const Kept kept{ann};
    Peer second = stage.connect();
    second.say(kept.hello(stage));
    Peer third = stage.connect();
    Hello hello = kept.hello(stage);
    hello.have_version = Version{0};
    third.say(hello);
    stage.tick(2);
    CHECK(second.hear_one<Goodbye>()->error.code == ErrorCode::replaced);
    const auto heard = third.hear();
    REQUIRE(heard.size() >= 2);
    CHECK(std::holds_alternative<Snapshot>(heard[1]));
    CHECK(stage.shard.metrics().sessions == 1);
}

TEST_CASE("[J7] a lost viewer's place is kept for its time and no longer") {
    Stage stage;
    Peer ann = stage.join();
    const Kept kept{ann};
    stage.join("Bob");
    ann.vanish();
    stage.pass(stage.settings.viewer_grace - std::chrono::seconds{1});
    CHECK(stage.state().viewer_count.value() == 2);
    stage.pass(std::chrono::seconds{2});
    CHECK(stage.state().viewer_count.value() == 1);

    Peer with_link = stage.connect();
    with_link.say(kept.hello(stage));
    Peer without = stage.connect();
    Hello bare = kept.hello(stage);
    bare.join_token.clear();
    without.say(bare);
    stage.tick();
    const auto welcome = with_link.hear_one<Welcome>();
    REQUIRE(welcome);
    CHECK_FALSE(welcome->resumed);
    CHECK(welcome->viewer != kept.viewer);
    CHECK(without.hear_one<Goodbye>()->error.code == ErrorCode::token_stale);
}

TEST_CASE("[J7] who says bye is gone at once, and its resume token with it") {
    Stage stage;
    Peer ann = stage.join();
    const Kept kept{ann};
    ann.say(Bye{});
    CHECK(ann.line().close_code == ErrorCode::none);
    stage.tick(2);
    CHECK(stage.state().viewer_count.value() == 0);
    CHECK(stage.shard.metrics().viewers == 0);
    Peer again = stage.connect();
    Hello hello = kept.hello(stage);
    hello.join_token.clear();
    again.say(hello);
    CHECK(again.hear_one<Goodbye>()->error.code == ErrorCode::token_stale);
}

TEST_CASE("[S2] a command whose answer was lost is answered again after the viewer is back, and applied once") {
    Stage stage;
    Peer ann = stage.join();
    Kept kept{ann};
    const auto seek = command(1, Seek{MediaTime{5'000'000}}, MediaInstance{1}, stage.clock.time);
    ann.say(seek);
    ann.vanish();
    stage.tick();
    const Version version = stage.state().motion.changed_at();
    Peer again = stage.connect();
    again.say(kept.hello(stage));
    stage.tick();
    again.say(seek);
    stage.tick();
    const auto reply = again.hear_one<Reply>();
    REQUIRE(reply);
    CHECK(reply->verdict == Verdict::applied);
    CHECK(stage.state().motion.changed_at() == version);
}
