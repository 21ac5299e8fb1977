#include "plugin/lua_state.hpp"

#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace playhead {
namespace lua {
namespace {

char expired_mark; // its address is the error value of an expired budget

void remember_place(Budget& budget, lua_State* state) {
    lua_Debug record{};
    // The innermost function that has lines: a C function has none.
    for (int level = 0; lua_getstack(state, level, &record) != 0; ++level) {
        lua_getinfo(state, "Sl", &record);
        if (record.currentline > 0) {
            std::snprintf(budget.place.data(), budget.place.size(), "%s:%d: ", record.short_src, record.currentline);
            return;
        }
    }
}

[[noreturn]] void expire(lua_State* state) {
    Budget& budget = budget_of(state);
    if (!budget.expired) {
        budget.expired = true;
        remember_place(budget, state);
    }
    raise_expired(state);
}

} // namespace

Budget& budget_of(lua_State* state) { return **static_cast<Budget**>(lua_getextraspace(state)); }

void raise_expired(lua_State* state) {
    // From now on at every instruction of this coroutine; the others come to it within an interval.
    lua_sethook(state, count_hook, LUA_MASKCOUNT, 1);
    lua_pushlightuserdata(state, &expired_mark);
    lua_error(state);
    std::abort(); // lua_error does not return, but its declaration does not say so
}

void charge(lua_State* state, std::int64_t instructions) {
    Budget& budget = budget_of(state);
    if (!budget.armed) return;
    // Clamped so that a sum of absurd charges cannot wrap around.
    budget.left -= std::clamp<std::int64_t>(instructions, 0, budget.limits.instructions_max + 1);
    if (budget.left < 0) expire(state);
}

void count_hook(lua_State* state, lua_Debug*) { charge(state, Budget::interval); }

void* allocate(void* user_data, void* block, std::size_t old_size, std::size_t new_size) {
    Budget& budget = *static_cast<Budget*>(user_data);
    // For a new object Lua gives its type in place of an old size.
    const bool is_string = block == nullptr && old_size == LUA_TSTRING;
    if (block == nullptr) old_size = 0;
    if (new_size == 0) {
        budget.memory_bytes -= old_size;
        std::free(block);
        return nullptr;
    }
    if (new_size > old_size) { // shrinking must not fail (lua_Alloc in the manual)
        const std::size_t grown = new_size - old_size;
        const auto& limits = budget.limits;
        constexpr std::size_t string_header = 32;
        if (new_size > limits.block_bytes_max || (is_string && new_size > limits.string_bytes_max + string_header) ||
            grown > limits.memory_bytes_max - std::min(budget.memory_bytes, limits.memory_bytes_max)) {
            // Lua answers with a whole collection and asks again: a script that does this in a loop pays for those.
            budget.left -= Budget::interval + static_cast<std::int64_t>(budget.memory_bytes / Budget::unit_bytes);
            budget.memory_short = true;
            return nullptr;
        }
        budget.left -= static_cast<std::int64_t>(new_size / Budget::unit_bytes) + Budget::block_cost;
    }
    void* moved = std::realloc(block, new_size);
    if (moved != nullptr) budget.memory_bytes += new_size - old_size; // unsigned arithmetic wraps back when shrinking
    return moved;
}

} // namespace lua

namespace {

struct Chunk {
    std::string_view source;
    const char* name;
};

const char* read_chunk(lua_State*, void* data, std::size_t* size) {
    auto& chunk = *static_cast<Chunk*>(data);
    *size = chunk.source.size();
    const char* text = chunk.source.data();
    chunk.source = {};
    return text;
}

int load_and_call(lua_State* state) {
    auto& chunk = *static_cast<Chunk*>(lua_touserdata(state, 1));
    lua_settop(state, 0);
    if (lua_load(state, read_chunk, &chunk, chunk.name, "t") != LUA_OK) return lua_error(state);
    lua_call(state, 0, 1);
    return 1;
}

int set_up(lua_State* state) {
    lua::open_library(state);
    return 0;
}

// Turns what is on top of the stack into a Value. Only functions that cannot raise are used, since there are C++
// objects about; metamethods are not asked.
class Reader {
  public:
    Reader(lua_State* state, const LuaLimits& limits) : state_(state), limits_(limits) {}

