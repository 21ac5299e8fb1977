#include "plugin/lua_budget.hpp"
#include "plugin/lua_library.hpp"

#include <lua.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

// Going through a table in an order that is the same in every run: numbers by size, then text in byte order, then false
// and true. Lua's own order follows the hashes of texts, which differ in every process, and the addresses of objects;
// so objects as keys can be used, but not gone through.
namespace playhead::lua {
namespace {

constexpr std::int64_t scan_cost = 30; // of a table whose slots are all empty; they are not counted otherwise
constexpr std::int64_t key_cost = 4;   // of seeing one key
constexpr std::int64_t bytes_per_unit = 64;

// A key as sorting needs it, without Lua. Text belongs to Lua and stays where it is as long as something holds it.
struct Key {
    enum class Kind : std::uint8_t { integer, real, text, boolean };
    std::uint64_t bits;     // the number, the flag or the address of the text
    std::uint32_t size;     // of the text
    std::uint32_t position; // in the list to sort; the kind in its top bits

    static constexpr unsigned kind_shift = 29;
    Kind is() const { return static_cast<Kind>(position >> kind_shift); }
    lua_Integer at() const { return position & ((1U << kind_shift) - 1); }
    std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
    double real() const { return std::bit_cast<double>(bits); }
    std::string_view text() const { return {std::bit_cast<const char*>(bits), size}; }
};
static_assert(sizeof(Key) == 16);

// Exact, also where a double cannot tell neighbouring integers apart. No key is NaN.
bool integer_before_real(std::int64_t left, double right) {
    if (right >= 0x1p63) return true;
    if (right < -0x1p63) return false;
    const double whole = std::ceil(right); // left < right is left < ceil(right)
    return whole >= 0x1p63 || left < static_cast<std::int64_t>(whole);
}

bool real_before_integer(double left, std::int64_t right) {
    if (left >= 0x1p63) return false;
    if (left < -0x1p63) return true;
    return static_cast<std::int64_t>(std::floor(left)) < right;
}

bool before(const Key& left, const Key& right) {
    using Kind = Key::Kind;
    const bool left_number = left.is() <= Kind::real;
    const bool right_number = right.is() <= Kind::real;
    if (left_number && right_number) {
        if (left.is() == Kind::integer)
            return right.is() == Kind::integer ? left.integer() < right.integer()
                                               : integer_before_real(left.integer(), right.real());
        return right.is() == Kind::real ? left.real() < right.real()
                                        : real_before_integer(left.real(), right.integer());
    }
    if (left_number != right_number || left.is() != right.is()) return left.is() < right.is();
    return left.is() == Kind::text ? left.text() < right.text() : left.bits < right.bits;
}

// The key at `index` of the stack; raises if it cannot be put in an order.
Key key_at(lua_State* state, int index, std::uint32_t position) {
    const auto key = [&](Key::Kind kind, std::uint64_t bits, std::size_t size) {
        return Key{bits, static_cast<std::uint32_t>(size),
                   position | (static_cast<std::uint32_t>(kind) << Key::kind_shift)};
    };
    switch (lua_type(state, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(state, index) != 0)
            return key(Key::Kind::integer, static_cast<std::uint64_t>(lua_tointeger(state, index)), 0);
        return key(Key::Kind::real, std::bit_cast<std::uint64_t>(lua_tonumber(state, index)), 0);
    case LUA_TSTRING: {
        std::size_t size = 0;
        const char* text = lua_tolstring(state, index, &size);
        return key(Key::Kind::text, std::bit_cast<std::uint64_t>(text), size);
    }
    case LUA_TBOOLEAN: return key(Key::Kind::boolean, static_cast<std::uint64_t>(lua_toboolean(state, index)), 0);
    default: break;
    }
    luaL_error(state, "a table with a %s as a key cannot be gone through: it has no order",
               luaL_typename(state, index));
    return {};
}

// Puts the list on top of the stack, whose places are in keys[i].at(), into the order of `keys`: every cycle of places
// is gone round once.
void reorder(lua_State* state, Key* keys, lua_Integer count) {
    const auto settled = [](const Key& key, lua_Integer place) { return key.at() == place; };
    const auto settle = [](Key& key, lua_Integer place) {
        key.position = (key.position & ~((1U << Key::kind_shift) - 1)) | static_cast<std::uint32_t>(place);
    };
    for (lua_Integer start = 0; start < count; ++start) {
        if (settled(keys[start], start)) continue;
        lua_rawgeti(state, -1, start + 1);
        lua_Integer place = start;
        for (lua_Integer from = keys[place].at(); from != start; from = keys[place].at()) {
            lua_rawgeti(state, -2, from + 1);
            lua_rawseti(state, -3, place + 1);
            settle(keys[place], place);
            place = from;
        }
        lua_rawseti(state, -2, place + 1);
        settle(keys[place], place);
    }
}

// Pushes a list of the keys of the table at index 1, in their order; how many there are. What it costs, in instructions
// and in memory, must not depend on the order in which Lua gives them: that differs from process to process.
lua_Integer push_keys(lua_State* state) {
    charge(state, scan_cost);
    lua_Integer count = 0;
    std::size_t text_bytes = 0;
    for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
        if (is_hidden_key(state, -2)) continue;
        charge(state, key_cost);
        text_bytes += key_at(state, -2, 0).size;
        ++count;
    }
    lua_createtable(state, list_hint(count), 0);
    if (count == 0) return count;
    // Charged before it is done, and by the bytes that comparing may look at.
    const auto rounds = static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(count)));
    charge(state, (count + static_cast<std::int64_t>(text_bytes) / bytes_per_unit) * rounds);
    auto* keys = static_cast<Key*>(lua_newuserdatauv(state, static_cast<std::size_t>(count) * sizeof(Key), 0));
    lua_insert(state, -2); // below the list
    lua_Integer at = 0;
    for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
        if (is_hidden_key(state, -2)) continue;
        keys[at] = key_at(state, -2, static_cast<std::uint32_t>(at));
        lua_pushvalue(state, -2);
        lua_rawseti(state, -4, ++at);
    }
    if (!std::is_sorted(keys, keys + count, before)) { // lists and small tables often are
        std::sort(keys, keys + count, before);
        reorder(state, keys, count);
    }
    lua_remove(state, -2);
    return count;
}

