#include "host_stage.hpp"

#include <doctest/doctest.h>

// How the hooks of several plugins combine: decide until the first denial, transform as a chain, on for everybody.
namespace playhead::test {
namespace {

// A plugin whose decide on play does what `body` says, and that notes that it was asked.
PluginText decider(const std::string& name, const std::string& body, const std::string& on_fail = "open") {
    return {name,
            "on_fail = \"" + on_fail +
                "\", saved = { n = { kind = \"counter\" } }, shared = { asked = { kind = \"counter\" } }",
            "P:decide(\"playback\", function(room, ask) P.saved.n:add(1) P.shared.asked:set(P.saved.n:get()) " + body +
                " end)"};
}

struct Combination {
    const char* what;
    std::string first, second; // bodies of the two plugins' decides, in order
    std::string first_on_fail;
    Verdict verdict;
    std::string plugin, reason; // of the refusal
    bool second_asked;
};

} // namespace

TEST_CASE("decide hooks are asked in order until the first denial, which is final and names its plugin") {
    const std::string deny = "return P.deny(\"no\", \"not now\")";
    const std::string error = "error(\"broken\")";
    const std::vector<Combination> table{
        {"nobody objects", "", "", "open", Verdict::applied, "", "", true},
        {"the first denies", deny, "", "open", Verdict::refused, "one", "no", false},
        {"the second denies", "", deny, "open", Verdict::refused, "two", "no", true},
        {"both deny", deny, deny, "open", Verdict::refused, "one", "no", false},
        {"an open one fails", error, "", "open", Verdict::applied, "", "", true},
        {"an open one fails before a denial", error, deny, "open", Verdict::refused, "two", "no", true},
        {"a closed one fails", error, "", "closed", Verdict::refused, "one", "plugin_failed", false},
        {"one returns what is no denial", "return false", "", "open", Verdict::applied, "", "", true},
        {"a closed one returns what is no denial", "return true", "", "closed", Verdict::refused, "one",
         "plugin_failed", false},
        {"one denies with data that are none", "return P.deny(\"no\", \"\", print or P.deny)", "", "open",
         Verdict::applied, "", "", true},
    };
    for (const Combination& row : table) {
        CAPTURE(row.what);
        HostStage stage{{decider("one", row.first, row.first_on_fail), decider("two", row.second)}};
        const ViewerId ann = stage.join();
        stage.load();
        const Outcome outcome = stage.act(ann, Play{});
        CAPTURE(stage.all_failures());
        CHECK(outcome.verdict == row.verdict);
        CHECK(outcome.plugin == row.plugin);
        CHECK(outcome.reason == row.reason);
        CHECK(stage.playing() == (row.verdict == Verdict::applied));
        CHECK((stage.shared("two", "asked") == "1") == row.second_asked);
    }
}

TEST_CASE("a denial carries its code, message, data and time to wait") {
    HostStage stage{{{"one", "",
                      "P:decide(\"playback.pause\", function() return P.deny(\"later\", \"in a moment\", { retry_ms = "
                      "700, by = \"Bob\" }) end)"}}};
    const ViewerId ann = stage.join();
    stage.load();
    CHECK(stage.act(ann, Play{}).verdict == Verdict::applied);
    const Outcome outcome = stage.act(ann, Pause{});
    CHECK(outcome.error.code == ErrorCode::denied);
    CHECK(outcome.error.message == "in a moment");
    CHECK(outcome.error.retry_ms == 700);
    CHECK(outcome.reason == "later");
    CHECK(*outcome.data.find("by") == Value{"Bob"});
}

TEST_CASE("a decide hook on a topic hears of its children and of nothing else") {
    HostStage stage{
        {{"one", "shared = { heard = { kind = \"ring\", size = 20, of = \"text\" } }",
          R"(P:decide("playback.seek", function(room, ask)
                           P.shared.heard:push(ask.topic .. " " .. ask.action .. " " .. ask.position_s .. " " .. tostring(ask.viewer))
                         end))"
          R"( P:decide("viewer.name", function(room, ask) P.shared.heard:push(ask.topic .. " " .. ask.name) end))"}}};
    const ViewerId ann = stage.join();
    stage.load();
    stage.act(ann, Play{});
    stage.act(ann, Seek{MediaTime{2'500'000}});
    stage.act(ann, SetName{"Anna"});
    CHECK(stage.shared("one", "heard", 1) == "\"playback.seek seek 2.5 1\"");
    CHECK(stage.shared("one", "heard", 2) == "\"viewer.name Anna\"");
    CHECK(stage.shared("one", "heard", 3) == "nil");
    CHECK(stage.all_failures().empty());
}

