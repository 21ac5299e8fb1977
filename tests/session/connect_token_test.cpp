// Connect tokens from asking for one to being let in with it. What they are made of is tested in tests/seal.
#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::seconds;

namespace {

JoinRequest with_link(const std::string& token, const std::string& device = {},
                      const std::string& address = "203.0.113.7") {
    return {.token = token, .resume_token = {}, .device = device, .address = address};
}
JoinRequest with_place(const std::string& resume_token) {
    return {.token = {}, .resume_token = resume_token, .device = {}, .address = "203.0.113.7"};
}

std::string token_for(Stage& stage, const JoinRequest& request) {
    return stage.shard.issue(stage.room.id, request).value().connect_token;
}
std::string token_for_link(Stage& stage) { return token_for(stage, with_link(stage.room.join_token)); }

Hello hello_with(const Stage& stage, const std::string& join_token, const std::string& resume_token = {}) {
    Hello hello = stage.hello();
    hello.join_token = join_token;
    hello.resume_token = resume_token;
    return hello;
}

// What a hello comes to: a welcome, or the code of the refusal.
struct Heard {
    std::optional<Welcome> welcome;
    ErrorCode code = ErrorCode::none;
    std::string message;
};
Heard say(Stage& stage, Peer& peer, const Hello& hello) {
    peer.say(hello);
    stage.tick();
    Heard heard;
    for (ServerMessage& message : peer.hear()) {
        if (auto* welcome = std::get_if<Welcome>(&message)) heard.welcome = *welcome;
        if (auto* goodbye = std::get_if<Goodbye>(&message)) {
            heard.code = goodbye->error.code;
            heard.message = goodbye->error.message;
        }
    }
    return heard;
}
Heard say(Stage& stage, const Hello& hello) {
    Peer peer = stage.connect();
    return say(stage, peer, hello);
}

ErrorCode refusal(Stage& stage, const JoinRequest& request) {
    const auto issued = stage.shard.issue(stage.room.id, request);
    return issued ? ErrorCode::none : issued.error().code;
}

// The grant inside a token, as a transport opens it before there is a connection.
seal::ConnectGrant grant_in(Stage& stage, const std::string& token) {
    return seal::open_connect_token(token, stage.run.sealing_key, stage.run.clock_id, stage.clock.time).value();
}

const PluginText bouncer{"bouncer", R"(grants = { "ban" }, commands = { ban = { args = { viewer = "viewer" } } })",
                         R"(P:command("ban", function(room, call) room:ban(call.args.viewer, 60, "too rude") end))"};

} // namespace

TEST_CASE("[J12] who has the link gets a connect token, and joins with it once") {
    Stage stage;
    const auto issued = stage.shard.issue(stage.room.id, with_link(stage.room.join_token)).value();
    CHECK(issued.good_for == seconds{30});
    CHECK(issued.clock_id == 77);
    CHECK(issued.connect_token.starts_with("c.den."));
    CHECK_FALSE(issued.keys.client_to_engine == issued.keys.engine_to_client);
    CHECK(grant_in(stage, issued.connect_token).keys == issued.keys);
    const Heard first = say(stage, hello_with(stage, issued.connect_token));
    REQUIRE(first.welcome);
    CHECK(first.welcome->roles == 0);
    CHECK_FALSE(first.welcome->resumed);
    const Heard again = say(stage, hello_with(stage, issued.connect_token));
    CHECK(again.code == ErrorCode::token_stale);
    CHECK(again.message.find(issued.connect_token.substr(10, 8)) == std::string::npos);
    CHECK(stage.state().viewers.size() == 1);
    CHECK(stage.shard.metrics().connect_tokens_issued_total == 1);
}

TEST_CASE("[J12] no two connect tokens have anything in common") {
    Stage stage;
    const auto one = stage.shard.issue(stage.room.id, with_link(stage.room.join_token)).value();
    const auto two = stage.shard.issue(stage.room.id, with_link(stage.room.join_token)).value();
    CHECK(one.connect_token != two.connect_token);
    CHECK_FALSE(one.keys.client_to_engine == two.keys.client_to_engine);
    CHECK_FALSE(one.keys.engine_to_client == two.keys.engine_to_client);
    CHECK(grant_in(stage, one.connect_token).serial != grant_in(stage, two.connect_token).serial);
    CHECK(say(stage, hello_with(stage, two.connect_token)).welcome);
    CHECK(say(stage, hello_with(stage, one.connect_token)).welcome);
}

