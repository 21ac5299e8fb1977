#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/lua_source.hpp"

#include <doctest/doctest.h>
#include <lua.hpp>

#include <algorithm>
#include <string>

using namespace playhead;
using lua::Called;
using lua::Sandbox;
using Kind = lua::Failure::Kind;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// How the call failed, which it must have.
lua::Failure failure_of(const Called& called) {
    REQUIRE(called.failure.has_value());
    return called.failure.value_or(lua::Failure{});
}

// A plugin as the host would keep it: globals of its own, and what it was told to run.
struct Guest {
    explicit Guest(Sandbox& in) : sandbox(in) {
        REQUIRE(sandbox
                    .call([&](lua_State* state) {
                        lua::push_environment(state);
                        environment = luaL_ref(state, LUA_REGISTRYINDEX);
                    })
                    .ok());
    }

    Called run(std::string_view source) {
        result = Value{};
        return sandbox.call([&](lua_State* state) {
            lua_rawgeti(state, LUA_REGISTRYINDEX, environment);
            lua::push_source(state, source, "@guest.lua", -1);
            lua_call(state, 0, 1);
            lua::checked(state, [&]() -> std::optional<lua::Complaint> {
                auto read = lua::read_value(state, -1);
                if (!read) return read.error();
                result = std::move(*read);
                return std::nullopt;
            });
        });
    }

    std::string answer(std::string_view source) {
        const Called called = run(source);
        return called.ok() ? to_lua(result) : failure_of(called).message;
    }

    Sandbox& sandbox;
    int environment = LUA_NOREF;
    Value result;
};

// Time runs out when it is told to.
struct FakeAllowance : TimeAllowance {
    void begin() override { ++begun; }
    Microseconds end(std::int64_t) override {
        ++ended;
        return Microseconds{7};
    }
    bool spent() override { return ++asked > most; }

    int begun = 0;
    int ended = 0;
    int asked = 0;
    int most = 1'000'000;
};

void define(Guest& guest, const char* name, lua_CFunction function) {
    REQUIRE(guest.sandbox
                .call([&](lua_State* state) {
                    lua_rawgeti(state, LUA_REGISTRYINDEX, guest.environment);
                    lua_pushcfunction(state, function);
                    lua_setfield(state, -2, name);
                })
                .ok());
}

} // namespace

TEST_CASE("plugins of one state have globals of their own and share a library that none can change") {
    Sandbox sandbox{lua::plugin_limits};
    Guest one{sandbox};
    Guest two{sandbox};
    CHECK(one.answer("x = 5 string_of = tostring tostring = nil _G.y = 6 return x + y") == "11");
    CHECK(two.answer("return {x or 'none', y or 'none', tostring(1)}") == "{\n  \"none\",\n  \"none\",\n  \"1\",\n}");
    CHECK(one.answer("return x") == "5"); // it stays from call to call
    CHECK(contains(one.answer("string.upper = nil"), "guest.lua:1: cannot set 'upper': this table can only be read"));
    CHECK(contains(one.answer("rawset(math, 'pi', 3)"), "this table can only be read"));
    CHECK(contains(one.answer("table.insert(table, 1)"), "this table can only be read"));
    CHECK(contains(one.answer("setmetatable(_G, {})"), "protected metatable"));
    CHECK(two.answer("return ('x'):upper() .. math.floor(math.pi)") == "\"X3\"");
}

TEST_CASE("an error comes with its place and the way there, and the state lives on") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    const Called called = guest.run("local function inner()\n error('oh no')\nend\nlocal function outer()\n inner() "
                                    "return\nend\nouter() return");
    REQUIRE_FALSE(called.ok());
    CHECK(failure_of(called).kind == Kind::error);
    CHECK_FALSE(failure_of(called).exhausted());
    CHECK(failure_of(called).message == "guest.lua:2: oh no");
    CHECK(failure_of(called).place == "guest.lua:2");
    CHECK(failure_of(called).traceback == "guest.lua:2, in the function of line 1\n"
                                          "guest.lua:5, in the function of line 4\n"
                                          "guest.lua:7, in the main part\n");
    CHECK(guest.answer("return 1") == "1");
    // What has no text of its own still has a place.
    const Called table = guest.run("\n\nerror({})");
    CHECK(failure_of(table).message == "the script raised table as an error");
    CHECK(failure_of(table).place == "guest.lua:3");
}