TEST_CASE("transforms are a chain, and a result that is not of the type leaves the value as it was") {
    const auto filter = [](const std::string& name, const std::string& body) {
        return PluginText{name, "", "P:transform(\"chat.text\", function(room, text, ask) " + body + " end)"};
    };
    const PluginText chat{
        "chat", "topics = { [\"chat.text\"] = \"text:0..20\" }, commands = { say = { args = { text = \"text\" } } }",
        "P:command(\"say\", function(room, call) return P:apply(\"chat.text\", call.args.text, { by = call.viewer }) "
        "end)"};
    const auto said = [](HostStage& stage) {
        const ViewerId ann = stage.join();
        return stage.command(ann, "chat", "say", map_of({{"text", Value{"hi"}}}));
    };
    SUBCASE("each gets what the one before made of it, in order") {
        HostStage stage{
            {chat, filter("a_filter", "return text .. \"a\""), filter("b_filter", "return text .. \"b\" .. ask.by")}};
        CHECK(said(stage).data == Value{"hiab1"});
    }
    const char* bad[] = {"error(\"broken\")",     "return 5",         "return nil", "return (\"x\"):rep(21)",
                         "return P.deny(\"no\")", "while true do end"};
    for (const char* body : bad) {
        SUBCASE(body) {
            HostStage stage{{chat, filter("a_filter", body), filter("b_filter", "return text .. \"b\"")}};
            CHECK(said(stage).data == Value{"hib"});
            CHECK(stage.failed_with("a_filter@1.0.0 transform chat.text"));
        }
    }
}

