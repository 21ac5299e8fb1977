#include "host_stage.hpp"

#include <doctest/doctest.h>

// Declared state as plugins read and write it: kinds, types, quotas, roll-back, who may touch what.
namespace playhead::test {
namespace {

// A plugin with one command `go` whose body is given; it returns what the test wants to see.
PluginText going(const std::string& manifest, const std::string& body, const std::string& name = "one") {
    return {name, manifest + ", commands = { go = { args = { x = \"any?\" } } }",
            "P:command(\"go\", function(room, call) local x = call.args.x " + body + " end)"};
}

std::string result(HostStage& stage, Value x = {}) {
    const ViewerId viewer =
        stage.room.state().viewers.empty() ? stage.join() : stage.room.state().viewers.begin()->first;
    Value::Map args;
    if (!x.is_nil()) args.push_back({"x", std::move(x)});
    const Outcome outcome = stage.command(viewer, "one", "go", Value{std::move(args)});
    if (outcome.verdict != Verdict::applied) return outcome.reason.empty() ? outcome.error.message : outcome.reason;
    return to_lua(outcome.data);
}

constexpr const char* all_kinds = R"(shared = {
  v = { kind = "value", of = { type = "record", fields = { a = "int:0..9" } } },
  n = { kind = "counter" },
  m = { kind = "map", key = "text", of = "int", size = 3 },
  i = { kind = "map", key = "int", of = "text", size = 300 },
  s = { kind = "set", key = "viewer", size = 3 },
  l = { kind = "list", of = "text", size = 4 },
  r = { kind = "ring", of = "int", size = 3 },
}, saved = { m = { kind = "map", key = "int", of = { type = "map", key = "int", of = "int" }, size = 10 } })";

} // namespace

TEST_CASE("each kind of field does what its functions say") {
    struct Example {
        const char* body;
        const char* wanted;
    };
    const Example table[] = {
        {"P.shared.v = { a = 1 } return P.shared.v.a", "1"},
        {"P.shared.v = { a = 1 } P.shared.v = nil return P.shared.v == nil", "true"},
        {"P.shared.v = { a = 1 } local v = P.shared.v v.a = 5 return P.shared.v.a", "1"}, // what is read is a copy
        {"P.shared.n:add(2) P.shared.n:add() P.shared.n:add(-5) return P.shared.n:get()", "-2"},
        {"P.shared.n:set(7) return P.shared.n:get()", "7"},
        {"local m = P.shared.m m.b = 2 m.a = 1 return #m * 10 + m.a", "21"},
        {"local m, keys = P.shared.m, '' m.b = 2 m.a = 1 for k, v in pairs(m) do keys = keys .. k .. v end return keys",
         "\"a1b2\""},
        {"local m = P.shared.m m.a = 1 m.a = nil return #m", "0"},
        {"P.shared.m = { x = 1, y = 2 } P.shared.m = { z = 3 } return #P.shared.m + P.shared.m.z", "4"},
        {"P.shared.i[12] = 'a' P.shared.i[-3] = 'b' local t = '' for k, v in pairs(P.shared.i) do t = t .. k .. v end "
         "return t",
         "\"-3b12a\""},
        {"P.shared.i = { 'x', 'y' } return P.shared.i[2]", "\"y\""},
        {"P.shared.i[3.0] = 'c' return P.shared.i[3]", "\"c\""},
        {"return P.shared.m[nil] == nil", "true"},
        {"local s = P.shared.s s[1] = true s[2] = true s[1] = nil return #s == 1 and s[2] and not s[1]", "true"},
        {"local s = P.shared.s P.shared.s = { [4] = true } return s[4]", "true"},
        {"local l = P.shared.l local a, b = l:add('a'), l:add('b') local c = l:add('c', 1) local t = '' for p, id, v "
         "in l:each() do t = t .. p .. id .. v end return t",
         "\"13c21a32b\""},
        {"local l = P.shared.l local a, b = l:add('a'), l:add('b') l:move(b, 1) local id, v = l:at(1) return v .. id "
         ".. l:position(a)",
         "\"b22\""},
        {"local l = P.shared.l local a = l:add('a') l:remove(a) l:remove(a) return #l == 0 and l:get(a) == nil and "
         "l:add('b') == 2",
         "true"},
        {"local l = P.shared.l local a = l:add('a') l:set(a, 'z') return l:get(a) .. tostring(l:at(2)) .. "
         "tostring(l:position(9))",
         "\"znilnil\""},
        {"local l = P.shared.l l:add('a') l:add('b') l:clear() return #l .. l:add('c')", "\"03\""},
        {"local r = P.shared.r for n = 1, 5 do r:push(n * 10) end local t = #r .. ':' for i, v in r:each() do t = t .. "
         "i .. '=' .. v .. ' ' end return t",
         "\"3:3=30 4=40 5=50 \""},
        {"local r = P.shared.r local i = r:push(1) r:set(i, 2) local v = r:get(i) r:remove(i) return v .. "
         "tostring(r:get(i)) .. r:push(3)",
         "\"2nil2\""},
        {"local r = P.shared.r r:push(1) r:clear() return #r .. r:push(1)", "\"02\""},
        {"P.saved.m[3] = { [7] = 1, [9] = 2 } return P.saved.m[3][9]", "2"}, // integer keys stay integers
        {"P.store:set('k', { 1, 2 }) P.store:set('a', 'x') return P.store:get('k')[2] .. table.concat(P.store:keys(), "
         "',')",
         "\"2a,k\""},
        {"P.store:set('k', 1) P.store:set('k', nil) return P.store:get('k') == nil", "true"},
    };
    for (const Example& row : table) {
        CAPTURE(row.body);
        HostStage stage{{going(all_kinds, row.body)}};
        const std::string got = result(stage);
        CAPTURE(stage.all_failures());
        CHECK(got == row.wanted);
    }
}

