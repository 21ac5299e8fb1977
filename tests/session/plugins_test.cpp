#include "session/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::seconds;

namespace {

// Only the viewer who came first may seek; and everything that a plugin can be told is written down.
const PluginText diary{"diary",
                       R"(grants = { "wall_time" },
       shared = { lines = { kind = "ring", size = 50, of = "text" } },
       commands = { tell = { args = { name = "text", text = "text", viewer = "viewer?" } },
                    sum = { args = { a = "int", b = "int" } } },
       signals = { poke = { args = { n = "int" } } },
       events = { news = { of = "text" }, gossip = { of = "text", lossy = true }, staff = { of = "text", to = "moderators" } })",
                       R"(local function write(text) P.shared.lines:push(text) end
       P:decide("playback.seek", function(room, ask)
         if ask.viewer and ask.viewer ~= 1 then
           return P.deny("not_first", "only who came first may seek", { first = 1 })
         end
       end)
       P:command("tell", function(room, call) P:emit(call.args.name, call.args.text, call.args.viewer) end)
       P:command("sum", function(room, call) return call.args.a + call.args.b end)
       P:signal("poke", function(room, call) write("poke " .. call.viewer .. " " .. call.args.n) end)
       P:on("join", function(room, event)
         P:emit("news", "welcome " .. event.name, event.viewer)
         write("wall " .. tostring(room:wall_s()))
       end)
       P:on("condition", function(room, event)
         write("condition " .. tostring(event.stalled) .. " " .. tostring(event.away))
       end))"};

std::vector<std::string> lines(const Stage& stage) {
    std::vector<std::string> lines;
    if (const SharedTable* table = stage.state().shared.find(TableName{"diary", "lines"}))
        for (const auto& [key, entry] : table->entries()) lines.push_back(*entry.value().get_if<std::string>());
    return lines;
}

bool wrote(const Stage& stage, const std::string& line) {
    const auto all = lines(stage);
    return std::ranges::find(all, line) != all.end();
}

std::vector<std::string> events(Peer& peer, const std::string& name) {
    std::vector<std::string> texts;
    for (const ServerMessage& message : peer.hear())
        if (const auto* event = std::get_if<PluginEvent>(&message); event && event->name == name)
            texts.push_back(*event->data.get_if<std::string>());
    return texts;
}

ClientCommand tell(std::uint32_t sequence, const std::string& name, const std::string& text, ViewerId viewer = {}) {
    Value::Map args{{"name", Value{name}}, {"text", Value{text}}};
    if (viewer != ViewerId{0}) args.push_back({"viewer", Value{std::int64_t{viewer.value}}});
    return plugin_command(sequence, "diary", "tell", map(std::move(args)));
}

Report report_of(std::uint8_t flags) {
    Report report;
    report.flags = flags;
    return report;
}

} // namespace

