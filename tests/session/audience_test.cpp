#include "session/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::testing;

namespace {

// Something for everyone, something for moderators, and a way to become one.
const PluginText notes{"notes",
                       R"(grants = { "roles" },
       shared = { open = { kind = "value", of = "text" },
                  staff = { kind = "map", key = "text", of = "text", size = 20, to = "moderators" } },
       commands = { write = { args = { text = "text:0..100" } },
                    note = { args = { key = "text", text = "text:0..100" } },
                    promote = { args = { viewer = "viewer" } },
                    demote = { args = { viewer = "viewer" } } })",
                       R"(P:command("write", function(room, call) P.shared.open = call.args.text end)
       P:command("note", function(room, call) P.shared.staff[call.args.key] = call.args.text end)
       P:command("promote", function(room, call) room:grant(call.args.viewer, "moderator") end)
       P:command("demote", function(room, call) room:revoke(call.args.viewer, "moderator") end))"};

const TableName staff{"notes", "staff"};
const TableName open_note{"notes", "open"};

// A viewer that keeps a replica of what it is sent.
struct Watcher {
    Peer peer;
    ViewerId viewer;
    std::string resume_token;
    Replica replica;
    std::size_t snapshots = 0;
    std::size_t mismatches = 0;
    std::uint32_t sequence = 0;

    explicit Watcher(Peer from) : peer(std::move(from)) { listen(); }
    void listen() {
        for (const ServerMessage& message : peer.hear()) {
            if (const auto* welcome = std::get_if<Welcome>(&message)) {
                viewer = welcome->viewer;
                resume_token = welcome->resume_token;
            } else if (const auto* snapshot = std::get_if<Snapshot>(&message)) {
                ++snapshots;
                mismatches += replica.apply(*snapshot) == Replica::Applied::hash_mismatch;
            } else if (const auto* delta = std::get_if<Delta>(&message)) {
                const auto applied = replica.apply(*delta);
                mismatches += applied == Replica::Applied::hash_mismatch || applied == Replica::Applied::needs_snapshot;
            } else if (const auto* beacon = std::get_if<Beacon>(&message)) {
                mismatches += beacon->version == replica.version() && beacon->state_hash != replica.state_hash();
            }
        }
    }
    void ask(Stage& stage, std::string name, Value args) {
        peer.say(plugin_command(++sequence, "notes", std::move(name), std::move(args)));
        stage.tick();
    }
    bool sees(const TableName& table) const {
        const auto found = replica.shared().find(table);
        return found != replica.shared().end() && !found->second.empty();
    }
};

Value viewer_args(ViewerId viewer) { return map({{"viewer", Value{std::int64_t{viewer.value}}}}); }
Value note_args(const std::string& key, const std::string& text) {
    return map({{"key", Value{key}}, {"text", Value{text}}});
}
Value text_args(const std::string& text) { return map({{"text", Value{text}}}); }

Watcher join_as_owner(Stage& stage) {
    Peer peer = stage.connect();
    Hello hello = stage.hello("Olga");
    hello.join_token = stage.room.owner_token;
    peer.say(hello);
    stage.tick();
    return Watcher{peer};
}

void everyone_listens(std::vector<Watcher*> watchers) {
    for (Watcher* watcher : watchers) watcher->listen();
}

} // namespace

TEST_CASE("[P2] each viewer is served what its level may see, and its hash is over just that") {
    Stage stage{plugins({notes})};
    Watcher owner = join_as_owner(stage);
    Watcher guest{stage.join("Gast")};
    owner.ask(stage, "write", text_args("hello"));
    owner.ask(stage, "note", note_args("a", "watch Gast"));
    stage.pass(Microseconds{2'000'000});
    everyone_listens({&owner, &guest});
    CHECK(owner.sees(open_note));
    CHECK(guest.sees(open_note));
    CHECK(owner.sees(staff));
    CHECK_FALSE(guest.sees(staff));
    CHECK(owner.replica.state_hash() == StateHash::of(stage.state(), Audience::owner));
    CHECK(guest.replica.state_hash() == StateHash::of(stage.state(), Audience::everyone));
    CHECK(owner.replica.state_hash() != guest.replica.state_hash());
    CHECK(owner.mismatches + guest.mismatches == 0);

    SUBCASE("a late joiner of each level has what the present ones have") {
        Watcher late_owner = join_as_owner(stage);
        Watcher late_guest{stage.join("Spat")};
        everyone_listens({&owner, &guest, &late_owner});
        CHECK(late_owner.replica.shared() == owner.replica.shared());
        CHECK(late_guest.replica.shared() == guest.replica.shared());
        CHECK(late_owner.replica.state_hash() == owner.replica.state_hash());
        CHECK(late_guest.replica.state_hash() == guest.replica.state_hash());
    }
}