TEST_CASE("a name is what the transforms of viewer.name make of it, on joining and renaming") {
    HostStage stage{{{"one", "shared = { names = { kind = \"ring\", size = 9, of = \"text\" } }",
                      R"(P:transform("viewer.name", function(room, name) return (name:gsub("bad", "good")) end)
                         P:on("join", function(room, event) P.shared.names:push(event.name) end)
                         P:on("renamed", function(room, event) P.shared.names:push(event.name) end))"}}};
    const ViewerId ann = stage.join("bad Ann");
    CHECK(stage.room.state().viewers.at(ann).name == "good Ann");
    stage.act(ann, SetName{"so bad"});
    CHECK(stage.room.state().viewers.at(ann).name == "so good");
    CHECK(stage.shared("one", "names", 1) == "\"good Ann\"");
    CHECK(stage.shared("one", "names", 2) == "\"so good\"");
}

TEST_CASE("on hooks all run, each for itself: one that fails takes nothing from the others") {
    const auto listener = [](const std::string& name, const std::string& body) {
        return PluginText{name, "shared = { n = { kind = \"counter\" } }",
                          "P:on(\"join\", function(room, event) P.shared.n:add(event.viewer) " + body + " end)"};
    };
    HostStage stage{{listener("one", ""), listener("two", "error(\"broken\")"), listener("three", "")}};
    stage.join();
    stage.join();
    CHECK(stage.shared("one", "n") == "3");
    CHECK(stage.shared("two", "n") == "nil"); // rolled back
    CHECK(stage.shared("three", "n") == "3");
    CHECK(stage.failures.size() == 1); // once for each message
}

TEST_CASE("plugins hear what happens in the room, with who did it") {
    HostStage stage{{{"one", "shared = { heard = { kind = \"ring\", size = 50, of = \"text\" } }", R"(
        for _, name in ipairs({"join", "leave", "lost", "returned", "condition", "played", "paused", "sought",
                               "rate_changed", "loaded", "media_ended"}) do
          P:on(name, function(room, event)
            local parts = {}
            for key, value in pairs(event) do
              if type(value) ~= "table" then parts[#parts + 1] = key .. "=" .. tostring(value) end
            end
            P.shared.heard:push(name .. " " .. table.concat(parts, " "))
          end)
        end)"}}};
    const ViewerId ann = stage.join("Ann", 2);
    stage.load(2);
    stage.act(ann, Play{});
    stage.act(ann, SetRate{Rate{1500}});
    stage.act(ann, Seek{MediaTime{1'000'000}});
    stage.act(ann, Pause{});
    stage.act(ann, Play{});
    stage.seconds(2);
    stage.step(Condition{ann, 1 | 8});
    stage.step(Condition{ann, 1});
    stage.step(Condition{ann, 2});
    stage.step(Disconnect{ann});
    stage.step(Reconnect{ann});
    stage.step(Leave{ann, LeaveReason::kicked});
    std::vector<std::string> heard;
    for (const auto& [key, entry] : stage.room.state().shared.find({"one", "heard"})->entries())
        heard.push_back(*entry.value().get_if<std::string>());
    const std::vector<std::string> wanted{
        "join name=Ann viewer=1",
        "loaded position_s=0.0",
        "played position_s=0.0 viewer=1",
        "rate_changed position_s=0.05 viewer=1",
        "sought position_s=1.0 viewer=1",
        "paused position_s=1.075 viewer=1",
        "played position_s=1.075 viewer=1",
        "media_ended position_s=2.0",
        "condition away=false blocked=false stalled=true viewer=1",
        "condition away=true blocked=false stalled=false viewer=1",
        "lost viewer=1",
        "returned viewer=1",
        "leave name=Ann viewer=1 why=kicked",
    };
    CAPTURE(stage.all_failures());
    CHECK(heard == wanted);
}

TEST_CASE("hooking to what does not exist says what was probably meant") {
    struct Mistake {
        const char* code;
        const char* message;
    };
    const Mistake table[] = {
        {"P:on(\"joined\", function() end)", "join"},
        {"P:decide(\"playback.sek\", function() end)", "playback.seek"},
        {"P:decide(\"one.sya\", function() end)", "one.say"},
        {"P:command(\"sya\", function() end)", "say"},
        {"P:signal(\"x\", function() end)", "declares no signal"},
        {"P:transform(\"one.txet\", function() end)", "one.text"},
        {"P:every(0, function() end)", "more than 0"},
        {"P:on(\"join\")", "function expected"},
        {"P:command(\"say\", function() end) P:command(\"say\", function() end)", "already"},
        {"P:onn(\"join\", function() end)", "P has no onn"},
        {"P.name = \"two\"", "read only"},
    };
    for (const Mistake& row : table) {
        CAPTURE(row.code);
        HostStage stage{{{"one", "commands = { say = {} }, topics = { [\"one.text\"] = \"text\" }", row.code}}};
        stage.join();
        CAPTURE(stage.all_failures());
        CHECK(stage.failed_with("one/init.lua:2"));
        CHECK(stage.failed_with(row.message));
        CHECK(stage.suspended("one"));
    }
}

TEST_CASE("what is about plugins that are not in the room is never asked, and no mistake") {
    HostStage stage{{{"one", "", "P:decide(\"chat.say\", function() end) P:transform(\"chat.text\", function() end)"}}};
    stage.join();
    CHECK(stage.failures.empty());
}

} // namespace playhead::test
