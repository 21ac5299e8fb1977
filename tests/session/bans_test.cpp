#include "session/bans.hpp"
#include "session/peer_network.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::seconds;

namespace {

// What a moderator could ask for, open to everybody.
const PluginText bouncer{"bouncer",
                         R"(grants = { "kick", "ban" },
       shared = { left = { kind = "ring", size = 20, of = "text" } },
       commands = { kick = { args = { viewer = "viewer" } },
                    ban = { args = { viewer = "viewer", seconds = "int" } },
                    unban = { args = { who = "any" } } })",
                         R"(P:command("kick", function(room, call) room:kick(call.args.viewer, "too loud") end)
       P:command("ban", function(room, call) room:ban(call.args.viewer, call.args.seconds, "too rude") end)
       P:command("unban", function(room, call) room:unban(call.args.who) end)
       P:on("leave", function(room, event) P.shared.left:push(event.why) end))"};

struct Party {
    Stage stage{plugins({bouncer})};
    std::uint32_t sequence = 0;
    Peer host;

    Party() : host(enter("Host", "198.51.100.1:1", "host-device")) { host.hear(); }

    Hello hello(const std::string& name, const std::string& device) const {
        Hello hello = stage.hello(name);
        hello.device = device;
        return hello;
    }
    Peer enter(const std::string& name, const std::string& address, const std::string& device,
               const std::string& resume_token = {}) {
        Peer peer = stage.connect(stage.room.id, address);
        Hello wanted = hello(name, device);
        wanted.resume_token = resume_token;
        peer.say(wanted);
        stage.tick();
        return peer;
    }
    void order(std::string name, Value::Map args) {
        host.say(plugin_command(++sequence, "bouncer", std::move(name), map(std::move(args))));
        stage.tick(2);
    }
    void ban(ViewerId viewer, std::int64_t seconds) {
        order("ban", {{"viewer", Value{std::int64_t{viewer.value}}}, {"seconds", Value{seconds}}});
    }
    std::string last_why() const {
        const Value* why = nullptr;
        const SharedTable* table = stage.state().shared.find(TableName{"bouncer", "left"});
        if (table && !table->entries().empty()) why = &table->entries().rbegin()->second.value();
        return why && why->get_if<std::string>() ? *why->get_if<std::string>() : "";
    }
};

bool let_in(Peer& peer) {
    bool welcome = false;
    for (const ServerMessage& message : peer.hear()) welcome |= std::holds_alternative<Welcome>(message);
    return welcome;
}

Error refusal(Peer& peer) {
    const auto goodbye = peer.hear_one<Goodbye>();
    return goodbye ? goodbye->error : Error{ErrorCode::none, ""};
}

} // namespace

TEST_CASE("[J11] a kicked viewer is told why, its place is gone, and it may come again as someone new") {
    Party party;
    Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
    const Welcome welcome = ben.hear_one<Welcome>().value();
    party.order("kick", {{"viewer", Value{std::int64_t{welcome.viewer.value}}}});
    const auto goodbye = ben.hear_one<Goodbye>();
    REQUIRE(goodbye);
    CHECK(goodbye->error.code == ErrorCode::kicked);
    CHECK(goodbye->error.message.find("too loud") != std::string::npos);
    CHECK_FALSE(goodbye->resumable);
    CHECK(ben.line().close_code == ErrorCode::kicked);
    CHECK_FALSE(party.stage.state().viewers.contains(welcome.viewer));
    CHECK(party.last_why() == "kicked");
    CHECK(party.stage.shard.metrics().kicks_total == 1);

    Peer again = party.enter("Ben", "203.0.113.7:6", "ben-device", welcome.resume_token);
    const Welcome second = again.hear_one<Welcome>().value();
    CHECK_FALSE(second.resumed);
    CHECK(second.viewer != welcome.viewer);
}

