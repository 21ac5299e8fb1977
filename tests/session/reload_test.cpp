#include "session/support.hpp"

#include <doctest/doctest.h>

#include <optional>

using namespace playhead;
using namespace playhead::testing;

namespace {

// Counts what it was asked to; each version by another step.
PluginText counter(const std::string& version, const std::string& step, const std::string& more = "") {
    return {"counter", R"(shared = { n = { kind = "counter" } }, commands = { add = {} })",
            "P:command('add', function(room, call) P.shared.n:add(" + step + ") end)\n" + more, version};
}

std::int64_t count(const Stage& stage, const RoomId& room) {
    const Value* value = stage.shard.state(room)->shared.find(TableName{"counter", "n"}, EntryKey{});
    return value && value->get_if<std::int64_t>() ? *value->get_if<std::int64_t>() : -1;
}

PluginReload reload(Stage& stage, PluginSets sets, int ticks_max = 50) {
    std::optional<PluginReload> result;
    stage.shard.reload(std::move(sets), [&](PluginReload done) { result = std::move(done); });
    for (int i = 0; i < ticks_max && !result; ++i) stage.tick();
    REQUIRE(result);
    return *result;
}

struct Counting {
    Stage stage{};
    CreatedRoom room;
    Peer ann;
    std::uint32_t sequence = 0;

    explicit Counting(const PluginText& text) : room(make(stage, text)), ann(stage.connect(room.id)) {
        Hello hello = stage.hello();
        hello.room = room.id.text();
        hello.join_token = room.join_token;
        ann.say(hello);
        stage.tick();
    }
    static CreatedRoom make(Stage& stage, const PluginText& text) {
        stage.shard.use_plugins({plugins({text}), {}});
        return stage.shard.create({.id = room_id("count")}).value();
    }
    std::int64_t add() {
        ann.say(plugin_command(++sequence, "counter", "add"));
        stage.tick();
        return count(stage, room.id);
    }
    std::string version() const { return stage.shard.find(room.id)->plugins.at(0).version; }
};

} // namespace

TEST_CASE("a reload swaps the code at a tick and keeps the state") {
    Counting counting{counter("1.0.0", "1")};
    CHECK(counting.add() == 1);
    const PluginReload done = reload(counting.stage, {plugins({counter("1.1.0", "10")}), {}});
    CHECK(done.ok());
    CHECK(done.rooms_swapped == 2); // the stage's own room had no plugins until now
    REQUIRE(done.plugins.size() == 1);
    CHECK(done.plugins[0].version == "1.1.0");
    CHECK(counting.version() == "1.1.0");
    CHECK(counting.add() == 11);
    // Rooms that come later have the new code, too.
    const CreatedRoom later = counting.stage.shard.create({.id = room_id("later")}).value();
    CHECK(counting.stage.shard.find(later.id)->plugins.at(0).version == "1.1.0");
}

TEST_CASE("code that fails its own test is refused for all rooms, and says where") {
    Counting counting{counter("1.0.0", "1")};
    const PluginReload done =
        reload(counting.stage,
               {plugins({counter("1.1.0", "10", "P:self_test(function() error('nothing adds up') end)")}), {}});
    CHECK_FALSE(done.ok());
    CHECK(done.rooms_swapped == 0);
    REQUIRE(done.problems.size() == 1);
    CHECK(done.problems[0].find("nothing adds up") != std::string::npos);
    CHECK(counting.version() == "1.0.0");
    CHECK(counting.add() == 1);
}

TEST_CASE("a room whose state the new code cannot take over keeps the old, and says why") {
    Counting counting{counter("1.0.0", "1")};
    counting.add();
    const PluginReload done = reload(
        counting.stage,
        {plugins({counter(
             "2.0.0", "10",
             "P:migrate(function(old_version, old) if old.shared.n == 1 then error('one is too few') end end)")}),
         {}});
    CHECK_FALSE(done.ok());
    CHECK(done.rooms_kept == 1);
    REQUIRE(done.kept.size() == 1);
    CHECK(done.kept[0].room == counting.room.id);
    CHECK(done.kept[0].why.find("one is too few") != std::string::npos);
    CHECK(counting.version() == "1.0.0");
    CHECK(counting.add() == 2);
}

TEST_CASE("a reload of what runs already changes nothing") {
    Counting counting{counter("1.0.0", "1")};
    counting.add();
    const Version before = counting.stage.shard.state(counting.room.id)->version;
    const auto none = std::make_shared<const PluginSet>(std::vector<Plugin>{});
    const PluginReload done =
        reload(counting.stage, {plugins({counter("1.0.0", "1")}), {{counting.stage.room.id, none}}});
    CHECK(done.ok());
    CHECK(done.rooms_swapped == 0);
    CHECK(done.rooms_unchanged == 2);
    CHECK(counting.stage.shard.state(counting.room.id)->version == before);
}

TEST_CASE("viewers see a reload as changed state, and a late joiner sees the same") {
    Counting counting{counter("1.0.0", "1")};
    counting.add();
    Replica replica;
    for (const ServerMessage& message : counting.ann.hear()) {
        if (const auto* snapshot = std::get_if<Snapshot>(&message)) replica.apply(*snapshot);
        if (const auto* delta = std::get_if<Delta>(&message)) replica.apply(*delta);
    }
    const auto next = plugins({{"counter", R"(shared = { n = { kind = "counter" }, m = { kind = "counter" } },
                                              commands = { add = {} })",
                                "P:command('add', function(room, call) P.shared.m:add(1) end)", "1.2.0"}});
    CHECK(reload(counting.stage, {next, {}}).ok());
    counting.add();
    for (const ServerMessage& message : counting.ann.hear()) {
        if (const auto* snapshot = std::get_if<Snapshot>(&message))
            CHECK(replica.apply(*snapshot) == Replica::Applied::updated);
        if (const auto* delta = std::get_if<Delta>(&message)) CHECK(replica.apply(*delta) == Replica::Applied::updated);
    }
    CHECK(replica.state_hash() == StateHash::of(*counting.stage.shard.state(counting.room.id)));
    CHECK(replica.shared().contains(TableName{"counter", "m"}));
}

TEST_CASE("many rooms are reloaded over many ticks, and none is forgotten") {
    Stage stage;
    stage.shard.use_plugins({plugins({counter("1.0.0", "1")}), {}});
    for (int i = 0; i < 50; ++i) stage.shard.create({.id = room_id("room" + std::to_string(i))}).value();
    stage.clock.per_look = Microseconds{1000}; // so that a tick has time for few
    std::optional<PluginReload> result;
    stage.shard.reload({plugins({counter("1.1.0", "10")}), {}}, [&](PluginReload done) { result = std::move(done); });
    stage.tick();
    CHECK_FALSE(result);
    for (int i = 0; i < 100 && !result; ++i) stage.tick();
    REQUIRE(result);
    CHECK(result->rooms_swapped == 51); // the stage's own among them
    for (int i = 0; i < 50; ++i)
        CHECK(stage.shard.find(room_id("room" + std::to_string(i)))->plugins.at(0).version == "1.1.0");
}