TEST_CASE("[J12] the owner's token gets one that makes an owner") {
    Stage stage;
    const Heard heard = say(stage, hello_with(stage, token_for(stage, with_link(stage.room.owner_token))));
    REQUIRE(heard.welcome);
    CHECK(heard.welcome->roles == 1);
}

TEST_CASE("[J12] a connect token opens until the microsecond at which it expires") {
    Stage stage;
    const std::string token = token_for_link(stage);
    const std::string late = token_for_link(stage);
    const ServerTime expires = stage.clock.time + seal::connect_token_life;
    stage.clock.time = expires - Microseconds{1};
    CHECK(say(stage, hello_with(stage, token)).welcome);
    stage.clock.time = std::max(stage.clock.time, expires);
    CHECK(say(stage, hello_with(stage, late)).code == ErrorCode::token_stale);
}

TEST_CASE("[J12] a connect token of another room, another engine or another run of it opens nothing") {
    Stage stage;
    const RoomId other = stage.shard.create({.id = room_id("other")}).value().id;
    const std::string token = token_for_link(stage);
    Peer astray = stage.connect(other);
    Hello hello = hello_with(stage, token);
    hello.room = "other";
    CHECK(say(stage, astray, hello).code == ErrorCode::token_foreign);
    CHECK(say(stage, hello_with(stage, token)).welcome); // that cost it nothing

    for (const EngineRun& run : {EngineRun{78, {}}, EngineRun{77, {std::array<std::byte, 32>{std::byte{1}}}}}) {
        Stage elsewhere{run};
        CHECK(say(stage, hello_with(stage, token_for_link(elsewhere))).code == ErrorCode::token_wrong);
    }
    std::string altered = token_for_link(stage);
    char& middle = altered[altered.size() / 2];
    middle = middle == 'A' ? 'B' : 'A';
    const ErrorCode code = say(stage, hello_with(stage, altered)).code;
    CHECK((code == ErrorCode::token_wrong || code == ErrorCode::token_malformed));
    CHECK(say(stage, hello_with(stage, "c.den")).code == ErrorCode::token_malformed);
    CHECK(say(stage, hello_with(stage, "c.den.AAAA")).code == ErrorCode::token_malformed);
}

TEST_CASE("[J12] a connect token does not outlive its room: another of the same name has other owners and viewers") {
    SessionSettings settings;
    settings.empty_room_expiry = seconds{1};
    Stage stage{settings};
    const RoomRequest request{.id = room_id("brief")};
    const std::string owner = stage.shard.create(request).value().owner_token;
    const std::string token = stage.shard.issue(*request.id, with_link(owner)).value().connect_token;
    stage.pass(seconds{3});
    REQUIRE_FALSE(stage.shard.find(*request.id));
    stage.shard.create(request).value();
    Peer peer = stage.connect(*request.id);
    Hello hello = hello_with(stage, token);
    hello.room = "brief";
    CHECK(say(stage, peer, hello).code == ErrorCode::token_wrong);
}

TEST_CASE("[J12] who has a kept place gets a token that leads back to it") {
    Stage stage;
    Peer ann = stage.join();
    const Welcome welcome = ann.hear_one<Welcome>().value();
    const Heard moved = say(stage, hello_with(stage, token_for(stage, with_place(welcome.resume_token))));
    REQUIRE(moved.welcome);
    CHECK(moved.welcome->resumed);
    CHECK(moved.welcome->viewer == welcome.viewer);
    CHECK(ann.line().close_code == ErrorCode::replaced);
    CHECK(stage.state().viewers.size() == 1);
}

