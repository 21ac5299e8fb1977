#include "plugin/lua_bytecode.hpp"
#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"
#include "plugin/lua_shared_code.hpp"

#include <doctest/doctest.h>
#include <lua.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace playhead;
using lua::LocalNames;

namespace {

// A bit of everything that a chunk may hold: all kinds of constants, long texts, many of them, functions in functions,
// varargs, upvalues of upvalues, lines far apart. Returns one text.
std::string everything() {
    std::string source = "local a, b, text <const> = 1, 2.5, 'short'\n"
                         "local long = [[" +
                         std::string(300, 'x') +
                         "]]\n"
                         "local t = { true, false, nil, math.mininteger, -0.0, 1e300, 255, 65536 }\n"
                         "local function outer(...)\n"
                         "  local n = select('#', ...)\n"
                         "  return function(m) a = a + n; return function() return a * m + b end end\n"
                         "end\n";
    for (int i = 0; i < 300; ++i) source += "t['key" + std::to_string(i) + "'] = " + std::to_string(i) + ".25\n";
    source += std::string(500, '\n');
    source += "local sum = 0 for _, v in pairs(t) do sum = sum + (tonumber(v) or 0) end\n"
              "for i = 1, 3 do if i == 2 then goto next end sum = sum + outer(i, i, i)(i)() ::next:: end\n"
              "return #long .. text .. tostring(sum) .. tostring(t[2])";
    return source;
}

std::shared_ptr<const lua::Chunk> chunk_of(const std::string& source, LocalNames names = LocalNames::dropped) {
    auto chunk = lua::compile(source, "all/init.lua", lua::plugin_limits, names);
    REQUIRE_MESSAGE(chunk.has_value(), chunk.error().message);
    return std::make_shared<const lua::Chunk>(*std::move(chunk));
}

using Chunks = std::vector<std::shared_ptr<const lua::Chunk>>;

// What it returns, or its error.
std::string run(lua::Sandbox& sandbox, const lua::Chunk& chunk) {
    std::string result;
    const lua::Called called = sandbox.call([&](lua_State* state) {
        lua::push_environment(state);
        lua::push_chunk(state, chunk, 1);
        lua_call(state, 0, 1);
        std::size_t size = 0;
        const char* text = lua_tolstring(state, -1, &size);
        result.assign(text == nullptr ? "" : text, size);
    });
    return called.failure ? called.failure->message : result;
}

// How much memory a state takes for it; the chunk stays loaded.
std::size_t taken(lua::Sandbox& sandbox, const lua::Chunk& chunk) {
    const std::size_t before = sandbox.memory_bytes();
    CHECK(sandbox
              .call([&](lua_State* state) {
                  lua::push_environment(state);
                  lua::push_chunk(state, chunk, 1);
                  luaL_ref(state, LUA_REGISTRYINDEX);
                  lua_gc(state, LUA_GCCOLLECT);
              })
              .ok());
    return sandbox.memory_bytes() - before;
}

} // namespace