TEST_CASE("an error object is not asked for its text") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    CHECK(guest.answer("error(setmetatable({}, {__tostring = function() asked = true end}))") ==
          "the script raised table as an error");
    CHECK(guest.answer("return asked == nil") == "true");
}

TEST_CASE("a traceback is cut where it gets long") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    const Called called =
        guest.run("local function f(n) if n == 0 then error('deep') end return 1 + f(n - 1) end f(500)");
    CHECK(contains(failure_of(called).message, "deep"));
    CHECK(std::ranges::count(failure_of(called).traceback, '\n') == 12);
}

TEST_CASE("all calls of a tick share its instructions") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    sandbox.begin_tick(300'000);
    CHECK(failure_of(guest.run("while true do end")).kind == Kind::instructions);
    const Called second = guest.run("while true do end");
    CHECK(failure_of(second).kind == Kind::tick);
    CHECK(failure_of(second).exhausted());
    CHECK(contains(failure_of(second).message, "guest.lua:1: the scripts of this room have used up"));
    CHECK(sandbox.tick_left() == 0);
    CHECK(failure_of(guest.run("return 1")).kind == Kind::tick);
    sandbox.begin_tick(300'000);
    CHECK(guest.answer("return 1") == "1");
}

TEST_CASE("a call says what it used") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    const Called little = guest.run("return 1");
    const Called much = guest.run("local t = {} for i = 1, 1000 do t[i] = {} end return 1");
    CHECK(much.instructions > little.instructions + 10'000);
    CHECK(much.allocated_bytes > little.allocated_bytes + 56'000);
    CHECK_FALSE(much.took.has_value()); // nobody measured
}

TEST_CASE("comparing texts is charged for what it looks at, which Lua does where nothing counts") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    REQUIRE(guest.run("a, b = ('\\0'):rep(8000) .. 'a', ('\\0'):rep(8000) .. 'b'").ok());
    REQUIRE(guest.run("c, d = ('x'):rep(8000) .. 'a', ('x'):rep(8000) .. 'b'").ok());
    CHECK(guest.run("return a < b").instructions > 16'000);
    CHECK(guest.run("return c < d").instructions > 120);
    CHECK(guest.run("return 'a' < 'b'").instructions < 600);
    CHECK(guest.answer("return {'a' < 'B', 'a\\0b' < 'a\\0c', 'a' < 'a\\0', 'z' < '\\xc3'}") ==
          "{\n  false,\n  true,\n  true,\n  true,\n}");
}

TEST_CASE("when the time is over, nothing that a script can say goes on") {
    FakeAllowance time;
    Sandbox sandbox{lua::plugin_limits, &time};
    Guest guest{sandbox};
    CHECK(guest.run("return 1").took == Microseconds{7});
    time.asked = 0;
    time.most = 10;
    const Called called = guest.run("while true do pcall(function() while true do end end) end");
    CHECK(failure_of(called).kind == Kind::time);
    CHECK(failure_of(called).message == "guest.lua:1: the script took too long");
    CHECK(called.instructions < 6000); // asked in time
    CHECK(time.asked == 11);
    CHECK(time.begun == time.ended);
    time.most = 1'000'000;
    CHECK(guest.answer("return 1") == "1");
}

TEST_CASE("work inside library functions asks for the time too") {
    for (const char* source :
         {"local t = {} for i = 1, 400 do t[i] = -i end table.sort(t)", "return ('a'):rep(3000):find('.-.-b')",
          "return ('x'):rep(4000):gsub('x', 'y')", "for _ = 1, 100 do local _ = ('x'):rep(4000) .. 'y' end",
          "local a = ('\\0'):rep(4000) for _ = 1, 9 do local _ = a .. 'a' < a .. 'b' end"}) {
        CAPTURE(source);
        FakeAllowance time;
        Sandbox sandbox{lua::plugin_limits, &time};
        Guest guest{sandbox};
        time.asked = 0;
        time.most = 3;
        CHECK(failure_of(guest.run(source)).kind == Kind::time);
    }
}

namespace {

// try(instructions, function) -> did it go well
int try_within(lua_State* state) {
    static const char tried = 0;
    const lua_Integer instructions = luaL_checkinteger(state, 1);
    luaL_checktype(state, 2, LUA_TFUNCTION);
    lua_pushvalue(state, 2);
    lua_rawsetp(state, LUA_REGISTRYINDEX, &tried);
    bool ok = false;
    lua::checked(state, [&]() -> std::optional<lua::Complaint> {
        auto& sandbox = *static_cast<Sandbox*>(lua::host_of(state));
        const Called called = sandbox.call_within(state, instructions, [](lua_State* inside) {
            lua_rawgetp(inside, LUA_REGISTRYINDEX, &tried);
            lua_call(inside, 0, 0);
        });
        ok = called.ok();
        return std::nullopt;
    });
    lua_pushboolean(state, ok ? 1 : 0);
    return 1;
}

} // namespace

TEST_CASE("a call inside a call fails alone, and its caller pays for it") {
    // The host is not known before the sandbox is there, so this one knows itself by way of a pointer to it.
    struct Holder {
        Holder() : sandbox(lua::plugin_limits, nullptr, &sandbox) {}
        Sandbox sandbox;
    } holder;
    Guest guest{holder.sandbox};
    define(guest, "try", try_within);
    CHECK(guest.answer("return try(1000, function() end)") == "true");
    CHECK(guest.answer("return try(1000, error)") == "false");
    CHECK(guest.answer("return try(1000, function() while true do end end)") == "false");
    CHECK(guest.answer("local n = 0 for _ = 1, 50 do if not try(2000, function() while true do end end) then n = n + 1 "
                       "end end return n") == "50");
    CHECK(failure_of(guest.run("for _ = 1, 300 do try(2000, function() while true do end end) end")).kind ==
          Kind::instructions);
    CHECK(failure_of(guest.run("try(1e9 // 1 | 0, function() while true do end end) escaped = true")).kind ==
          Kind::instructions);
    CHECK(guest.answer("return escaped == nil") == "true");
    const Called nested = guest.run("try(10000, function() for _ = 1, 1000 do end end)");
    CHECK(nested.ok());
    CHECK(nested.instructions > 1000);
}

TEST_CASE("when the time ends in a call inside a call, the outer one ends too") {
    FakeAllowance time;
    struct Holder {
        explicit Holder(TimeAllowance& allowance) : sandbox(lua::plugin_limits, &allowance, &sandbox) {}
        Sandbox sandbox;
    } holder{time};
    Guest guest{holder.sandbox};
    define(guest, "try", try_within);
    time.asked = 0;
    time.most = 5;
    const Called called = guest.run("try(100000, function() while true do end end) escaped = true while true do end");
    CHECK(failure_of(called).kind == Kind::time);
    CHECK(time.begun == time.ended);
    time.most = 1'000'000;
    CHECK(guest.answer("return escaped == nil") == "true");
}

namespace {

int destroyed = 0;

struct Counted {
    ~Counted() { ++destroyed; }
};

int complain(lua_State* state) {
    lua::checked(state, []() -> std::optional<lua::Complaint> {
        const Counted counted;
        return lua::Complaint{std::string(600, 'x') + " is too long to be told whole"};
    });
    return 0;
}

} // namespace

TEST_CASE("a complaint is raised when C++ objects are gone, with the line of the script") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    define(guest, "complain", complain);
    destroyed = 0;
    const Called called = guest.run("\ncomplain()");
    CHECK(destroyed == 1);
    CHECK(failure_of(called).message.starts_with("guest.lua:2: xxx"));
    CHECK(failure_of(called).message.size() < 450);
}

TEST_CASE("coroutines live from call to call, and their budget is that of the call") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    CHECK(guest.answer("co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end while true do end end)"
                       " return co()") == "1");
    CHECK(guest.answer("return co()") == "2");
    CHECK(failure_of(guest.run("for _ = 1, 200 do co() end")).kind == Kind::instructions);
    CHECK(contains(guest.answer("return co()"), "dead coroutine"));
    CHECK(guest.answer("local f = coroutine.wrap(function() coroutine.yield(1) return 2 end) f() return f()") == "2");
}

