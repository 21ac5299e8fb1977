#include "plugin/lua_shared_code.hpp"

#include "plugin/lua_chunk.hpp"

#include <algorithm>

namespace playhead::lua {
namespace {

thread_local char thread_mark; // its address tells threads apart

} // namespace

SharedCode::SharedCode(std::span<const std::shared_ptr<const Chunk>> chunks) {
    for (const auto& chunk : chunks) {
        parts_.push_back({chunk.get(), bytes_});
        for (const Bytecode::Piece& piece : chunk->pieces()) bytes_ += space_for(piece.block_bytes);
    }
    memory_ = std::make_unique<std::byte[]>(bytes_);
}

bool SharedCode::claim() {
    const void* nobody = nullptr;
    return thread_.compare_exchange_strong(nobody, &thread_mark) || nobody == &thread_mark;
}

std::byte* SharedCode::blocks_of(const Chunk& chunk) const {
    const auto part = std::ranges::find(parts_, &chunk, &Part::chunk);
    return part == parts_.end() ? nullptr : memory_.get() + part->begin;
}

std::optional<std::uint64_t>& SharedCode::digest_of(const Chunk& chunk) {
    return std::ranges::find(parts_, &chunk, &Part::chunk)->digest;
}

} // namespace playhead::lua