TEST_CASE("[P2] who becomes a moderator gets a snapshot, and who is none any more keeps nothing") {
    Stage stage{plugins({notes})};
    Watcher owner = join_as_owner(stage);
    Watcher guest{stage.join("Gast")};
    Watcher other{stage.join("Else")};
    owner.ask(stage, "note", note_args("a", "one"));
    everyone_listens({&owner, &guest, &other});
    const std::size_t others = other.snapshots;

    owner.ask(stage, "promote", viewer_args(guest.viewer));
    guest.listen();
    CHECK(guest.snapshots == 2);
    CHECK(guest.sees(staff));
    owner.ask(stage, "note", note_args("b", "two"));
    guest.listen();
    CHECK(guest.snapshots == 2); // deltas again
    CHECK(guest.replica.shared().at(staff).size() == 2);

    owner.ask(stage, "demote", viewer_args(guest.viewer));
    guest.listen();
    CHECK(guest.snapshots == 3);
    CHECK_FALSE(guest.sees(staff));
    everyone_listens({&owner, &other});
    CHECK(other.snapshots == others);
    CHECK(owner.mismatches + guest.mismatches + other.mismatches == 0);
}

TEST_CASE("[P2] a level that changed while the viewer was away gets a snapshot when it is back") {
    Stage stage{plugins({notes})};
    Watcher owner = join_as_owner(stage);
    Watcher guest{stage.join("Gast")};
    owner.ask(stage, "note", note_args("a", "one"));
    const auto back = [&](const Watcher& from) {
        Peer peer = stage.connect();
        Hello hello = stage.hello();
        hello.resume_token = from.resume_token;
        hello.have_epoch = from.replica.epoch();
        hello.have_version = from.replica.version();
        peer.say(hello);
        stage.tick();
        return peer;
    };
    guest.listen();
    guest.peer.vanish();
    owner.ask(stage, "promote", viewer_args(guest.viewer));
    guest.peer = back(guest);
    guest.listen();
    CHECK(guest.snapshots == 2);
    CHECK(guest.sees(staff));

    // A frame of the new level that was lost with its connection does not count as seen.
    const Watcher before = guest;
    owner.ask(stage, "demote", viewer_args(guest.viewer));
    guest.peer.vanish();
    owner.ask(stage, "write", text_args("later"));
    guest.peer = back(before);
    guest.replica = before.replica;
    guest.snapshots = 0;
    guest.listen();
    CHECK(guest.snapshots == 1);
    CHECK_FALSE(guest.sees(staff));
    CHECK(guest.mismatches == 0);

    // And where nothing changed a delta does.
    guest.peer.vanish();
    owner.ask(stage, "write", text_args("later still"));
    guest.peer = back(guest);
    guest.listen();
    CHECK(guest.snapshots == 1);
    CHECK(guest.replica.version() == stage.state().version);
    CHECK(guest.mismatches == 0);
}

TEST_CASE("[P2] levels that see the same share their frames") {
    Stage stage{plugins({{"plain", R"(shared = { line = { kind = "value", of = "text" } },
                                      commands = { write = { args = { text = "text" } } })",
                          R"(P:command("write", function(room, call) P.shared.line = call.args.text end))"}})};
    Watcher owner = join_as_owner(stage);
    std::vector<Watcher> guests;
    for (int i = 0; i < 5; ++i) guests.emplace_back(stage.join());
    stage.tick(2);
    const std::uint64_t encoded = stage.shard.metrics().deltas_encoded_total;
    owner.peer.say(plugin_command(1, "plain", "write", text_args("x")));
    stage.tick();
    CHECK(stage.shard.metrics().deltas_encoded_total == encoded + 1);
}
