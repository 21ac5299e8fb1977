#pragma once

#include "replication/frame.hpp"

#include <algorithm>
#include <cstddef>

namespace playhead::fuzz {

// An input as a script: taken a byte or some bytes at a time; zeros and nothing when there is nothing left.
class Input {
  public:
    explicit Input(ByteView bytes) : rest_(bytes) {}
    bool more() const { return !rest_.empty(); }
    unsigned byte() {
        if (rest_.empty()) return 0;
        const auto value = std::to_integer<unsigned>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    // As many as there are, at most `count`.
    Bytes bytes(std::size_t count) {
        const ByteView taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return {taken.begin(), taken.end()};
    }

  private:
    ByteView rest_;
};

} // namespace playhead::fuzz