TEST_CASE("values go into Lua and come out the same") {
    Sandbox sandbox{lua::plugin_limits};
    const Value value{Value::Map{
        {"a", Value{Value::List{Value{true}, Value{std::int64_t{-7}}, Value{2.5}, Value{std::string{"x\0y", 3}}}}},
        {"b", Value{Value::Map{{"", Value{std::string{}}}, {"c", Value{Value::List{}}}}}}}};
    Value back;
    const Called called = sandbox.call([&](lua_State* state) {
        lua::push_value(state, value);
        lua::checked(state, [&]() -> std::optional<lua::Complaint> {
            auto read = lua::read_value(state, -1);
            if (!read) return read.error();
            back = std::move(*read);
            return std::nullopt;
        });
    });
    CHECK(called.ok());
    CHECK(back == value);
}

TEST_CASE("reading refuses what is too much, by its path") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    CHECK(contains(guest.answer("return {a = {('x'):rep(5000), ('x'):rep(5000)}}"),
                   "a[2] is or holds more than 8192 bytes of text, which is not data"));
    CHECK(contains(guest.answer("return {[('x'):rep(8000)] = ('x'):rep(8000)}"), "more than 8192 bytes of text"));
    CHECK(contains(guest.answer("local t = {} for i = 1, 1000 do t[i] = i end return t"), "more than 1000 values"));
    CHECK(contains(guest.answer("return {{{{{{{{{}}}}}}}}}"), "nested deeper than 8"));
    CHECK(contains(guest.answer("return {[7] = 1}"), "a key that is a number"));
}

