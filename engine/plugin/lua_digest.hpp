#pragma once

#include <cstdint>
#include <optional>

struct lua_State;

namespace playhead {
struct HostedPlugin;
}

// Inside plugin only.
namespace playhead::lua {

class Sandbox;

// A number over everything a plugin has in Lua: its functions, what they remember (upvalues, globals) and what that
// leads to. Two states of a plugin, also in different rooms of this process, have the same number if no script could
// tell them apart: the same code, values and structure, whatever the addresses.
//   Errors: empty if that cannot be said: a coroutine, a table with objects as keys, more than can be gone through.
std::optional<std::uint64_t> digest_of(Sandbox& sandbox, const HostedPlugin& hosted);

// What a digest is made of; objects of the API add themselves (lua_api_objects.cpp).
class Digest {
  public:
    void add(std::uint64_t word) {
        constexpr std::uint64_t prime = 0x100000001b3; // FNV-1a, by words, with the high half mixed in
        value_ = (value_ ^ word) * prime;
        value_ ^= value_ >> 29U;
    }
    void add_bytes(const void* bytes, std::size_t size);
    std::uint64_t value() const { return value_; }

  private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

// Adds what the object of the API at `index` is, without what it leads to in the room. Of its user values so many, from
// the first on, are the script's: the caller goes through them. Empty if it is none of the API's. Never raises.
std::optional<int> add_object(lua_State* state, int index, Digest& digest);

} // namespace playhead::lua
