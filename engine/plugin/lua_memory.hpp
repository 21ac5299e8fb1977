#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace playhead {

// Small blocks of memory for the Lua states of one thread. A state is thousands of blocks of a few dozen bytes, and the
// C library keeps 8 bytes beside each and rounds it up to 16: a quarter of a room. Lua says how large a block was when
// it gives it back, so nothing need be kept beside one: blocks of one size lie in pages of their own.
//   Bounds:  it holds what its states held at most, in pages, and gives back spans of pages in which nothing is left;
//            how much a state may hold is lua::Budget's affair.
//   Errors:  null when the machine has no memory.
//   Thread:  that of its states.   Owner: the shard; it outlives them.
class LuaMemory {
  public:
    static constexpr std::size_t block_bytes_max = 512; // larger ones are the C library's

    LuaMemory() = default;
    ~LuaMemory();
    LuaMemory(const LuaMemory&) = delete;
    LuaMemory& operator=(const LuaMemory&) = delete;

    // Both: 1 to block_bytes_max, and what is given was taken with the same size. Aligned to 8.
    void* take(std::size_t bytes);
    void give(void* block, std::size_t bytes);

    // In spans: what it has of the machine's memory.
    std::size_t held_bytes() const { return spans_ * span_bytes; }

  private:
    static constexpr std::size_t unit = 8;
    static constexpr std::size_t page_bytes = 8 * 1024;
    static constexpr std::size_t span_bytes = 64 * page_bytes;

    struct Free { // in a block that nobody has
        Free* next;
    };
    // At the start of each page; pages with room for more of one size are in a list.
    struct Page {
        Page* next;
        Page* previous;
        Free* free;
        std::uint32_t untouched; // bytes at the end that were never handed out
        std::uint32_t taken;     // blocks
    };
    // At the start of each span, in its first page, which holds nothing else.
    struct Span {
        Span* next;
        Span* previous;
        Page* free; // pages of no size, by `next`
        std::size_t free_pages;
    };

    static std::size_t size_class(std::size_t bytes) { return (bytes - 1) / unit; }
    Page* add_page(std::size_t bytes);
    void drop_page(Page* page);
    bool add_span();
    template <class Node>
    static void link(Node*& first, Node* node);
    template <class Node>
    static void unlink(Node*& first, Node* node);

    std::array<Page*, block_bytes_max / unit> pages_{}; // with room, by size
    Span* spans_with_room_ = nullptr;
    std::size_t spans_ = 0;
    Span* full_spans_ = nullptr;
};

} // namespace playhead
