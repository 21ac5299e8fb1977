#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

// Inside plugin only.
namespace playhead::lua {

class Chunk;

// What of a set's code is the same in every state that loads it: instructions, line numbers and the places of upvalues,
// about half of what loaded code takes. It is kept once for all rooms of a thread. Nothing in it points into a state;
// Lua writes it while loading (always the same bytes) and then only reads it, and there is no way to change it for a
// script, which never sees bytecode. Constants, functions and everything that can change are each state's own.
//   How:     push_chunk() hands Lua the code in pieces (Bytecode::Piece), so that it is known for which vector Lua asks
//            for a block; the state's allocator then gives a block of this memory, and leaves it alone when it is
//            given back.
//   Thread:  that of the first state that loads from it. States on other threads have copies of their own.
//   Owner:   the PluginSet; it outlives the states.
class SharedCode {
  public:
    explicit SharedCode(std::span<const std::shared_ptr<const Chunk>> chunks);

    // May this thread use it?
    bool claim();
    // Where the blocks of a chunk begin: in the order of its pieces, each with the space_for() it. Null if the chunk is
    // none of the set's.
    std::byte* blocks_of(const Chunk& chunk) const;
    // What a plugin has in Lua when it has just been started (lua_digest.hpp), once somebody has found out; for who has
    // claimed it. The chunk is one of the set's.
    std::optional<std::uint64_t>& digest_of(const Chunk& chunk);
    static std::size_t space_for(std::size_t block_bytes) {
        return (block_bytes + alignment - 1) / alignment * alignment;
    }

    const std::byte* begin() const { return memory_.get(); }
    std::size_t bytes() const { return bytes_; }

  private:
    static constexpr std::size_t alignment = alignof(std::max_align_t);
    struct Part {
        const Chunk* chunk = nullptr;
        std::size_t begin = 0;
        std::optional<std::uint64_t> digest{};
    };

    std::vector<Part> parts_;
    std::size_t bytes_ = 0;
    std::unique_ptr<std::byte[]> memory_;
    std::atomic<const void*> thread_ = nullptr; // a mark of the one that has claimed it
};

} // namespace playhead::lua
