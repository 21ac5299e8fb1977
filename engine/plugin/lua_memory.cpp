#include "plugin/lua_memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

// What nobody has is out of bounds for the address sanitizer too.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(0)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(0)
#endif

namespace playhead {
namespace {

template <class Whole>
Whole* whole_of(void* part, std::size_t alignment) {
    const auto address = reinterpret_cast<std::uintptr_t>(part);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is how the beginning of what it lies in is found
    return reinterpret_cast<Whole*>(address & ~(std::uintptr_t{alignment} - 1));
}

} // namespace

template <class Node>
void LuaMemory::link(Node*& first, Node* node) {
    node->previous = nullptr;
    node->next = first;
    if (first != nullptr) first->previous = node;
    first = node;
}

template <class Node>
void LuaMemory::unlink(Node*& first, Node* node) {
    if (node->next != nullptr) node->next->previous = node->previous;
    (node->previous != nullptr ? node->previous->next : first) = node->next;
}

LuaMemory::~LuaMemory() {
    // States that are gone have given everything back; of a span that is not empty somebody still has a block.
    assert(full_spans_ == nullptr);
    while (Span* span = spans_with_room_) {
        spans_with_room_ = span->next;
        ASAN_UNPOISON_MEMORY_REGION(span, span_bytes);
        std::free(span);
    }
}

std::size_t LuaMemory::size_class(std::size_t bytes) {
    if (bytes <= exact_bytes_max) return (bytes - 1) / unit;
    const auto* size = std::ranges::lower_bound(large_sizes, bytes);
    return exact_bytes_max / unit + static_cast<std::size_t>(size - large_sizes.begin());
}

std::size_t LuaMemory::bytes_of(std::size_t size_class) {
    constexpr std::size_t exact = exact_bytes_max / unit;
    return size_class < exact ? (size_class + 1) * unit : large_sizes[size_class - exact];
}

void* LuaMemory::take(std::size_t bytes) {
    Page*& first = pages_[size_class(bytes)];
    bytes = bytes_of(size_class(bytes));
    Page* page = first != nullptr ? first : add_page(bytes);
    if (page == nullptr) return nullptr;
    ++page->taken;
    void* block = page->free;
    if (block != nullptr) {
        ASAN_UNPOISON_MEMORY_REGION(block, bytes);
        page->free = page->free->next;
    } else {
        block = reinterpret_cast<std::byte*>(page) + (page_bytes - page->untouched);
        ASAN_UNPOISON_MEMORY_REGION(block, bytes);
        page->untouched -= static_cast<std::uint32_t>(bytes);
    }
    if (page->free == nullptr && page->untouched < bytes) unlink(first, page);
    return block;
}

void LuaMemory::give(void* block, std::size_t bytes) {
    Page*& first = pages_[size_class(bytes)];
    bytes = bytes_of(size_class(bytes));
    Page* page = whole_of<Page>(block, page_bytes);
    const bool was_full = page->free == nullptr && page->untouched < bytes;
    page->free = new (block) Free{page->free};
    ASAN_POISON_MEMORY_REGION(block, bytes);
    --page->taken;
    if (page->taken == 0) {
        if (!was_full) unlink(first, page);
        drop_page(page);
    } else if (was_full) {
        link(first, page);
    }
}

LuaMemory::Page* LuaMemory::add_page(std::size_t bytes) {
    if (spans_with_room_ == nullptr && !add_span()) return nullptr;
    Span* span = spans_with_room_;
    Page* page = span->free;
    span->free = page->next;
    if (--span->free_pages == 0) {
        unlink(spans_with_room_, span);
        link(full_spans_, span);
    }
    *page =
        Page{.next = nullptr, .previous = nullptr, .free = nullptr, .untouched = page_bytes - sizeof(Page), .taken = 0};
    ASAN_POISON_MEMORY_REGION(page + 1, page_bytes - sizeof(Page));
    link(pages_[size_class(bytes)], page);
    return page;
}

void LuaMemory::drop_page(Page* page) {
    constexpr std::size_t pages = span_bytes / page_bytes - 1;
    Span* span = whole_of<Span>(page, span_bytes);
    page->next = span->free;
    span->free = page;
    if (++span->free_pages == 1) {
        unlink(full_spans_, span);
        link(spans_with_room_, span);
    }
    // One empty span is kept, so that a room that comes and goes does not take and give one each time.
    if (span->free_pages < pages || (span->next == nullptr && span->previous == nullptr)) return;
    unlink(spans_with_room_, span);
    --spans_;
    ASAN_UNPOISON_MEMORY_REGION(span, span_bytes);
    std::free(span);
}

bool LuaMemory::add_span() {
    void* memory = std::aligned_alloc(span_bytes, span_bytes);
    if (memory == nullptr) return false;
    if (held_bytes() >= small_pages_bytes_max) static_cast<void>(::madvise(memory, span_bytes, MADV_HUGEPAGE));
    Span* span = new (memory) Span{.next = nullptr, .previous = nullptr, .free = nullptr, .free_pages = 0};
    for (std::size_t at = span_bytes - page_bytes; at > 0; at -= page_bytes) {
        Page* page = new (static_cast<std::byte*>(memory) + at)
            Page{.next = span->free, .previous = nullptr, .free = nullptr, .untouched = 0, .taken = 0};
        span->free = page;
        ++span->free_pages;
    }
    link(spans_with_room_, span);
    ++spans_;
    return true;
}

} // namespace playhead
