#pragma once

#include "core/result.hpp"
#include "recording/record.hpp"
#include "replication/frame.hpp"

#include <cstddef>
#include <optional>

namespace playhead::recording {

// Goes through the bytes of a recording, record by record.
//   Owner: whoever holds the bytes, which outlive it.
class Reader {
  public:
    explicit Reader(ByteView bytes) : left_(bytes) {}

    // Empty at the end.
    //   Errors: malformed, too_large, out_of_range; nothing follows.
    Result<std::optional<Record>> next();
    // At the end: what is no whole record. Its engine ended while it was written, or it has not been written yet.
    std::size_t torn_bytes() const { return left_.size(); }

  private:
    ByteView left_;
};

} // namespace playhead::recording