TEST_CASE("[J12] a token for a place that is gone meanwhile is stale, and one for anybody makes someone new") {
    Stage stage;
    Peer ann = stage.join();
    const std::string resume = ann.hear_one<Welcome>()->resume_token;
    const std::string for_place = token_for(stage, with_place(resume));
    ann.say(Bye{});
    stage.tick();
    CHECK(say(stage, hello_with(stage, for_place)).code == ErrorCode::token_stale);
    const Heard heard = say(stage, hello_with(stage, token_for_link(stage), resume));
    REQUIRE(heard.welcome);
    CHECK_FALSE(heard.welcome->resumed);
    CHECK(heard.welcome->viewer == ViewerId{2});
}

TEST_CASE("[J12] a resume token in the hello is looked at first and leaves the connect token unused") {
    Stage stage;
    Peer ann = stage.join();
    const std::string resume = ann.hear_one<Welcome>()->resume_token;
    const std::string token = token_for_link(stage);
    CHECK(say(stage, hello_with(stage, token, resume)).welcome->resumed);
    const Heard other = say(stage, hello_with(stage, token));
    REQUIRE(other.welcome);
    CHECK(other.welcome->viewer == ViewerId{2});
}

TEST_CASE("[J13] each wrong request for a connect token has its refusal") {
    Stage stage;
    const auto other = stage.shard.create({.id = room_id("other")}).value();
    const std::string secret = ".AAAAAAAAAAAAAAAAAAAAAA";
    CHECK(refusal(stage, {}) == ErrorCode::token_missing);
    CHECK(refusal(stage, with_link("nonsense")) == ErrorCode::token_malformed);
    CHECK(refusal(stage, with_link("r.den" + secret)) == ErrorCode::token_malformed);
    CHECK(refusal(stage, with_link("j.den" + secret)) == ErrorCode::token_wrong);
    CHECK(refusal(stage, with_link("o" + stage.room.join_token.substr(1))) == ErrorCode::token_wrong);
    CHECK(refusal(stage, with_link(other.join_token)) == ErrorCode::token_foreign);
    CHECK(refusal(stage, with_place("r.den" + secret)) == ErrorCode::token_stale);
    CHECK(refusal(stage, with_place("r.other" + secret)) == ErrorCode::token_foreign);
    CHECK(refusal(stage, with_place(stage.room.join_token)) == ErrorCode::token_malformed);
    // Or whoever has stolen one could live on it for ever.
    CHECK(refusal(stage, with_link(token_for_link(stage))) == ErrorCode::token_malformed);
    CHECK(stage.shard.issue(room_id("nowhere"), with_link(stage.room.join_token)).error().code ==
          ErrorCode::room_unknown);
    CHECK(stage.shard.metrics().connect_tokens_issued_total == 1);
    stage.shard.drain();
    CHECK(refusal(stage, with_link(stage.room.join_token)) == ErrorCode::draining);
}

TEST_CASE("[J13] a full room gives tokens to its own viewers only, and tokens make no room fuller") {
    SessionSettings settings;
    settings.viewers_per_room_max = 2;
    Stage stage{settings};
    const std::string early = token_for_link(stage);
    const std::string resume = stage.join("Ann").hear_one<Welcome>()->resume_token;
    stage.join("Bob");
    CHECK(refusal(stage, with_link(stage.room.join_token)) == ErrorCode::room_full);
    CHECK(say(stage, hello_with(stage, early)).code == ErrorCode::room_full);
    CHECK(say(stage, hello_with(stage, token_for(stage, with_place(resume)))).welcome);
}

