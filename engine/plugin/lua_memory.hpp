#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace playhead {

// Small blocks of memory for the Lua states of one thread. A state is thousands of blocks of a few dozen bytes, and the
// C library keeps 8 bytes beside each and rounds it up to 16: a quarter of a room. Lua says how large a block was when
// it gives it back, so nothing need be kept beside one: blocks of one size lie in pages of their own.
// What rooms that fall asleep give back does not lie between what stays, so it goes back to the machine.
//   Bounds:  it holds what its states held at most, in pages, and gives back spans of pages in which nothing is left;
//            how much a state may hold is lua::Budget's affair.
//   Errors:  null when the machine has no memory.
//   Thread:  that of its states.   Owner: the shard; it outlives them.
class LuaMemory {
  public:
    static constexpr std::size_t block_bytes_max = 8 * 1024; // larger ones are the C library's

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
    // Sizes: every multiple of the unit up to the limit, and from there on a few to the octave.
    static constexpr std::size_t unit = 8;
    static constexpr std::size_t exact_bytes_max = 512;
    static constexpr std::array<std::size_t, 10> large_sizes{640,  768,  1024, 1280, 1536,
                                                             2048, 3072, 4096, 6144, block_bytes_max};
    static constexpr std::size_t page_bytes = 32 * 1024;
    static constexpr std::size_t span_bytes = 64 * page_bytes;
    // Beyond this the machine is asked for large pages of its own: of gigabytes, by small ones, a quarter of a tick
    // goes into finding out where things are. Up to here it does not, and large ones make a tick's tail: one takes two
    // milliseconds to be found, and where the machine is virtual it now and then has to find out anew where each is.
    static constexpr std::size_t small_pages_bytes_max = 1024UL * 1024 * 1024;

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

    static std::size_t size_class(std::size_t bytes);
    static std::size_t bytes_of(std::size_t size_class);
    Page* add_page(std::size_t bytes);
    void drop_page(Page* page);
    bool add_span();
    template <class Node>
    static void link(Node*& first, Node* node);
    template <class Node>
    static void unlink(Node*& first, Node* node);

    std::array<Page*, exact_bytes_max / unit + large_sizes.size()> pages_{}; // with room, by size
    Span* spans_with_room_ = nullptr;
    std::size_t spans_ = 0;
    Span* full_spans_ = nullptr;
};

} // namespace playhead