TEST_CASE("[S2] a plugin's denial comes back with its name, its reason and its data, and changes nothing") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ben.hear();
    const MediaTime before = stage.state().motion.value().current.anchor_position;
    ben.say(command(1, Seek{MediaTime{9'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    const auto denied = ben.hear_one<Reply>();
    REQUIRE(denied);
    CHECK(denied->verdict == Verdict::refused);
    CHECK(denied->error.code == ErrorCode::denied);
    CHECK(denied->error.message == "only who came first may seek");
    CHECK(denied->plugin == "diary");
    CHECK(denied->reason == "not_first");
    CHECK(denied->data == map({{"first", Value{std::int64_t{1}}}}));
    CHECK(stage.state().motion.value().current.anchor_position == before);

    ann.say(command(1, Seek{MediaTime{9'000'000}}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(stage.state().motion.value().current.anchor_position == MediaTime{9'000'000});
}

TEST_CASE("[S2] a plugin's command is answered with its result, or with what was wrong with it") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    ann.hear();
    ann.say(plugin_command(1, "diary", "sum", map({{"a", Value{std::int64_t{2}}}, {"b", Value{std::int64_t{3}}}})));
    stage.tick();
    auto reply = ann.hear_one<Reply>();
    REQUIRE(reply);
    CHECK(reply->verdict == Verdict::applied);
    CHECK(reply->data == Value{std::int64_t{5}});
    ann.say(plugin_command(2, "diary", "sum", map({{"a", Value{std::int64_t{2}}}})));
    stage.tick();
    reply = ann.hear_one<Reply>();
    REQUIRE(reply);
    CHECK(reply->verdict == Verdict::refused);
    CHECK(reply->error.message.find('b') != std::string::npos);
    ann.say(plugin_command(3, "dairy", "sum"));
    stage.tick();
    reply = ann.hear_one<Reply>();
    REQUIRE(reply);
    CHECK(reply->error.code == ErrorCode::unknown_command);
}

TEST_CASE("[S2] commands for which a tick is too short wait for the next one, in order, and nobody is refused") {
    const PluginText mill{"mill",
                          R"(shared = { ground = { kind = "ring", size = 50, of = "int" } },
       commands = { grind = { args = { n = "int" }, rate = { per_s = 1, burst = 12 } } })",
                          R"(P:command("grind", function(room, call)
         for i = 1, 150000 do end
         P.shared.ground:push(call.args.n)
         return call.args.n
       end))"};
    Stage stage{plugins({mill})};
    Peer ann = stage.join("Ann");
    ann.hear();
    constexpr std::uint32_t commands = 12; // one after the other they take two ticks, and its rate allows no more
    for (std::uint32_t n = 1; n <= commands; ++n)
        ann.say(plugin_command(n, "mill", "grind", map({{"n", Value{std::int64_t{n}}}})));
    const auto heard = [&] {
        std::vector<std::uint32_t> sequences;
        for (const ServerMessage& message : ann.hear()) {
            const auto* reply = std::get_if<Reply>(&message);
            if (!reply) continue;
            CHECK_MESSAGE(reply->verdict == Verdict::applied, reply->error.message);
            CHECK(reply->data == Value{std::int64_t{reply->sequence}});
            sequences.push_back(reply->sequence);
        }
        return sequences;
    };
    stage.tick();
    const auto at_once = heard();
    REQUIRE(at_once.size() > 1);
    REQUIRE(at_once.size() < commands);
    stage.tick();
    const auto later = heard();
    CHECK(at_once.size() + later.size() == commands);
    CHECK(std::ranges::is_sorted(at_once));
    CHECK(std::ranges::is_sorted(later));
    CHECK(later.front() == at_once.size() + 1);
    CHECK(stage.state().shared.find(TableName{"mill", "ground"})->entries().size() == commands);
}

TEST_CASE("[S9] a plugin's events reach their audience, or the one viewer they are for, behind the state") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    Peer owner = stage.connect();
    Hello hello = stage.hello("Olga");
    hello.join_token = stage.room.owner_token;
    owner.say(hello);
    stage.tick();
    // What is told to who has just come comes with the welcome.
    const auto first = owner.hear();
    REQUIRE(first.size() == 3);
    CHECK(std::holds_alternative<Welcome>(first[0]));
    CHECK(std::holds_alternative<Snapshot>(first[1]));
    CHECK(std::get<PluginEvent>(first[2]).data == Value{std::string{"welcome Olga"}});
    ann.hear();

    ann.say(tell(1, "news", "to all"));
    ann.say(tell(2, "staff", "to few"));
    ann.say(tell(3, "gossip", "to one", ViewerId{2}));
    stage.tick();
    const auto at_ann = ann.hear();
    const auto is_event = [](const ServerMessage& message) { return std::holds_alternative<PluginEvent>(message); };
    const auto is_reply = [](const ServerMessage& message) { return std::holds_alternative<Reply>(message); };
    CHECK(std::ranges::count_if(at_ann, is_event) == 1);
    CHECK(std::ranges::find_if(at_ann, is_reply) < std::ranges::find_if(at_ann, is_event));
    const auto at_owner = owner.hear();
    CHECK(std::ranges::count_if(at_owner, is_event) == 3);
    const auto event = std::ranges::find_if(at_owner, is_event);
    REQUIRE(event != at_owner.end());
    CHECK(std::get<PluginEvent>(*event).plugin == "diary");
}

TEST_CASE("[S9] reliable events wait for a slow viewer, lossy ones and beacons do not") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ben.hear();
    ben.block();
    ann.say(tell(1, "news", "first")); // fills the connection
    stage.tick();
    ben.hear();
    for (std::uint32_t n = 2; n <= 6; ++n) ann.say(tell(n, n % 2 == 0 ? "news" : "gossip", std::to_string(n)));
    ann.say(tell(7, "news", "for ben", ViewerId{2}));
    stage.tick(3);
    CHECK(ben.hear().empty());
    ben.unblock();
    CHECK(events(ben, "news") == std::vector<std::string>{"for ben", "2", "4", "6"});
    stage.tick(2);
    CHECK(events(ben, "news").empty()); // once
}

