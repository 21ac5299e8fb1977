#include "plugin/lua_test_api.hpp"

#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/lua_source.hpp"
#include "plugin/test_api.hpp"

#include <lua.hpp>

#include <cstring>
#include <string_view>
#include <utility>

namespace playhead {
namespace {

constexpr const char* api_name = "=T"; // how messages call test_api.lua

// Of one test, not of its rooms: those have limits of their own.
constexpr LuaLimits test_limits{.memory_bytes_max = 64 * 1024 * 1024,
                                .blocks_max = 1'048'576,
                                .block_bytes_max = 4 * 1024 * 1024,
                                .string_bytes_max = 256 * 1024,
                                .instructions_max = 50'000'000};
constexpr lua::ReadingLimits reading{
    .nodes_max = 20'000, .depth_max = 32, .bytes_max = 1024 * 1024, .integer_keys = true};

} // namespace

struct TestScript::Impl {
    explicit Impl(const FindPlugin& find_plugin) : find(find_plugin) {}

    // A call of the test's; false if `answer` is what was wrong.
    bool call(std::string_view method, std::int64_t room, Value args);
    std::expected<void, std::string> check(const lua::Called& called) const;

    const FindPlugin& find;
    lua::Sandbox sandbox{test_limits, nullptr, this};
    int api = LUA_NOREF; // what test_api.lua returns, in the registry
    std::vector<std::unique_ptr<TestRoom>> rooms;
    Value answer; // outlives the call that pushes it
};

bool TestScript::Impl::call(std::string_view method, std::int64_t room, Value args) {
    const auto settle = [&](TestRoom::Answer said) {
        const bool good = said.has_value();
        answer = good ? *std::move(said) : Value{std::move(said.error())};
        return good;
    };
    if (method == "open") {
        if (rooms.size() >= rooms_max)
            return settle(std::unexpected("T.room: a test opens at most " + std::to_string(rooms_max) + " rooms"));
        auto opened = TestRoom::open(std::move(args), find);
        if (!opened) return settle(std::unexpected(std::move(opened.error())));
        rooms.push_back(*std::move(opened));
        return settle(Value{static_cast<std::int64_t>(rooms.size())});
    }
    if (room < 1 || room > static_cast<std::int64_t>(rooms.size()))
        return settle(std::unexpected("this room is of another test: every test opens its own"));
    return settle(rooms[static_cast<std::size_t>(room - 1)]->call(method, std::move(args)));
}

std::expected<void, std::string> TestScript::Impl::check(const lua::Called& called) const {
    if (!called.failure) return {};
    return std::unexpected(called.failure->message);
}

namespace {

// Pushes "file:line: " of the innermost line of the test's own, or nothing.
int push_place(lua_State* state) {
    lua_Debug record{};
    for (int level = 1; lua_getstack(state, level, &record) != 0; ++level) {
        lua_getinfo(state, "Sl", &record);
        if (record.currentline <= 0 || std::strcmp(record.source, api_name) == 0) continue;
        lua_pushfstring(state, "%s:%d: ", record.short_src, record.currentline);
        return 1;
    }
    lua_pushliteral(state, "");
    return 1;
}

// host(method, room, args) -> value | nil, what is wrong;  host("where") -> text;
// host("quote", text) -> text;  host("is_name", text) -> true | false
template <class Impl>
int host_call(lua_State* state) {
    constexpr std::int64_t call_cost = 100;
    std::size_t size = 0;
    const char* method_text = luaL_checklstring(state, 1, &size);
    const std::string_view method{method_text, size};
    lua::charge(state, call_cost);
    if (method == "where") return push_place(state);
    Impl& script = *static_cast<Impl*>(lua::host_of(state));
    if (method == "quote" || method == "is_name") {
        const char* given = luaL_checklstring(state, 2, &size);
        const std::string_view text{given, size};
        lua::charge(state, static_cast<std::int64_t>(size));
        lua::checked(state, [&]() -> std::optional<lua::Complaint> {
            script.answer = method == "quote" ? Value{quote_lua(text)} : Value{is_lua_name(text)};
            return std::nullopt;
        });
        lua::push_value(state, script.answer);
        return 1;
    }
    const lua_Integer room = luaL_checkinteger(state, 2);
    luaL_checktype(state, 3, LUA_TTABLE);
    bool good = false;
    lua::checked(state, [&]() -> std::optional<lua::Complaint> {
        auto args = lua::read_value(state, 3, reading);
        if (!args) return args.error();
        good = script.call(method, room, *std::move(args));
        return std::nullopt;
    });
    if (!good) lua_pushnil(state);
    lua::push_value(state, script.answer);
    return good ? 1 : 2;
}

} // namespace

TestScript::TestScript(const FindPlugin& find) : impl_(std::make_unique<Impl>(find)) {}
TestScript::~TestScript() = default;

std::expected<std::vector<std::string>, std::string> TestScript::load(const PluginSource& plugin) {
    if (auto fault = lua::source_fault(plugin.test, plugin.test_path, test_limits))
        return std::unexpected(fault->message);
    Impl& script = *impl_;
    const std::string name = "@" + plugin.test_path;
    std::expected<Value, lua::Complaint> names;
    const lua::Called called = script.sandbox.call([&](lua_State* state) {
        lua::push_environment(state);
        lua::push_source(state, test_api_source, api_name, -1);
        lua_pushcfunction(state, host_call<Impl>);
        lua_call(state, 1, 1);
        const int api = lua_gettop(state);
        lua_pushvalue(state, api);
        script.api = luaL_ref(state, LUA_REGISTRYINDEX);

        lua::push_environment(state);
        lua::push_source(state, plugin.test, name.c_str(), -1);
        lua_getfield(state, api, "T");
        lua_call(state, 1, 0);

        lua_getfield(state, api, "names");
        lua_call(state, 0, 1);
        names = lua::read_value(state, -1, reading);
    });
    if (auto good = script.check(called); !good) return std::unexpected(std::move(good.error()));
    if (!names) return std::unexpected(plugin.test_path + ": " + names.error().text());
    std::vector<std::string> list;
    for (const Value& test : *names->get_if<Value::List>()) list.push_back(*test.get_if<std::string>());
    return list;
}

std::optional<std::string> TestScript::run(std::size_t index) {
    Impl& script = *impl_;
    script.rooms.clear();
    const lua::Called called = script.sandbox.call([&](lua_State* state) {
        lua_rawgeti(state, LUA_REGISTRYINDEX, script.api);
        lua_getfield(state, -1, "run");
        lua_pushinteger(state, static_cast<lua_Integer>(index) + 1);
        lua_call(state, 1, 0);
    });
    script.sandbox.collect_garbage();
    auto good = script.check(called);
    return good ? std::nullopt : std::optional{std::move(good.error())};
}

const std::vector<std::unique_ptr<TestRoom>>& TestScript::rooms() const { return impl_->rooms; }

} // namespace playhead
