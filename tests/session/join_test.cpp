#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;

TEST_CASE("[J5] a hello is answered on the next tick by a welcome and a snapshot in one send") {
    Stage stage;
    Peer ann = stage.connect();
    ann.say(stage.hello());
    CHECK(ann.line().sends == 0);
    stage.tick();
    CHECK(ann.line().sends == 1);
    const auto heard = ann.hear();
    REQUIRE(heard.size() == 2);
    const auto& welcome = std::get<Welcome>(heard[0]);
    CHECK(welcome.protocol == 1);
    CHECK(welcome.room == "den");
    CHECK(welcome.viewer == ViewerId{1});
    CHECK_FALSE(welcome.resumed);
    CHECK(welcome.clock_id == 77);
    CHECK(welcome.tick_length == Microseconds{50'000});
    const auto& snapshot = std::get<Snapshot>(heard[1]);
    CHECK(snapshot.fields.viewers.size() == 1);
    Replica replica;
    CHECK(replica.apply(snapshot) == Replica::Applied::updated);
    CHECK(replica.state_hash() == StateHash::of(stage.state()));
}

TEST_CASE("[J1] whatever comes before hello ends the connection and says why") {
    Stage stage;
    for (const ClientMessage& first :
         {ClientMessage{Ping{1}}, ClientMessage{Report{}}, ClientMessage{Resync{}}, ClientMessage{Bye{}},
          ClientMessage{command(1, Play{}, MediaInstance{1}, stage.clock.time)}}) {
        Peer peer = stage.connect();
        peer.say(first);
        const auto goodbye = peer.hear_one<Goodbye>();
        REQUIRE(goodbye);
        CHECK(goodbye->error.code == ErrorCode::hello_expected);
        CHECK_FALSE(goodbye->resumable);
        CHECK(peer.line().close_code == ErrorCode::hello_expected);
    }
    stage.tick(2);
    CHECK(stage.shard.metrics().sessions == 0);
    CHECK(stage.shard.metrics().viewers == 0);
    CHECK(stage.state().motion.value().intent().playing == false);
}

TEST_CASE("[J1] a second hello ends the session, and the viewer's place is kept") {
    Stage stage;
    Peer ann = stage.join();
    ann.say(stage.hello("Other"));
    CHECK(ann.hear_one<Goodbye>()->error.code == ErrorCode::hello_repeated);
    stage.tick(2);
    CHECK(stage.shard.metrics().viewers == 1);
    CHECK(stage.shard.metrics().sessions == 0);
    CHECK_FALSE(stage.state().roster.rows().at(ViewerId{1}).value().connected);
}

TEST_CASE("[J1] a connection that never says hello is closed in time") {
    Stage stage;
    Peer mute = stage.connect();
    stage.pass(std::chrono::seconds{4});
    CHECK_FALSE(mute.closed());
    stage.pass(std::chrono::seconds{3});
    CHECK(mute.line().close_code == ErrorCode::hello_expected);
}

TEST_CASE("[J1] garbage ends only the session it came from") {
    Stage stage;
    Peer ann = stage.join("Ann");
    Peer bob = stage.join("Bob");
    const Bytes garbage(100, std::byte{0x5a});
    bob.say_bytes(garbage);
    CHECK(bob.hear_one<Goodbye>()->error.code == ErrorCode::malformed);
    CHECK(stage.shard.metrics().malformed_messages_total == 1);
    ann.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick(2);
    CHECK(ann.hear_one<Reply>()->verdict == Verdict::applied);
}

TEST_CASE("[J2] a client of another time is told which protocol is spoken here") {
    Stage stage;
    for (const auto& [low, high, welcome] : {std::tuple{0, 0, false}, {2, 9, false}, {0, 1, true}, {1, 3, true}}) {
        Peer peer = stage.connect();
        Hello hello = stage.hello();
        hello.protocol_min = static_cast<std::uint16_t>(low);
        hello.protocol_max = static_cast<std::uint16_t>(high);
        peer.say(hello);
        stage.tick();
        const auto heard = peer.hear();
        REQUIRE_FALSE(heard.empty());
        CHECK(std::holds_alternative<Welcome>(heard[0]) == welcome);
        if (!welcome) CHECK(std::get<Goodbye>(heard[0]).error.code == ErrorCode::unsupported_protocol);
    }
}

TEST_CASE("[J3] each wrong token has its refusal") {
    Stage stage;
    const auto other = stage.shard.create({.id = room_id("other")}).value();
    Peer ann = stage.join();
    const std::string resume = ann.hear_one<Welcome>()->resume_token;
    const std::string unknown = "." + stage.room.id.text() + ".AAAAAAAAAAAAAAAAAAAAAA";
    struct Case {
        std::string join, resume;
        ErrorCode code;
    };
    for (const Case& wrong :
         {Case{"", "", ErrorCode::token_missing}, Case{"nonsense", "", ErrorCode::token_malformed},
          Case{resume, "", ErrorCode::token_malformed},
          Case{stage.room.join_token + "A", "", ErrorCode::token_malformed},
          Case{"j" + unknown, "", ErrorCode::token_wrong}, Case{"o" + unknown, "", ErrorCode::token_wrong},
          Case{other.join_token, "", ErrorCode::token_foreign},
          Case{"j" + stage.room.owner_token.substr(1), "", ErrorCode::token_wrong},
          Case{"o" + stage.room.join_token.substr(1), "", ErrorCode::token_wrong},
          Case{"", "r" + unknown, ErrorCode::token_stale}, Case{"", stage.room.join_token, ErrorCode::token_malformed},
          Case{stage.room.join_token, "r.other.AAAAAAAAAAAAAAAAAAAAAA", ErrorCode::token_foreign}}) {
        Peer peer = stage.connect();
        Hello hello = stage.hello();
        hello.join_token = wrong.join;
        hello.resume_token = wrong.resume;
        peer.say(hello);
        const auto goodbye = peer.hear_one<Goodbye>();
        REQUIRE(goodbye);
        CHECK_MESSAGE(goodbye->error.code == wrong.code, name_of(goodbye->error.code), " for ", wrong.join, " ",
                      wrong.resume);
        CHECK_FALSE(goodbye->resumable);
        // A refusal never repeats the secret it was offered.
        if (wrong.join.size() > 20) CHECK(goodbye->error.message.find(wrong.join.substr(6)) == std::string::npos);
    }
    stage.tick(2);
    CHECK(stage.shard.metrics().sessions == 1);
    CHECK(stage.shard.metrics().viewers == 1);
}

TEST_CASE("[J3] the owner's token makes an owner") {
    Stage stage;
    Peer owner = stage.connect();
    Hello hello = stage.hello();
    hello.join_token = stage.room.owner_token;
    owner.say(hello);
    stage.tick();
    stage.join();
    CHECK(stage.state().roster.rows().at(ViewerId{1}).value().roles == 1);
    CHECK(stage.state().roster.rows().at(ViewerId{2}).value().roles == 0);
}

TEST_CASE("[J2] a hello for another room than the address names is refused") {
    Stage stage;
    Peer peer = stage.connect();
    Hello hello = stage.hello();
    hello.room = "elsewhere";
    peer.say(hello);
    CHECK(peer.hear_one<Goodbye>()->error.code == ErrorCode::malformed);
}

TEST_CASE("[J8] a full room refuses, a kept place still finds its viewer") {
    SessionSettings settings;
    settings.viewers_per_room_max = 2;
    Stage stage{settings};
    Peer ann = stage.join("Ann");
    Peer bob = stage.join("Bob");
    Hello back = stage.hello();
    back.resume_token = bob.hear_one<Welcome>()->resume_token;
    bob.vanish();
    Peer cat = stage.join("Cat");
    CHECK(cat.hear_one<Goodbye>()->error.code == ErrorCode::room_full);
    Peer again = stage.connect();
    again.say(back);
    stage.tick();
    CHECK(again.hear_one<Welcome>()->resumed);
}

TEST_CASE("[J8] a connection to a room that is not there is told so and forgotten") {
    Stage stage;
    Peer lost = stage.connect(room_id("nowhere"));
    CHECK(lost.hear_one<Goodbye>()->error.code == ErrorCode::room_unknown);
    stage.tick(2);
    CHECK(stage.connections_alive() == 0);
}

TEST_CASE("a thousand joins and leaves leave nothing behind") {
    Stage stage;
    for (int i = 0; i < 1000; ++i) {
        Peer peer = stage.connect();
        peer.say(stage.hello("Guest"));
        if (i % 3 != 0) stage.tick();
        if (i % 2 == 0) {
            peer.say(Bye{});
        } else {
            peer.vanish();
        }
        if (i % 5 == 0) stage.tick();
    }
    stage.pass(stage.settings.viewer_grace + std::chrono::seconds{2});
    CHECK(stage.connections_alive() == 0);
    const Metrics& metrics = stage.shard.metrics();
    CHECK(metrics.sessions == 0);
    CHECK(metrics.viewers == 0);
    CHECK(metrics.slow_sessions == 0);
    CHECK(metrics.sessions_opened_total == 1000);
    CHECK(stage.state().viewers.empty());
    CHECK(stage.state().roster.rows().empty());
    stage.pass(stage.settings.empty_room_expiry + std::chrono::seconds{1});
    CHECK_FALSE(stage.shard.find(stage.room.id));
    CHECK(metrics.rooms == 0);
}