TEST_CASE("integer keys become text where that is asked for") {
    Sandbox sandbox{lua::plugin_limits};
    const auto read = [&](const char* source) {
        std::string text;
        const Called called = sandbox.call([&](lua_State* state) {
            lua_newtable(state);
            lua::push_source(state, source, "@t", -1);
            lua_call(state, 0, 1);
            lua::checked(state, [&]() -> std::optional<lua::Complaint> {
                const auto value = lua::read_value(state, -1, {.integer_keys = true});
                text = value ? to_lua(*value) : value.error().text();
                return std::nullopt;
            });
        });
        REQUIRE(called.ok());
        return text;
    };
    CHECK(read("return {[7] = 'a', [10] = 'b'}") == "{\n  [\"10\"] = \"b\",\n  [\"7\"] = \"a\",\n}");
    CHECK(read("return {1, 2, [5] = 3}") == "{\n  [\"1\"] = 1,\n  [\"2\"] = 2,\n  [\"5\"] = 3,\n}");
    CHECK(read("return {1, 2}") == "{\n  1,\n  2,\n}");
    CHECK(contains(read("return {[7] = 1, ['7'] = 2}"), "the key 7 twice"));
}

TEST_CASE("a read-only view reads like the table, cannot be written, and shows later changes") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    int table = 0;
    REQUIRE(sandbox
                .call([&](lua_State* state) {
                    lua_rawgeti(state, LUA_REGISTRYINDEX, guest.environment);
                    lua_newtable(state);
                    for (const char* word : {"a", "b", "c"}) {
                        lua_pushstring(state, word);
                        lua_rawseti(state, -2, static_cast<lua_Integer>(lua_rawlen(state, -2)) + 1);
                    }
                    lua_pushvalue(state, -1);
                    table = luaL_ref(state, LUA_REGISTRYINDEX);
                    lua::make_read_only(state);
                    lua_setfield(state, -2, "view");
                })
                .ok());
    CHECK(guest.answer("return #view .. view[2] .. table.concat(view, '-')") == "\"3ba-b-c\"");
    CHECK(guest.answer("local s = '' for i, v in ipairs(view) do s = s .. i .. v end return s") == "\"1a2b3c\"");
    CHECK(guest.answer("local s = '' for k, v in pairs(view) do s = s .. k .. v end return s") == "\"1a2b3c\"");
    CHECK(guest.answer("return view") == "{\n  \"a\",\n  \"b\",\n  \"c\",\n}");
    CHECK(guest.answer("return {table.unpack(view)}") == "{\n  \"a\",\n  \"b\",\n  \"c\",\n}");
    CHECK(guest.answer("return next(view)") == "1");
    for (const char* write : {"view.x = 1", "view[1] = 1", "rawset(view, 1, 1)", "table.sort(view)",
                              "table.remove(view)", "table.insert(view, 1)", "table.move({1}, 1, 1, 1, view)"})
        CHECK(contains(guest.answer(write), "this table can only be read"));
    REQUIRE(sandbox
                .call([&](lua_State* state) {
                    lua_rawgeti(state, LUA_REGISTRYINDEX, table);
                    lua_pushliteral(state, "d");
                    lua_rawseti(state, -2, 4);
                })
                .ok());
    CHECK(guest.answer("return #view .. view[4]") == "\"4d\"");
}