TEST_CASE("a chunk does the same with and without names, in states that share its code and in those that do not") {
    const auto with_names = chunk_of(everything(), LocalNames::kept);
    const auto without = chunk_of(everything());
    CHECK(without->bytes() < with_names->bytes());
    CHECK(without->pieces().size() > 10);
    lua::Sandbox plain{lua::plugin_limits};
    const std::string expected = run(plain, *with_names);
    CHECK(expected.starts_with("300short"));
    CHECK(run(plain, *without) == expected);

    lua::SharedCode code{Chunks{with_names, without}};
    for (int i = 0; i < 3; ++i) {
        lua::Sandbox sandbox{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
        CHECK(run(sandbox, *without) == expected);
        CHECK(run(sandbox, *with_names) == expected);
        CHECK(run(sandbox, *without) == expected);
        CHECK(run(sandbox, *chunk_of(everything())) == expected); // none of the set's: loaded as ever
    }
}

TEST_CASE("what is shared takes no memory in a state, and outlives the states that used it") {
    const auto chunk = chunk_of(everything());
    lua::Sandbox plain{lua::plugin_limits};
    const std::size_t alone = taken(plain, *chunk);
    lua::SharedCode code{Chunks{chunk}};
    CHECK(code.bytes() > 0);
    lua::Sandbox first{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
    const std::size_t shared = taken(first, *chunk);
    CHECK(shared < alone);
    CHECK(alone - shared <= code.bytes());
    CHECK(alone - shared > code.bytes() * 9 / 10); // but for rounding
    {
        lua::Sandbox second{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
        CHECK(taken(second, *chunk) == shared);
    }
    CHECK(run(first, *chunk) == run(plain, *chunk));
}

TEST_CASE("a state on another thread has a copy of its own") {
    const auto chunk = chunk_of(everything());
    lua::SharedCode code{Chunks{chunk}};
    lua::Sandbox here{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
    const std::size_t shared = taken(here, *chunk);
    std::size_t there_taken = 0;
    std::string there_said;
    std::thread{[&] {
        lua::Sandbox there{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
        there_said = run(there, *chunk);
        there_taken = taken(there, *chunk);
    }}.join();
    CHECK(there_taken > shared);
    CHECK(there_said == run(here, *chunk));
}

TEST_CASE("memory that runs out while code is loaded hurts nobody who shares it") {
    const auto chunk = chunk_of(everything());
    lua::SharedCode code{Chunks{chunk}};
    lua::Sandbox good{lua::plugin_limits, nullptr, nullptr, nullptr, &code};
    const std::string expected = run(good, *chunk);
    for (std::size_t bytes = 20'000; bytes < 80'000; bytes += 500) {
        LuaLimits limits = lua::plugin_limits;
        limits.memory_bytes_max = bytes;
        lua::Sandbox poor{limits, nullptr, nullptr, nullptr, &code};
        const std::string said = run(poor, *chunk);
        CHECK_MESSAGE((said == expected || said.find("bytes") != std::string::npos), said);
        CHECK(run(good, *chunk) == expected);
    }
}

TEST_CASE("without names messages still name file and line, fields and functions") {
    const char* const source = "local row = {}\nlocal function f(x)\n  return x.name.first\nend\nreturn f(row)";
    lua::Sandbox sandbox{lua::plugin_limits};
    CHECK(run(sandbox, *chunk_of(source)) == "all/init.lua:3: attempt to index a nil value (field 'name')");
    CHECK(run(sandbox, *chunk_of("local x\n\nreturn x.y", LocalNames::kept)) ==
          "all/init.lua:3: attempt to index a nil value (local 'x')");
    CHECK(run(sandbox, *chunk_of("local x\n\nreturn x.y")) == "all/init.lua:3: attempt to index a nil value");
}

TEST_CASE("what is no dump of this Lua is left as it is") {
    std::string dump;
    lua::Sandbox sandbox{lua::plugin_limits};
    REQUIRE(sandbox
                .call([&](lua_State* state) {
                    lua::push_environment(state);
                    lua::push_source(state, "local x = 1 return function() return x, 'text', 1.5 end", "@x", 1);
                    lua_dump(
                        state,
                        [](lua_State*, const void* bytes, std::size_t size, void* to) {
                            static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
                            return 0;
                        },
                        &dump, 0);
                })
                .ok());
    const auto apart = lua::take_apart(dump);
    REQUIRE(apart.has_value());
    std::size_t bytes = 0;
    for (const auto& piece : apart->pieces) {
        CHECK(piece.bytes > 0);
        bytes += piece.bytes;
    }
    CHECK(bytes == apart->bytes.size());
    for (std::size_t size = 0; size < dump.size(); ++size) CHECK_FALSE(lua::take_apart(dump.substr(0, size)));
    CHECK_FALSE(lua::take_apart(dump + "x"));
    std::string other = dump;
    other[4] = 0x53; // Lua 5.3
    CHECK_FALSE(lua::take_apart(other));
}