// The function that pairs returns. Its upvalues: the table, its keys, how many were given.
int next_pair(lua_State* state) {
    constexpr std::int64_t step_cost = 4;
    charge(state, step_cost);
    for (lua_Integer at = lua_tointeger(state, lua_upvalueindex(3)) + 1;; ++at) {
        if (lua_rawgeti(state, lua_upvalueindex(2), at) == LUA_TNIL) return 1;
        lua_pushvalue(state, -1);
        if (lua_rawget(state, lua_upvalueindex(1)) == LUA_TNIL) { // removed on the way
            lua_pop(state, 2);
            charge(state, 1);
            continue;
        }
        lua_pushinteger(state, at);
        lua_replace(state, lua_upvalueindex(3));
        return 2;
    }
}

// pairs(table) -> function that gives key, value in the order of keys, table, nil
// The keys are those of this moment: added ones are not met, removed ones are skipped.
int pairs(lua_State* state) {
    luaL_checkany(state, 1);
    lua_settop(state, 1);
    if (luaL_getmetafield(state, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(state, 1);
        lua_call(state, 1, 3);
        return 3;
    }
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_pushvalue(state, 1);
    see_through(state, 1);
    push_keys(state);
    lua_pushvalue(state, 1);
    lua_insert(state, -2);
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, next_pair, 3);
    lua_insert(state, 2);
    lua_pushnil(state);
    return 3;
}

// next(table, key = nil) -> the key that follows it in the order of pairs, its value | nil at the end
// Looks at all keys to find it: to go through a table, pairs is the way.
int next(lua_State* state) {
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_settop(state, 2);
    see_through(state, 1);
    charge(state, scan_cost);
    const bool from_start = lua_isnil(state, 2);
    Key after{};
    if (!from_start) after = key_at(state, 2, 0);
    lua_pushnil(state); // the best so far, at 3
    Key best{};
    bool found = false;
    for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
        if (is_hidden_key(state, -2)) continue;
        const Key key = key_at(state, -2, 0);
        charge(state, 2 + static_cast<std::int64_t>(key.size) / bytes_per_unit);
        if ((!from_start && !before(after, key)) || (found && !before(key, best))) continue;
        best = key;
        found = true;
        lua_pushvalue(state, -2);
        lua_replace(state, 3);
    }
    lua_settop(state, 3);
    if (!found) return 1;
    lua_pushvalue(state, 3);
    lua_rawget(state, 1);
    return 2;
}

} // namespace

int list_hint(std::int64_t length) {
    const bool like_hash_part = length % 3 == 0 && std::has_single_bit(static_cast<std::uint64_t>(length / 3));
    return static_cast<int>(length) + (like_hash_part ? 1 : 0);
}

void open_pairs(lua_State* state) {
    lua_pushglobaltable(state);
    constexpr luaL_Reg functions[] = {{"next", next}, {"pairs", pairs}, {nullptr, nullptr}};
    luaL_setfuncs(state, functions, 0);
    lua_pop(state, 1);
}

} // namespace playhead::lua
