#include "plugin/lua_digest.hpp"

#include "plugin/lua_api.hpp"
#include "plugin/lua_library.hpp"
#include "plugin/lua_sandbox.hpp"

#include <lua.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace playhead::lua {
namespace {

constexpr std::size_t nodes_max = 10'000;
constexpr int depth_max = 100;
constexpr std::size_t keys_max = 2'000; // of one table: all its values lie on the stack at once

// What a node of the walk begins with, so that different things do not look alike.
enum class Mark : std::uint8_t {
    known = 1,
    table,
    view,
    host_table,
    environment,
    function,
    c_function,
    cell,
    object,
    end
};

// Goes through what a value leads to in an order that depends on content alone; what it meets again it names by the
// number of the first time. Uses only functions of Lua that cannot raise, since there are C++ objects here that a jump
// would skip.
class Walk {
  public:
    explicit Walk(lua_State* state) : state_(state) {}

    bool visit(int index, int depth = 0) {
        index = lua_absindex(state_, index);
        if (++nodes_ > nodes_max || depth > depth_max || lua_checkstack(state_, 8) == 0) return false;
        const int type = lua_type(state_, index);
        digest_.add(static_cast<std::uint64_t>(type) << 8U);
        switch (type) {
        case LUA_TNIL: return true;
        case LUA_TBOOLEAN: digest_.add(static_cast<std::uint64_t>(lua_toboolean(state_, index))); return true;
        case LUA_TNUMBER: add_number(index); return true;
        case LUA_TSTRING: add_text(index); return true;
        case LUA_TLIGHTUSERDATA: add_pointer(lua_touserdata(state_, index)); return true;
        case LUA_TTABLE: return is_known(type, lua_topointer(state_, index)) || visit_table(index, depth);
        case LUA_TFUNCTION: return is_known(type, lua_topointer(state_, index)) || visit_function(index, depth);
        case LUA_TUSERDATA: return is_known(type, lua_topointer(state_, index)) || visit_object(index, depth);
        default: return false; // a coroutine: where it stands cannot be seen
        }
    }
    std::uint64_t value() const { return digest_.value(); }

  private:
    // A key of a table, in an order of its own.
    struct Key {
        int kind; // lua_type; a float is told from an integer by the sign
        std::uint64_t bits;
        std::string_view text;
        int at; // of its value, on the stack
        auto order() const { return std::tuple{kind, bits, text}; }
    };

    void add(Mark mark) { digest_.add(static_cast<std::uint64_t>(mark)); }
    void add_pointer(const void* pointer) { digest_.add(std::bit_cast<std::uintptr_t>(pointer)); }
    void add_number(int index) {
        const bool whole = lua_isinteger(state_, index) != 0;
        digest_.add(whole ? 1 : 2);
        digest_.add(whole ? static_cast<std::uint64_t>(lua_tointeger(state_, index))
                          : std::bit_cast<std::uint64_t>(lua_tonumber(state_, index)));
    }
    void add_text(int index) {
        std::size_t size = 0;
        const char* text = lua_tolstring(state_, index, &size);
        digest_.add_bytes(text, size);
    }
    // By type and address: an object without bytes of its own has the address at which the next block begins.
    bool is_known(int type, const void* object) {
        const auto [found, is_new] = numbers_.emplace(std::pair{type, object}, numbers_.size());
        if (is_new) return false;
        add(Mark::known);
        digest_.add(found->second);
        return true;
    }

    bool visit_table(int index, int depth) {
        if (lua_getmetatable(state_, index) != 0) {
            bool good = true;
            if (is_locked(state_, index)) {
                // A view is what it shows; other tables of the host's are all alike.
                lua_pushvalue(state_, index);
                see_through(state_, lua_gettop(state_));
                const bool is_view = lua_rawequal(state_, -1, index) == 0;
                add(is_view ? Mark::view : Mark::host_table);
                good = !is_view || visit(-1, depth + 1);
                lua_pop(state_, 1);
            } else if (is_environment_metatable(state_, -1)) {
                add(Mark::environment);
            } else {
                good = visit(-1, depth + 1);
            }
            lua_pop(state_, 1);
            if (!good) return false;
        }
        add(Mark::table);
        return visit_entries(index, depth);
    }

