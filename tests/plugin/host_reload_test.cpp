#include "host_stage.hpp"

#include <doctest/doctest.h>

// Other code for a room that goes on: what is kept, what is migrated, and that any failure leaves everything as it was.
namespace playhead::test {
namespace {

PluginText version(const std::string& number, const std::string& manifest, const std::string& code) {
    PluginText text{"one", manifest, code};
    text.version = number;
    return text;
}

const std::string manifest_1 =
    R"(shared = { log = { kind = "ring", size = 5, of = "text" }, n = { kind = "counter" }, gone = { kind = "value", of = "int" } },
    saved = { m = { kind = "map", key = "viewer", of = "int", size = 9 } }, commands = { go = {} })";
const std::string code_1 = R"(
    local own = 0
    P:on("started", function(room) P.shared.n:add(1) end)
    P:on_timer("t", function(room) P.shared.log:push("timer") end)
    P:command("go", function(room, call)
      own = own + 1
      P.shared.log:push("line " .. own) P.saved.m[call.viewer] = 4 P.shared.gone = 1 P.store:set("k", "v") P:after(2, "t")
      return own
    end))";

} // namespace

TEST_CASE("a reload keeps shared and saved state, the store and timers, and begins Lua's own variables anew") {
    HostStage stage{{version("1.0.0", manifest_1, code_1)}};
    const ViewerId ann = stage.join();
    stage.command(ann, "one", "go");
    CHECK(stage.command(ann, "one", "go").data == Value{std::int64_t{2}});
    const Value hash_before = *stage.room.state().shared.find({"one", "@plugin"}, {})->find("hash");

    const std::string manifest_2 =
        R"(shared = { log = { kind = "ring", size = 5, of = "text" }, n = { kind = "counter" }, new = { kind = "counter" } },
        saved = { m = { kind = "map", key = "viewer", of = "int", size = 9 } }, commands = { go = {}, read = {} })";
    const std::string code_2 = code_1.substr(0, code_1.find("P.shared.gone = 1")) +
                               code_1.substr(code_1.find("P.store:set")) +
                               " P:command(\"read\", function(room, call) return { P.saved.m[call.viewer], "
                               "P.store:get(\"k\"), P:due_in(\"t\") } end)";
    const auto good = stage.room.reload(set_of({version("1.0.1", manifest_2, code_2)}), stage.tick);
    REQUIRE_MESSAGE(good.has_value(), good.error());
    stage.step();
    CHECK(stage.shared("one", "log", 2) == "\"line 2\"");
    CHECK(stage.shared("one", "n") == "2"); // `started` came again
    CHECK(stage.room.state().shared.find({"one", "gone"}) == nullptr);
    CHECK(stage.room.state().shared.find({"one", "new"}) != nullptr);
    CHECK(!(*stage.room.state().shared.find({"one", "@plugin"}, {})->find("hash") == hash_before));
    const Outcome read = stage.command(ann, "one", "read");
    CHECK(read.data == Value{Value::List{Value{std::int64_t{4}}, Value{"v"}, Value{1.9}}});
    CHECK(stage.command(ann, "one", "go").data == Value{std::int64_t{1}});
    stage.seconds(3);
    CHECK(stage.shared("one", "log", 4) == "\"timer\"");
    CHECK(stage.failures.empty());
}

TEST_CASE("P:migrate gets the old version and what it had declared, and writes what the new one declares") {
    HostStage stage{{version("1.2.0", manifest_1 + R"(, events = {})", code_1)}};
    const ViewerId ann = stage.join();
    stage.command(ann, "one", "go");
    const auto good = stage.room.reload(
        set_of({version("2.0.0", R"(shared = { log = { kind = "map", key = "int", of = "text", size = 9 },
                                                                           n = { kind = "value", of = "text" } }, saved = { m = { kind = "map", key = "viewer", of = "text", size = 9 } })",
                        R"(P:migrate(function(old_version, old)
                                                             P.shared.n = old_version .. " " .. old.shared.n .. " " .. old.shared.gone
                                                             for _, line in ipairs(old.shared.log) do P.shared.log[line.index * 10] = line.value end
                                                             for viewer, value in pairs(old.saved.m) do P.saved.m[viewer] = math.type(viewer) .. value end
                                                           end)
                                                           P:on_timer("t", function() end))")}),
        stage.tick);
    REQUIRE_MESSAGE(good.has_value(), good.error());
    CHECK(stage.shared("one", "n") == "\"1.2.0 1 1\"");
    CHECK(stage.shared("one", "log", 10) == "\"line 1\"");
    CHECK(to_lua(*stage.room.plugin_state().saved.find({"one", "m"}, std::int64_t{1})) == "\"integer4\"");
}