TEST_CASE("[J11] a ban holds where a token is asked for, and where one is said that was asked for before it") {
    Stage stage{plugins({bouncer})};
    Peer ben = stage.connect(stage.room.id, "203.0.113.7:5");
    Hello hello = stage.hello("Ben");
    hello.device = "ben-device";
    ben.say(hello);
    stage.tick();
    const Welcome welcome = ben.hear_one<Welcome>().value();
    const std::string early = token_for_link(stage);
    Peer host = stage.join("Host");
    host.say(plugin_command(1, "bouncer", "ban", map({{"viewer", Value{std::int64_t{welcome.viewer.value}}}})));
    stage.tick(2);
    REQUIRE(stage.shard.metrics().bans_total == 1);

    const std::string& link = stage.room.join_token;
    const auto refused = stage.shard.issue(stage.room.id, with_link(link, "ben-device", "192.0.2.9"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::banned);
    CHECK(refused.error().retry_ms > 50'000);
    CHECK(refusal(stage, with_link(link, "fresh-device", "203.0.113.7")) == ErrorCode::banned);
    JoinRequest with_old_place = with_link(link, "", "192.0.2.9");
    with_old_place.resume_token = welcome.resume_token;
    CHECK(refusal(stage, with_old_place) == ErrorCode::banned);
    CHECK(refusal(stage, with_link(link, "eve-device", "192.0.2.9")) == ErrorCode::none);
    CHECK(refusal(stage, with_link(stage.room.owner_token, "ben-device")) == ErrorCode::none);

    Peer again = stage.connect(stage.room.id, "192.0.2.9:5");
    hello.join_token = early;
    CHECK(say(stage, again, hello).code == ErrorCode::banned);
}

TEST_CASE("[J14] an engine may take connect tokens only; links then get them, and places are resumed as ever") {
    SessionSettings settings;
    settings.connect_tokens_only = true;
    Stage stage{settings};
    for (const std::string& bare : {stage.room.join_token, stage.room.owner_token}) {
        const Heard heard = say(stage, hello_with(stage, bare));
        CHECK(heard.code == ErrorCode::token_stale);
        CHECK(heard.message.find("POST /api/v1/rooms/den/join") != std::string::npos);
    }
    Peer ann = stage.connect();
    const Heard heard = say(stage, ann, hello_with(stage, token_for_link(stage)));
    REQUIRE(heard.welcome);
    ann.vanish();
    CHECK(say(stage, hello_with(stage, "", heard.welcome->resume_token)).welcome->resumed);
}

TEST_CASE("[J15] what a transport has proven stands for the token in the hello") {
    Stage stage;
    const auto connect_with = [&](const std::string& token) {
        Peer peer = stage.connect();
        peer.line().grant = grant_in(stage, token);
        return peer;
    };
    Peer owner = connect_with(token_for(stage, with_link(stage.room.owner_token)));
    const Heard first = say(stage, owner, hello_with(stage, ""));
    REQUIRE(first.welcome);
    CHECK(first.welcome->roles == 1);

    // The connect token may be said again; it is not used twice by that.
    const std::string token = token_for_link(stage);
    REQUIRE(stage.shard.used_tokens().use(grant_in(stage, token), stage.clock.time));
    Peer ann = connect_with(token);
    const Heard second = say(stage, ann, hello_with(stage, token));
    REQUIRE(second.welcome);

    Peer back = connect_with(token_for(stage, with_place(second.welcome->resume_token)));
    const Heard third = say(stage, back, hello_with(stage, ""));
    REQUIRE(third.welcome);
    CHECK(third.welcome->resumed);
    CHECK(third.welcome->viewer == second.welcome->viewer);
}

TEST_CASE("[J15] a proof for another room or for a place that is gone is none") {
    Stage stage;
    const auto other = stage.shard.create({.id = room_id("other")}).value();
    Peer astray = stage.connect();
    astray.line().grant =
        grant_in(stage, stage.shard.issue(other.id, with_link(other.join_token)).value().connect_token);
    CHECK(say(stage, astray, hello_with(stage, "")).code == ErrorCode::token_foreign);

    Peer ann = stage.join();
    const seal::ConnectGrant gone =
        grant_in(stage, token_for(stage, with_place(ann.hear_one<Welcome>()->resume_token)));
    ann.say(Bye{});
    stage.tick();
    Peer late = stage.connect();
    late.line().grant = gone;
    CHECK(say(stage, late, hello_with(stage, "")).code == ErrorCode::token_stale);
    Peer with_more = stage.connect(); // the link itself is more to go on
    with_more.line().grant = gone;
    const Heard heard = say(stage, with_more, hello_with(stage, stage.room.join_token));
    REQUIRE(heard.welcome);
    CHECK_FALSE(heard.welcome->resumed);
}