TEST_CASE(
    "what does not fit is an error that names the field, what was expected and what was given, and changes nothing") {
    struct Mistake {
        const char* body;
        const char* message;
    };
    const Mistake table[] = {
        {"P.shared.v = 5", "shared.v: expected a table with a"},
        {"P.shared.v = { a = 10 }", "shared.v.a: expected an integer from 0 to 9, got 10"},
        {"P.shared.v = { a = 1, b = 2 }", "b"},
        {"P.shared.w = 5", "no field \"w\""},
        {"return P.shared.w", "no field \"w\""},
        {"P.shared.n = 5", "cannot be assigned"},
        {"P.shared.n:set('x')", "number expected"},
        {"P.shared.n:set(math.maxinteger) P.shared.n:add(1)", "no longer fit"},
        {"P.shared.m.a = 'x'", "shared.m.a: expected an integer"},
        {"P.shared.m[1] = 1", "expected text as a key, got 1"},
        {"P.shared.m[('k'):rep(129)] = 1", "128"},
        {"P.shared.m[''] = 1", "key"},
        {"P.shared.i.x = 'a'", "expected integers as keys"},
        {"return P.shared.i.x", "expected integers as keys"},
        {"P.shared.m = { a = 1, b = 2, c = 3, d = 4 }", "holds at most 3"},
        {"P.shared.m = 5", "expected a table"},
        {"for n = 1, 4 do P.shared.m['k' .. n] = n end", "holds at most 3"},
        {"P.shared.s[1] = 5", "expected true or nil"},
        {"P.shared.s[0] = true", "viewers' ids"},
        {"for n = 1, 5 do P.shared.l:add('x') end", "holds at most 4"},
        {"P.shared.l:add(5)", "shared.l: expected text, got 5"},
        {"P.shared.l:add(nil)", "shared.l"},
        {"P.shared.l:set(9, 'x')", "no such entry"},
        {"P.shared.l:move(9, 1)", "no such entry"},
        {"P.shared.r:push('x')", "shared.r: expected an integer"},
        {"P.shared.r:push(print or P.deny)", "function"},
        {"P.shared.r.push(1)", "ring expected"},
        {"P.shared.r:set(1, 1)", "no such entry"},
        {"P.settings.x = 1", ""},
        {"for n = 1, 300 do P.shared.n:set(n) end", "more than 256 writes"},
        {"P.store:set('', 1)", "P.store"},
        {"for n = 1, 20 do P.store:set('k' .. n, ('x'):rep(3000)) end", "more than 32 KiB"},
    };
    for (const Mistake& row : table) {
        CAPTURE(row.body);
        HostStage stage{{going(all_kinds, row.body)}};
        stage.join();
        const RoomState before = stage.room.state();
        const PluginState plugin_before = stage.room.plugin_state();
        CHECK(result(stage) == "plugin_failed");
        CAPTURE(stage.all_failures());
        CHECK(stage.failed_with(row.message));
        CHECK(stage.failed_with("one/init.lua:2: "));
        CHECK(stage.room.state().shared == before.shared);
        CHECK(stage.room.plugin_state().saved == plugin_before.saved);
        CHECK(stage.room.plugin_state().last_ids == plugin_before.last_ids);
    }
}