TEST_CASE("[S9] a reliable event that no pass has brought yet is not lost on whoever drains meanwhile") {
    SessionSettings settings;
    settings.fresh_viewers_max = 1; // told in slices, between ticks
    Stage stage{settings, plugins({diary})};
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ben.hear();
    ben.block();
    ann.say(tell(1, "news", "first"));
    stage.tick();
    ben.hear();
    ann.say(tell(2, "news", "second"));
    stage.clock.time = std::max(stage.clock.time, stage.shard.run_due());
    stage.shard.run_due(); // the tick alone
    ben.unblock();
    CHECK(events(ben, "news") == std::vector<std::string>{"second"});
    stage.tick(2);
    CHECK(events(ben, "news").empty());
}

TEST_CASE("[S9] a slow viewer for whom too many reliable events wait is closed, and may resume") {
    SessionSettings settings;
    settings.commands_per_s = 1000;
    settings.command_burst = 1000;
    Stage stage{settings, plugins({diary})};
    Peer ann = stage.join("Ann");
    Peer ben = stage.join("Ben");
    ben.block();
    std::uint32_t sequence = 0;
    for (std::size_t n = 0; n <= Outbox::events_max + 1; ++n) {
        ann.say(tell(++sequence, "news", "x"));
        stage.tick();
        ann.hear();
    }
    stage.pass(seconds{1});
    CHECK(ben.line().close_code == ErrorCode::slow);
    CHECK(stage.shard.metrics().slow_closed_total == 1);
    CHECK_FALSE(ann.closed());
}

TEST_CASE("a signal reaches its plugin with its sender, and a room without plugins drops it") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    ann.say(ClientSignal{"diary", "poke", map({{"n", Value{std::int64_t{7}}}})});
    ann.say(ClientSignal{"nobody", "poke", map({})});
    stage.tick();
    CHECK(wrote(stage, "poke 1 7"));
    CHECK_FALSE(ann.closed());
    Stage plain;
    Peer ben = plain.join("Ben");
    ben.say(ClientSignal{"diary", "poke", map({})});
    plain.tick();
    CHECK_FALSE(ben.closed());
    CHECK(plain.shard.metrics().signals_total == 1);
}

TEST_CASE("plugins hear of a viewer's condition when it changes, and anew when the viewer is back") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    const std::string token = ann.hear_one<Welcome>().value().resume_token;
    constexpr auto stalled = static_cast<std::uint8_t>(ReportFlag::stalled);
    constexpr auto away = static_cast<std::uint8_t>(ReportFlag::away);
    constexpr auto inexact = static_cast<std::uint8_t>(ReportFlag::inexact);
    const auto conditions = [&] {
        const auto all = lines(stage);
        return std::ranges::count_if(all, [](const std::string& line) { return line.starts_with("condition"); });
    };
    for (const std::uint8_t flags : {std::uint8_t{0}, inexact, stalled, stalled, std::uint8_t(stalled | inexact)}) {
        ann.say(report_of(flags));
        stage.tick();
    }
    CHECK(conditions() == 1);
    CHECK(wrote(stage, "condition true false"));
    ann.vanish();
    stage.tick();
    Peer again = stage.connect();
    Hello hello = stage.hello();
    hello.resume_token = token;
    again.say(hello);
    stage.tick();
    again.say(report_of(0));
    stage.tick();
    CHECK(wrote(stage, "condition false false"));
    again.say(report_of(away));
    stage.tick();
    CHECK(wrote(stage, "condition false true"));
}

