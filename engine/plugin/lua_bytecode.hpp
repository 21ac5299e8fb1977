#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Inside plugin only. What lua_dump writes, taken apart, so that it can be loaded with less: without the names of
// locals and upvalues, and with the parts that are the same in every state lent to it instead of copied
// (lua_shared_code.hpp). Line numbers stay, so that messages name file:line.
namespace playhead::lua {

struct Bytecode {
    // Reading goes piece by piece. When Lua asks for the next piece after one of these, it has asked for exactly one
    // block since, of so many bytes, and fills it from the next: that block may be lent. 0: nothing can be said.
    struct Piece {
        std::size_t bytes = 0;
        std::size_t block_bytes = 0;
    };
    std::string bytes;
    std::vector<Piece> pieces;
};

// Empty if the dump is not as Lua 5.4 writes it on this machine: then it is loaded as it is.
std::optional<Bytecode> take_apart(std::string_view dump);

} // namespace playhead::lua
