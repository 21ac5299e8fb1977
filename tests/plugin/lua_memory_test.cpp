#include "plugin/lua_memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <vector>

using namespace playhead;

namespace {

struct Block {
    unsigned char* at;
    std::size_t bytes;
    unsigned char mark;
};

bool untouched(const Block& block) {
    for (std::size_t i = 0; i < block.bytes; ++i)
        if (block.at[i] != block.mark) return false;
    return true;
}

} // namespace

TEST_CASE("blocks do not overlap, keep what is written into them and are aligned, whatever comes and goes") {
    LuaMemory memory;
    std::mt19937 random{4}; // NOLINT(cert-msc51-cpp): the same each time
    std::vector<Block> blocks;
    for (int step = 0; step < 60'000; ++step) {
        const bool grows = blocks.size() < 200 || (step / 10'000 % 2 == 0 && blocks.size() < 8'000);
        if (grows || random() % 2 == 0) {
            const std::size_t bytes = 1 + random() % (random() % 4 == 0 ? LuaMemory::block_bytes_max : 200);
            auto* at = static_cast<unsigned char*>(memory.take(bytes));
            REQUIRE(at != nullptr);
            CHECK(reinterpret_cast<std::uintptr_t>(at) % 8 == 0);
            const auto mark = static_cast<unsigned char>(random());
            std::memset(at, mark, bytes);
            blocks.push_back({at, bytes, mark});
        } else {
            const std::size_t which = random() % blocks.size();
            CHECK(untouched(blocks[which]));
            memory.give(blocks[which].at, blocks[which].bytes);
            blocks[which] = blocks.back();
            blocks.pop_back();
        }
    }
    for (const Block& block : blocks) {
        CHECK(untouched(block));
        memory.give(block.at, block.bytes);
    }
}

TEST_CASE("small blocks take little more than they are, and what is empty goes back to the machine") {
    LuaMemory memory;
    CHECK(memory.held_bytes() == 0);
    constexpr std::size_t bytes = 40;
    std::vector<void*> blocks;
    for (int i = 0; i < 400'000; ++i) blocks.push_back(memory.take(bytes));
    const std::size_t held = memory.held_bytes();
    CHECK(held >= bytes * blocks.size());
    CHECK(held < bytes * blocks.size() * 11 / 10);
    for (void* block : blocks) memory.give(block, bytes);
    CHECK(memory.held_bytes() < held / 4); // one span is kept for the next
    const std::size_t kept = memory.held_bytes();
    memory.give(memory.take(8), 8);
    CHECK(memory.held_bytes() == kept);
}

TEST_CASE("a page that held blocks of one size serves another when it is empty") {
    LuaMemory memory;
    std::vector<void*> blocks;
    for (int i = 0; i < 10'000; ++i) blocks.push_back(memory.take(16));
    const std::size_t held = memory.held_bytes();
    for (void* block : blocks) memory.give(block, 16);
    blocks.clear();
    for (int i = 0; i < 1'000; ++i) blocks.push_back(memory.take(128));
    CHECK(memory.held_bytes() <= held);
    for (void* block : blocks) memory.give(block, 128);
}