TEST_CASE("[J11] a banned viewer does not come back by another tab, its old token, another device or another name") {
    Party party;
    Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
    const Welcome welcome = ben.hear_one<Welcome>().value();
    party.ban(welcome.viewer, 60);
    CHECK(refusal(ben).code == ErrorCode::banned);
    CHECK(party.last_why() == "banned");

    Peer new_tab = party.enter("Bob", "192.0.2.9:5", "ben-device");
    const Error held = refusal(new_tab);
    CHECK(held.code == ErrorCode::banned);
    CHECK(held.message.find("too rude") != std::string::npos);
    CHECK(held.retry_ms > 50'000);
    CHECK(held.retry_ms <= 60'000);
    Peer same_token = party.enter("Bob", "192.0.2.9:5", "", welcome.resume_token);
    CHECK(refusal(same_token).code == ErrorCode::banned);
    Peer other_browser = party.enter("Bob", "203.0.113.7:99", "fresh-device");
    CHECK(refusal(other_browser).code == ErrorCode::banned);
    Peer stranger = party.enter("Eve", "192.0.2.9:5", "eve-device");
    CHECK(let_in(stranger));

    party.stage.pass(seconds{61});
    Peer after = party.enter("Ben", "203.0.113.7:5", "ben-device");
    CHECK(let_in(after));
}

TEST_CASE("[J11] a ban closes the other tabs of the same device, and nobody else behind the same address") {
    Party party;
    Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
    Peer tab = party.enter("Ben too", "203.0.113.7:6", "ben-device");
    Peer sister = party.enter("Ann", "203.0.113.7:7", "ann-device");
    const Welcome anns = sister.hear_one<Welcome>().value();
    party.ban(ben.hear_one<Welcome>().value().viewer, 60);
    CHECK(refusal(tab).code == ErrorCode::banned);
    CHECK_FALSE(sister.closed());
    // She may even reload her page: her place is kept, and it is not the one that was meant.
    sister.vanish();
    party.stage.tick();
    Peer reloaded = party.enter("Ann", "203.0.113.7:8", "ann-device", anns.resume_token);
    CHECK(reloaded.hear_one<Welcome>().value().resumed);
}

TEST_CASE("[J11] the owner's token always opens") {
    Party party;
    Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
    party.ban(ben.hear_one<Welcome>().value().viewer, 60);
    Peer owner = party.stage.connect(party.stage.room.id, "203.0.113.7:5");
    Hello hello = party.hello("Ben", "ben-device");
    hello.join_token = party.stage.room.owner_token;
    owner.say(hello);
    party.stage.tick();
    CHECK(let_in(owner));
}

TEST_CASE("[J11] who leaves before the ban comes is held as well") {
    Party party;
    Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
    const Welcome welcome = ben.hear_one<Welcome>().value();
    party.host.say(plugin_command(
        ++party.sequence, "bouncer", "ban",
        map({{"viewer", Value{std::int64_t{welcome.viewer.value}}}, {"seconds", Value{std::int64_t{60}}}})));
    ben.say(Bye{}); // in the same tick
    party.stage.tick(2);
    Peer again = party.enter("Ben", "192.0.2.1:1", "ben-device");
    CHECK(refusal(again).code == ErrorCode::banned);
}

TEST_CASE("[J11] a ban is lifted by the viewer's id or its name") {
    Party party;
    for (const bool by_name : {false, true}) {
        Peer ben = party.enter("Ben", "203.0.113.7:5", "ben-device");
        const ViewerId viewer = ben.hear_one<Welcome>().value().viewer;
        party.ban(viewer, 600);
        Peer held = party.enter("Ben", "203.0.113.7:5", "ben-device");
        CHECK_FALSE(let_in(held));
        party.order("unban", {{"who", by_name ? Value{std::string{"Ben"}} : Value{std::int64_t{viewer.value}}}});
        Peer free = party.enter("Ben", "203.0.113.7:5", "ben-device");
        CHECK(let_in(free));
        free.say(Bye{});
        party.stage.tick();
    }
}

TEST_CASE("bans are bounded: the one that ends first gives way, and an id is banned once") {
    Bans bans;
    const ServerTime now{seconds{100}};
    const auto traces = [](std::uint32_t n) {
        Traces left;
        left.viewer = ViewerId{n};
        left.device = Device{"device " + std::to_string(n)};
        return left;
    };
    for (std::uint32_t n = 1; n <= Bans::bans_max + 1; ++n) bans.add(traces(n), "x", "", 1000 + n, now);
    CHECK(bans.size() == Bans::bans_max);
    CHECK(bans.holding({}, Device{"device 1"}, {}, now) == nullptr);
    CHECK(bans.holding({}, Device{"device 2"}, {}, now) != nullptr);
    bans.add(traces(2), "x", "", 5, now);
    CHECK(bans.size() == Bans::bans_max);
    CHECK(bans.holding({}, Device{"device 2"}, {}, now + seconds{6}) == nullptr);
    CHECK(bans.holding({}, Device{""}, {}, now) == nullptr); // no device is nobody's device
    bans.add(traces(5000), "x", "", std::int64_t{1} << 62, now);
    CHECK(bans.holding({}, Device{"device 5000"}, {}, now + Bans::length_max - seconds{1}) != nullptr);
}

TEST_CASE("a peer's network is its IPv4 address or its IPv6 /64, and loopback is nobody's") {
    CHECK(network_of("203.0.113.7:5123") == PeerNetwork{4, 0xCB007107});
    CHECK(network_of("203.0.113.7:1") == network_of("203.0.113.7:2"));
    CHECK(network_at("203.0.113.7") == network_of("203.0.113.7:1"));
    CHECK(network_at("2001:db8:1:2::") == network_of("[2001:db8:1:2:3:4:5:6]:443"));
    CHECK_FALSE(network_at("203.0.113.7:1").known());
    CHECK_FALSE(network_at("[2001:db8:1:2::]").known());
    CHECK_FALSE(network_at("127.0.0.1").known());
    CHECK_FALSE(network_at("").known());
    CHECK(network_of("203.0.113.7:1") != network_of("203.0.113.8:1"));
    CHECK(network_of("[2001:db8:1:2:3:4:5:6]:443") == PeerNetwork{6, 0x20010DB800010002});
    CHECK(network_of("[2001:db8:1:2::1]:1") == network_of("[2001:db8:1:2:ffff::9]:2"));
    CHECK(network_of("[2001:db8:1:3::1]:1") != network_of("[2001:db8:1:2::1]:1"));
    CHECK(network_of("[::ffff:203.0.113.7]:1") == network_of("203.0.113.7:1"));
    for (const char* nobody : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "loopback", "", ":",
                               "[", "unknown", "1.2.3:4", "2001:db8::1:5"}) {
        CAPTURE(nobody);
        CHECK_FALSE(network_of(nobody).known());
    }
}