    Result<Value> read(std::size_t depth = 0) {
        if (++values_ > limits_.values_max)
            return refuse(ErrorCode::too_large, "more than " + std::to_string(limits_.values_max) + " values");
        switch (lua_type(state_, -1)) {
        case LUA_TNIL: return Value{};
        case LUA_TBOOLEAN: return Value{lua_toboolean(state_, -1) != 0};
        case LUA_TNUMBER:
            if (lua_isinteger(state_, -1) != 0) return Value{std::int64_t{lua_tointeger(state_, -1)}};
            return Value{double{lua_tonumber(state_, -1)}};
        case LUA_TSTRING: return Value{text_at(-1)};
        case LUA_TTABLE: return read_table(depth);
        default: return refuse(ErrorCode::malformed, std::string{"a "} + lua_typename(state_, lua_type(state_, -1)));
        }
    }

  private:
    std::unexpected<Error> refuse(ErrorCode code, const std::string& what) const {
        const std::string where = path_.empty() ? "the result" : path_;
        return std::unexpected(Error{code, where + " is or holds " + what + ", which is not data", 0});
    }

    std::string text_at(int index) const {
        std::size_t size = 0;
        const char* text = lua_tolstring(state_, index, &size);
        return {text, size};
    }

    Result<Value> read_table(std::size_t depth) {
        if (depth == limits_.value_depth_max)
            return refuse(ErrorCode::too_large,
                          "tables nested deeper than " + std::to_string(depth) + " (or a table in itself)");
        if (lua_checkstack(state_, 4) == 0) return refuse(ErrorCode::too_large, "more than fits on the stack");
        const std::size_t length = lua_rawlen(state_, -1);
        return length > 0 ? read_list(depth, length) : read_map(depth);
    }

    Result<Value> read_list(std::size_t depth, std::size_t length) {
        const std::size_t here = path_.size();
        std::size_t keys = 0;
        for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
            ++keys;
            if (lua_isinteger(state_, -2) == 0) {
                const bool named = lua_type(state_, -2) == LUA_TSTRING;
                const std::string key = named ? "the key " + text_at(-2) : "other keys";
                lua_pop(state_, 2);
                return refuse(ErrorCode::malformed, "a list with " + key + " in it");
            }
        }
        if (keys != length) return refuse(ErrorCode::malformed, "a list with holes");
        Value::List list;
        for (std::size_t i = 1; i <= length; ++i) {
            path_ += '[' + std::to_string(i) + ']';
            lua_rawgeti(state_, -1, static_cast<lua_Integer>(i));
            auto item = read(depth + 1);
            lua_pop(state_, 1);
            if (!item) return item;
            path_.resize(here);
            list.push_back(std::move(*item));
        }
        return Value{std::move(list)};
    }

    Result<Value> read_map(std::size_t depth) {
        const std::size_t here = path_.size();
        Value::Map map;
        for (lua_pushnil(state_); lua_next(state_, -2) != 0; lua_pop(state_, 1)) {
            if (lua_type(state_, -2) != LUA_TSTRING) {
                const std::string type = lua_typename(state_, lua_type(state_, -2));
                lua_pop(state_, 2);
                return refuse(ErrorCode::malformed,
                              "a table with a key that is a " + type + ", neither text nor 1 to n");
            }
            std::string key = text_at(-2);
            path_ += (here == 0 ? "" : ".") + key;
            auto item = read(depth + 1);
            if (!item) {
                lua_pop(state_, 2);
                return item;
            }
            path_.resize(here);
            map.push_back({std::move(key), std::move(*item)});
        }
        if (map.empty()) return Value{Value::List{}};
        std::ranges::sort(map, {}, &Value::Entry::key); // Lua's own order is different in every run
        return Value{std::move(map)};
    }

    lua_State* state_;
    const LuaLimits& limits_;
    std::string path_;
    std::size_t values_ = 0;
};

} // namespace

struct LuaState::Impl {
    lua::Budget budget;
    lua_State* state = nullptr;