TEST_CASE("objects with a locked metatable keep it") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    REQUIRE(sandbox
                .call([&](lua_State* state) {
                    lua_rawgeti(state, LUA_REGISTRYINDEX, guest.environment);
                    lua_newtable(state);
                    lua_createtable(state, 0, 3);
                    lua::lock_metatable(state);
                    lua_setmetatable(state, -2);
                    lua_setfield(state, -2, "object");
                })
                .ok());
    CHECK(guest.answer("return getmetatable(object)") == "false");
    CHECK(contains(guest.answer("setmetatable(object, {})"), "protected metatable"));
    CHECK(contains(guest.answer("rawset(object, 1, 1)"), "this table can only be read"));
}

TEST_CASE("garbage is collected between calls, so that a room that makes much stays small") {
    Sandbox sandbox{lua::plugin_limits};
    Guest guest{sandbox};
    for (int tick = 0; tick < 500; ++tick) {
        sandbox.begin_tick();
        REQUIRE(guest.run("local t = {} for i = 1, 100 do t[i] = {i} end").ok());
        sandbox.collect_garbage();
    }
    CHECK(sandbox.memory_bytes() < 150'000);
}

TEST_CASE("collecting garbage is time of the plugins, and waits when theirs is spent") {
    FakeAllowance time;
    Sandbox sandbox{lua::plugin_limits, &time};
    Guest guest{sandbox};
    sandbox.collect_garbage();
    REQUIRE(guest.run("return 1").ok());
    const int before = time.begun;
    sandbox.collect_garbage(); // next to nothing was made
    CHECK(time.begun == before);
    REQUIRE(guest.run("for _ = 1, 100 do local _ = {{}} end").ok());
    time.most = 0;
    sandbox.collect_garbage();
    time.most = 1'000'000;
    sandbox.collect_garbage(); // what was put off
    CHECK(time.begun == before + 2);
    sandbox.collect_garbage();
    CHECK(time.begun == before + 2);
    CHECK(time.begun == time.ended);
}

TEST_CASE("a state with ten small plugins is small") {
    Sandbox sandbox{lua::plugin_limits};
    for (int i = 0; i < 10; ++i) {
        Guest guest{sandbox};
        REQUIRE(guest.run("local n = 0 function hook(room, call) n = n + 1 return n end").ok());
    }
    for (int i = 0; i < 100; ++i) sandbox.call([](lua_State* state) { lua_gc(state, LUA_GCSTEP, 64); });
    MESSAGE("bytes: " << sandbox.memory_bytes() << " in " << sandbox.blocks() << " blocks");
    CHECK(sandbox.memory_bytes() < 40'000);
}

TEST_CASE("limits too small for an interpreter fail every call") {
    Sandbox sandbox{{.memory_bytes_max = 3000}};
    CHECK_FALSE(sandbox.usable());
    CHECK(failure_of(sandbox.call([](lua_State*) {})).kind == Kind::memory);
    sandbox.collect_garbage();
}
