#pragma once

#include "core/result.hpp"
#include "plugin/lua_bytecode.hpp"
#include "plugin/lua_state.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct lua_State;

// Inside plugin only.
namespace playhead::lua {

struct Failure;

// Does a chunk keep the names of its locals and upvalues? They are a fifth of what it takes, and Lua's messages name
// them: "attempt to index a nil value (local 'row')". Without them messages still name file:line, fields and functions.
enum class LocalNames : std::uint8_t { kept, dropped };

// A script, read once and loaded into many states: parsing is what loading costs most. Bytecode can corrupt the
// interpreter, so nobody but compile() can make one, and none ever comes from outside.
class Chunk {
  public:
    const std::string& name() const { return name_; }
    std::size_t bytes() const { return bytecode_.bytes.size(); }
    std::span<const Bytecode::Piece> pieces() const { return bytecode_.pieces; }

  private:
    friend Result<Chunk> compile(std::string_view, std::string_view, const LuaLimits&, LocalNames);
    friend void push_chunk(lua_State*, const Chunk&, int);
    Chunk(std::string name, Bytecode bytecode) : name_(std::move(name)), bytecode_(std::move(bytecode)) {}

    std::string name_;
    Bytecode bytecode_;
};

// Reads a plugin's source; `name` is how messages call it ("chat/init.lua").
//   Errors: malformed with file:line; too_large. Beyond Lua's own: the operator ^ is refused, since the last bit of
//   what
//           it gives differs between machines (math.pow takes whole exponents), and very many texts joined by one ...
Result<Chunk> compile(std::string_view source, std::string_view name, const LuaLimits& limits = {},
                      LocalNames names = LocalNames::kept);

// Pushes the chunk as a function whose globals are the table at `environment`. What the state's SharedCode has of it is
// not copied. May raise (memory).
void push_chunk(lua_State* state, const Chunk& chunk, int environment);

// The same for a source that is run once. `name` begins with "@" if it is a file's. May raise (its mistakes; memory).
void push_source(lua_State* state, std::string_view source, const char* name, int environment);

// A failed call for whoever gave the script: too_large if a limit was hit, malformed otherwise.
Error error_of(const Failure& failure, std::string_view name);

// Is the source too long to be read?
std::optional<Error> source_fault(std::string_view source, std::string_view name, const LuaLimits& limits);

} // namespace playhead::lua