TEST_CASE("a reload that fails anywhere keeps the old plugin exactly as it was and says why") {
    struct Row {
        const char* what;
        std::string version, manifest, code, why;
    };
    const Row table[] = {
        {"init.lua fails", "1.0.1", manifest_1, "P.shared.n:add(5) error('no good')",
         "one@1.0.1: init.lua: one/init.lua:2: no good"},
        {"it never ends", "1.0.1", manifest_1, "while true do end", "instructions"},
        {"the self-test fails", "1.0.1", manifest_1,
         code_1 + "P:self_test(function() P.shared.n:set(9) assert(P.shared.n:get() == 1, 'self') end)", "self"},
        {"migration fails", "2.0.0", manifest_1,
         code_1 + "P:migrate(function(version, old) P.shared.n:set(9) P:after(1, 't') error('cannot') end)",
         "migrate: one/init.lua"},
        {"what is kept does not fit, and nobody migrates", "1.0.1",
         R"(shared = { log = { kind = "ring", size = 5, of = "int" }, n = { kind = "counter" } }, saved = {}, commands = {})",
         "", "shared.log: expected an integer"},
        {"what is kept is too much", "1.0.1",
         R"(shared = { n = { kind = "counter" } }, saved = { m = { kind = "map", key = "viewer", of = "int", size = 1 } })",
         "", "saved.m: holds 2, and now at most 1"},
    };
    for (const Row& row : table) {
        CAPTURE(row.what);
        HostStage stage{{version("1.0.0", manifest_1, code_1)}};
        const ViewerId ann = stage.join();
        const ViewerId bob = stage.join();
        stage.command(ann, "one", "go");
        stage.command(bob, "one", "go");
        const RoomState before = stage.room.state();
        const PluginState plugin_before = stage.room.plugin_state();
        const auto refused = stage.room.reload(set_of({version(row.version, row.manifest, row.code)}), stage.tick);
        REQUIRE(!refused.has_value());
        CAPTURE(refused.error());
        CHECK(refused.error().contains(row.why));
        CHECK(stage.room.state() == before);
        CHECK(stage.room.plugin_state() == plugin_before);
        CHECK(stage.command(ann, "one", "go").data == Value{std::int64_t{3}}); // the old code, where it was
        CHECK(stage.room.plugins().plugins().front().manifest.version.text() == "1.0.0");
    }
}

TEST_CASE("a self-test leaves no trace when it passes") {
    HostStage stage{{version("1.0.0", manifest_1, code_1)}};
    stage.join();
    const auto good = stage.room.reload(
        set_of({version(
            "1.0.1", manifest_1,
            code_1 +
                " P:self_test(function() P.shared.n:set(9) P.shared.log:push('x') assert(#P.shared.log == 1) end)")}),
        stage.tick);
    REQUIRE_MESSAGE(good.has_value(), good.error());
    CHECK(stage.shared("one", "n") == "2");
    CHECK(stage.room.state().shared.find({"one", "log"})->entries().empty());
}

TEST_CASE("a ring that has become smaller loses its oldest lines") {
    const std::string code = "P:command(\"go\", function() for n = 1, 5 do P.shared.log:push(\"\" .. n) end end)";
    const auto plugin = [&](int keep) {
        PluginText text{"one",
                        "settings = { keep = { type = \"int\", min = 1, max = 9, default = 5 } }, shared = { log = { "
                        "kind = \"ring\", size = \"@keep\", of = \"text\" } }, commands = { go = {} }",
                        code};
        text.settings = map_of({{"keep", Value{std::int64_t{keep}}}});
        return text;
    };
    HostStage stage{{plugin(5)}};
    stage.command(stage.join(), "one", "go");
    const auto good = stage.room.reload(set_of({plugin(2)}), stage.tick);
    REQUIRE_MESSAGE(good.has_value(), good.error());
    CHECK(stage.shared("one", "log", 3) == "nil");
    CHECK(stage.shared("one", "log", 4) == "\"4\"");
    CHECK(stage.shared("one", "log", 5) == "\"5\"");
}

TEST_CASE("plugins come and go by a reload, with all that is theirs; a suspended one gets another chance") {
    const PluginText other{
        "two", "shared = { n = { kind = \"counter\" } }",
        "P:on(\"started\", function() P.shared.n:add(1) P:after(9, \"t\") end) P:on_timer(\"t\", function() end)"};
    HostStage stage{{version("1.0.0", manifest_1, "error('x')"), other}};
    stage.join();
    CHECK(stage.suspended("one"));
    auto good = stage.room.reload(set_of({version("1.0.0", manifest_1, code_1)}), stage.tick);
    REQUIRE_MESSAGE(good.has_value(), good.error());
    CHECK(!stage.suspended("one"));
    CHECK(stage.room.state().shared.find({"two", "n"}) == nullptr);
    CHECK(stage.room.state().shared.find({"two", "@plugin"}) == nullptr);
    CHECK(stage.room.plugin_state().timers.all().empty());
    good = stage.room.reload(set_of({version("1.0.0", manifest_1, code_1), other}), stage.tick);
    CHECK(stage.shared("two", "n") == "1");
    good = stage.room.reload(nullptr, stage.tick);
    REQUIRE(good.has_value());
    CHECK(stage.room.state().shared.tables().empty());
    CHECK(stage.room.plugin_state().records.empty());
    CHECK(!stage.room.next_due(stage.tick));
    stage.run(5);
    good = stage.room.reload(set_of({other}), stage.tick); // and back again
    REQUIRE(good.has_value());
    CHECK(stage.shared("two", "n") == "1");
}

TEST_CASE("a reload with the same plugins changes nothing at all") {
    HostStage stage{{version("1.0.0", manifest_1, code_1)}};
    const ViewerId ann = stage.join();
    stage.command(ann, "one", "go");
    CHECK(stage.room.reload(set_of({version("1.0.0", manifest_1, code_1)}), stage.tick).has_value());
    CHECK(stage.command(ann, "one", "go").data == Value{std::int64_t{2}});
}

} // namespace playhead::test