TEST_CASE("plugins know the wall clock from the first viewer on, and it follows the machine's") {
    Stage stage{plugins({diary})};
    stage.pass(seconds{10});
    const auto wall = [&] { return stage.clock.unix_us() / 1'000'000; };
    stage.join("Ann");
    const std::string first = lines(stage).front();
    CHECK(first.starts_with("wall " + std::to_string(wall())));
    stage.clock.wall_start_us += 3'600'000'000; // somebody sets the machine's clock
    stage.pass(RoomHost::wall_time_interval + seconds{1});
    stage.join("Ben");
    CHECK(lines(stage).back().starts_with("wall " + std::to_string(wall())));
}

TEST_CASE("plugins know the room they are in by its name") {
    Stage stage{plugins({{"namer", "shared = { id = { kind = 'value', of = 'text' } }",
                          "P:on('started', function(room) P.shared.id = room.id end)"}})};
    stage.join("Ann");
    const Value* id = stage.state().shared.find(TableName{"namer", "id"}, EntryKey{});
    REQUIRE(id);
    CHECK(*id == Value{stage.room.id.text()});
}

TEST_CASE("a room's summary shows which code its plugins run, and whether they are suspended") {
    const auto set = plugins({diary, {"broken", R"(commands = { fail = {} })", R"(
        P:command("fail", function(room, call) error("no") end))"}});
    Stage stage{set};
    Peer ann = stage.join("Ann");
    auto shown = stage.shard.find(stage.room.id)->plugins;
    REQUIRE(shown.size() == 2);
    CHECK(shown[0] == PluginSummary{"broken", "1.0.0", set->find("broken")->hash, false});
    CHECK(shown[1] == PluginSummary{"diary", "1.0.0", set->find("diary")->hash, false});
    for (std::uint32_t n = 1; n <= 5; ++n) {
        ann.say(plugin_command(n, "broken", "fail"));
        stage.tick();
    }
    shown = stage.shard.find(stage.room.id)->plugins;
    CHECK(shown[0].suspended);
    CHECK_FALSE(shown[1].suspended);
    const auto uses = stage.shard.plugin_uses();
    REQUIRE(uses.size() == 2);
    CHECK(uses[0] == PluginUse{"broken", "1.0.0", set->find("broken")->hash, 1, 1});
}

TEST_CASE("what each hook of each plugin cost stands on the metrics page") {
    Stage stage{plugins({diary})};
    Peer ann = stage.join("Ann");
    ann.say(plugin_command(1, "diary", "sum", map({{"a", Value{std::int64_t{2}}}, {"b", Value{std::int64_t{3}}}})));
    stage.tick();
    const std::string page = to_prometheus(stage.shard.plugin_figures());
    const std::string labels = R"({plugin="diary",version="1.0.0",hook="command sum")";
    CHECK(page.find("\nplayhead_plugin_calls_total" + labels + "} 1\n") != std::string::npos);
    CHECK(page.find("\nplayhead_plugin_errors_total" + labels + "} 0\n") != std::string::npos);
    CHECK(page.find("\nplayhead_plugin_instructions_total" + labels + "} ") != std::string::npos);
    CHECK(page.find("\nplayhead_plugin_hook_seconds_bucket" + labels + ",le=\"+Inf\"} 1\n") != std::string::npos);
    CHECK(page.find("\nplayhead_plugin_hook_seconds_count" + labels + "} 1\n") != std::string::npos);
    CHECK(page.find("\nplayhead_plugin_rooms{plugin=\"diary\",version=\"1.0.0\"} 1\n") != std::string::npos);
    CHECK(page.find("\nplayhead_lua_states 1\n") != std::string::npos);
}
