#include "recording/reader.hpp"

#include <cstdint>
#include <utility>

namespace playhead::recording {

Result<std::optional<Record>> Reader::next() {
    constexpr std::size_t prefix_bytes = 4;
    if (left_.size() < prefix_bytes) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = prefix_bytes; i-- > 0;) size = size << 8U | std::to_integer<std::size_t>(left_[i]);
    // A file may have grown before its bytes came, when the machine lost its power.
    if (size == 0 || size > left_.size() - prefix_bytes) return std::nullopt;
    const ByteView bytes = left_.first(prefix_bytes + size);
    auto record = decode(bytes);
    if (!record) {
        left_ = {};
        return std::unexpected(std::move(record.error()));
    }
    left_ = left_.subspan(bytes.size());
    return *std::move(record);
}

} // namespace playhead::recording