TEST_CASE("an operation that fails and is caught changes nothing either") {
    HostStage stage{{going(all_kinds + std::string{", shared_kib = 4"}, R"(
        for n = 1, 3 do P.shared.r:push(n) end
        local ok, why = pcall(function() P.shared.i = { ('x'):rep(3000), ('y'):rep(3000) } end)
        local t = tostring(ok) .. #P.shared.r .. #P.shared.i
        for n = 1, 100 do if not pcall(function() P.shared.i[n] = ('z'):rep(500) end) then break end end
        return t .. (#P.shared.i < 10 and #P.shared.i > 3 and 'few' or 'many'))")}};
    const std::string got = result(stage);
    CAPTURE(stage.all_failures());
    CHECK(got == "\"false30few\"");
}

TEST_CASE("a hook that fails leaves no trace: state, timers, events, actions and what it queued are as before") {
    const std::string everything = R"(
        P.shared.v = { a = 2 } P.shared.n:add(1) P.shared.m.a = 9 P.shared.m.new = 1 P.shared.m.b = nil
        P.shared.l:add("x", 1) P.shared.l:remove(1) P.shared.r:push(9) P.shared.s[2] = true P.shared.s[1] = nil
        P.saved.m[1] = { [1] = 1 } P.store:set("k", 2) P:after(5, "t") P:cancel("u") P:emit("e", 1) room:pause())";
    const std::string set_up = R"(
        P.shared.v = { a = 1 } P.shared.n:add(4) P.shared.m.a = 1 P.shared.m.b = 2 P.shared.l:add("a") P.shared.l:add("b")
        for n = 1, 3 do P.shared.r:push(n) end P.shared.s[1] = true P.store:set("k", 1) P:after(100, "u", { 1 }))";
    const PluginText plugin{"one",
                            std::string{all_kinds} + ", events = { e = { of = \"int\" } }, grants = { \"playback\" }, "
                                                     "commands = { set_up = {}, fail = {}, work = {} }",
                            "P:on_timer(\"t\", function() end) P:on_timer(\"u\", function() end)\n"
                            "P:command(\"set_up\", function(room) " +
                                set_up +
                                " end)\n"
                                "P:command(\"work\", function(room) " +
                                everything +
                                " end)\n"
                                "P:command(\"fail\", function(room) " +
                                everything + " error(\"now\") end)\n"};
    HostStage stage{{plugin}};
    const ViewerId ann = stage.join();
    stage.load();
    stage.act(ann, Play{});
    CHECK(stage.command(ann, "one", "set_up").verdict == Verdict::applied);

    const RoomState before = stage.room.state();
    const PluginState plugin_before = stage.room.plugin_state();
    CHECK(stage.command(ann, "one", "fail").reason == "plugin_failed");
    CHECK(stage.room.state().shared == before.shared); // versions and dirty flags, too
    CHECK(stage.room.state().version == before.version);
    CHECK(stage.room.plugin_state().saved == plugin_before.saved);
    CHECK(stage.room.plugin_state().last_ids == plugin_before.last_ids);
    CHECK(stage.room.plugin_state().timers.all() == plugin_before.timers.all());
    CHECK(stage.events.empty());
    CHECK(stage.playing());

    CHECK(stage.command(ann, "one", "work").verdict == Verdict::applied);
    CAPTURE(stage.all_failures());
    CHECK(!(stage.room.state().shared == before.shared));
    CHECK(stage.events.size() == 1);
    CHECK(!stage.playing());
}

TEST_CASE("a room's snapshot bound holds however many plugins share") {
    std::vector<PluginText> plugins;
    for (const char* name : {"one", "two", "three", "four"})
        plugins.push_back(going("shared = { m = { kind = \"map\", key = \"int\", of = \"text\", size = 100 } }",
                                "for n = 1, 100 do P.shared.m[n] = ('x'):rep(7000) end", name));
    HostStage stage{plugins};
    const ViewerId ann = stage.join();
    for (const char* name : {"one", "two", "three", "four"}) stage.command(ann, name, "go");
    CHECK(stage.room.state().shared.bytes() <= SharedState::bytes_max);
    CHECK(stage.failed_with("64 KiB"));
}

TEST_CASE("another plugin's shared state can be read by whoever names it, and written by nobody else") {
    const PluginText score{"score",
                           "shared = { best = { kind = \"value\", of = \"int\" }, all = { kind = \"map\", key = "
                           "\"text\", of = \"int\", size = 9 } }",
                           "P:on(\"started\", function() P.shared.best = 7 P.shared.all.ann = 3 end)"};
    struct Example {
        const char* body;
        const char* wanted;
    };
    const Example table[] = {
        {"return P:read('score').best + P:read('score').all.ann", "10"},
        {"P:read('score').best = 1", "read only"},
        {"P:read('score').all.ann = 1", "read only"},
        {"P:read('score').all = {}", "read only"},
        {"return P:read('nobody') == nil", "true"},
        {"return P:read('chat')", "none of requires, after and before"},
    };
    for (const Example& row : table) {
        CAPTURE(row.body);
        HostStage stage{{score, going("after = { \"score\", \"nobody\" }", row.body)}};
        const std::string got = result(stage);
        CAPTURE(stage.all_failures());
        if (got == "plugin_failed")
            CHECK(stage.failed_with(row.wanted));
        else
            CHECK(got == row.wanted);
        CHECK(stage.shared("score", "best") == "7");
    }
}

TEST_CASE("plugins share nothing but what they say: neither globals, nor libraries, nor objects of the engine") {
    const std::string poison = R"(
        leak = "x"
        for _, attempt in ipairs({
          function() string.format = function() return "evil" end end,
          function() rawset(string, "rep", nil) end,
          function() rawset(getmetatable("") or string, "__index", nil) end,
          function() table.insert(math, 1) end,
          function() rawset(P, "name", "two") end,
          function() room.tick = 5 end,
          function() rawset(room, "tick", 5) end,
          function() getmetatable(room).__index = nil end,
          function() getmetatable(P.shared).__index = nil end,
          function() setmetatable(room, {}) end,
        }) do pcall(attempt) end)";
    HostStage stage{{going("description = \"\"", poison, "evil"),
                     going("description = \"\"",
                           "return string.format('%d', room.tick) .. ('a'):rep(2) .. tostring(leak) .. P.name")}};
    const ViewerId ann = stage.join();
    stage.command(ann, "evil", "go");
    const std::string got = result(stage);
    CAPTURE(stage.all_failures());
    CHECK(got == "\"" + std::to_string(stage.tick.number) + "aanilone\"");
}

TEST_CASE("what a plugin is, and the code it runs, stands beside its state") {
    HostStage stage{{going(all_kinds + std::string{", permissions = { [\"one.see\"] = \"see\" }"}, "")}};
    stage.join();
    const Value* about = stage.room.state().shared.find({"one", "@plugin"}, {});
    REQUIRE(about != nullptr);
    CHECK(*about->find("version") == Value{"1.0.0"});
    CHECK(about->find("hash")->get_if<std::string>()->size() == 8);
    CHECK(*about->find("suspended") == Value{false});
    CHECK(*about->find("fields")->find("l") == Value{"list"});
    CHECK(*about->find("permissions")->find("one.see") == Value{"see"});
}

} // namespace playhead::test