    bool visit_entries(int index, int depth) {
        const int top = lua_gettop(state_);
        std::vector<Key> keys;
        for (lua_pushnil(state_); lua_next(state_, index) != 0;) {
            Key key{.kind = lua_type(state_, -2), .bits = 0, .text = {}, .at = lua_gettop(state_) - 1};
            std::size_t size = 0;
            switch (key.kind) {
            case LUA_TBOOLEAN: key.bits = static_cast<std::uint64_t>(lua_toboolean(state_, -2)); break;
            case LUA_TNUMBER:
                if (lua_isinteger(state_, -2) != 0) {
                    key.bits = static_cast<std::uint64_t>(lua_tointeger(state_, -2));
                } else {
                    key.kind = -key.kind;
                    key.bits = std::bit_cast<std::uint64_t>(lua_tonumber(state_, -2));
                }
                break;
            case LUA_TSTRING: {
                const char* text = lua_tolstring(state_, -2, &size);
                key.text = {text, size};
                break;
            }
            case LUA_TLIGHTUSERDATA: key.bits = std::bit_cast<std::uintptr_t>(lua_touserdata(state_, -2)); break;
            default: lua_settop(state_, top); return false; // objects have no order
            }
            keys.push_back(key);
            if (keys.size() > keys_max || lua_checkstack(state_, 4) == 0) {
                lua_settop(state_, top);
                return false;
            }
            lua_insert(state_, -2); // the value stays under the key
        }
        std::ranges::sort(keys, {}, &Key::order);
        bool good = true;
        for (const Key& key : keys) {
            digest_.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(key.kind)));
            digest_.add(key.bits);
            digest_.add_bytes(key.text.data(), key.text.size());
            good = good && visit(key.at, depth + 1);
        }
        add(Mark::end);
        lua_settop(state_, top);
        return good;
    }

    bool visit_function(int index, int depth) {
        if (const lua_CFunction function = lua_tocfunction(state_, index); function != nullptr) {
            add(Mark::c_function);
            digest_.add(std::bit_cast<std::uintptr_t>(function));
        } else {
            add(Mark::function);
            // Its code, to the byte; what it was written from does not matter.
            lua_pushvalue(state_, index);
            const auto add_code = [](lua_State*, const void* bytes, std::size_t size, void* to) noexcept {
                static_cast<Digest*>(to)->add_bytes(bytes, size);
                return 0;
            };
            lua_dump(state_, add_code, &digest_, 1);
            lua_pop(state_, 1);
            lua_Debug record{};
            lua_pushvalue(state_, index);
            lua_getinfo(state_, ">S", &record);
            digest_.add(static_cast<std::uint64_t>(record.linedefined));
        }
        for (int i = 1; lua_getupvalue(state_, index, i) != nullptr; ++i) {
            // Functions may share one: who changes it changes it for all.
            const bool known = is_known(LUA_TNONE, lua_upvalueid(state_, index, i));
            bool good = true;
            if (!known) {
                add(Mark::cell);
                good = visit(-1, depth + 1);
            }
            lua_pop(state_, 1);
            if (!good) return false;
        }
        return true;
    }

    bool visit_object(int index, int depth) {
        add(Mark::object);
        const std::optional<int> values = add_object(state_, index, digest_);
        if (!values) return false;
        for (int i = 1; i <= *values; ++i) {
            lua_getiuservalue(state_, index, i);
            const bool good = visit(-1, depth + 1);
            lua_pop(state_, 1);
            if (!good) return false;
        }
        return true;
    }

    lua_State* state_;
    Digest digest_;
    std::map<std::pair<int, const void*>, std::size_t> numbers_;
    std::size_t nodes_ = 0;
};

} // namespace

void Digest::add_bytes(const void* bytes, std::size_t size) {
    const auto* at = static_cast<const unsigned char*>(bytes);
    add(size);
    for (; size >= sizeof(std::uint64_t); size -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        add(word);
    }
    std::uint64_t rest = 0;
    if (size > 0) std::memcpy(&rest, at, size);
    add(rest);
}

std::optional<std::uint64_t> digest_of(Sandbox& sandbox, const HostedPlugin& hosted) {
    std::optional<std::uint64_t> digest;
    const Called called = sandbox.call([&](lua_State* state) {
        push_functions(state, hosted);
        Walk walk{state};
        if (walk.visit(-1)) digest = walk.value();
    });
    return called.ok() ? digest : std::nullopt;
}

} // namespace playhead::lua