    Error explain(int status) {
        const auto& limits = budget.limits;
        if (budget.expired) {
            return {ErrorCode::too_large,
                    std::string{budget.place.data()} + "the script has used up its " +
                        std::to_string(limits.instructions_max) + " instructions: does it loop for ever?",
                    0};
        }
        std::string message;
        if (lua_type(state, -1) == LUA_TSTRING) {
            message = lua_tostring(state, -1);
        } else {
            message = std::string{"the script raised "} + lua_typename(state, lua_type(state, -1)) + " as an error";
        }
        if (status == LUA_ERRMEM || (budget.memory_short && message.ends_with("not enough memory"))) {
            return {ErrorCode::too_large,
                    "the script needs more memory than it may have: " + std::to_string(limits.memory_bytes_max) +
                        " bytes in all, " + std::to_string(limits.block_bytes_max) + " in one table, " +
                        std::to_string(limits.string_bytes_max) + " in one string",
                    0};
        }
        return {ErrorCode::malformed, message, 0};
    }
};

LuaState::LuaState(const LuaLimits& limits) : impl_(std::make_unique<Impl>()) {
    impl_->budget.limits = limits;
    impl_->state = lua_newstate(lua::allocate, &impl_->budget);
    if (impl_->state == nullptr) return;
    // Before anything else, so that every coroutine inherits both.
    *static_cast<lua::Budget**>(lua_getextraspace(impl_->state)) = &impl_->budget;
    lua_sethook(impl_->state, lua::count_hook, LUA_MASKCOUNT, lua::Budget::interval);
    lua_pushcfunction(impl_->state, set_up);
    if (lua_pcall(impl_->state, 0, 0, 0) != LUA_OK) {
        lua_close(impl_->state);
        impl_->state = nullptr;
    }
}

LuaState::~LuaState() {
    if (impl_->state != nullptr) lua_close(impl_->state);
}

Result<Value> LuaState::run(std::string_view source, std::string_view name) {
    const auto& limits = impl_->budget.limits;
    const std::string shown{name};
    if (impl_->state == nullptr) {
        return std::unexpected(Error{ErrorCode::too_large,
                                     shown + ": " + std::to_string(limits.memory_bytes_max) +
                                         " bytes are not enough for an empty interpreter",
                                     0});
    }
    if (source.size() > limits.source_bytes_max) {
        return std::unexpected(Error{ErrorCode::too_large,
                                     shown + ": the script has " + std::to_string(source.size()) + " bytes; at most " +
                                         std::to_string(limits.source_bytes_max) + " are read",
                                     0});
    }
    if (source.starts_with("\xef\xbb\xbf")) source.remove_prefix(3); // some editors write a byte order mark
    lua::Budget& budget = impl_->budget;
    budget.left = limits.instructions_max;
    budget.expired = false;
    budget.memory_short = false;
    budget.place = {};
    lua_State* state = impl_->state;
    lua_settop(state, 0);
    lua_sethook(state, lua::count_hook, LUA_MASKCOUNT, lua::Budget::interval);

    const std::string chunk_name = "@" + shown; // "@": it is a file's name
    Chunk chunk{source, chunk_name.c_str()};
    lua_pushcfunction(state, load_and_call);
    lua_pushlightuserdata(state, &chunk);
    budget.armed = true;
    const int status = lua_pcall(state, 1, 1, 0);
    budget.armed = false;

    const bool finished = status == LUA_OK && !budget.expired;
    Result<Value> result = finished ? Reader{state, limits}.read() : std::unexpected(impl_->explain(status));
    if (!result) {
        std::string& message = result.error().message;
        // Lua writes "name:line: " before most messages, and long names as "...end of name".
        if (!message.starts_with(shown + ":") && !message.starts_with("...")) message = shown + ": " + message;
    }
    lua_settop(state, 0);
    return result;
}

std::size_t LuaState::memory_bytes() const { return impl_->budget.memory_bytes; }

std::int64_t LuaState::instructions_used() const { return impl_->budget.limits.instructions_max - impl_->budget.left; }

Result<Value> run_script(std::string_view source, std::string_view name, const LuaLimits& limits) {
    return LuaState{limits}.run(source, name);
}

} // namespace playhead
