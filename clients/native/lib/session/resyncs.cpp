#include "lib/session/resyncs.hpp"

#include <algorithm>

namespace playhead::client {

bool Resyncs::wanted(bool mismatch, double now_ms) {
    const double since_ms = now_ms - asked_ms_;
    // What is wrong while an answer is on the way is the same fault.
    if (waiting_ && since_ms < gap_ms_) return false;
    if (mismatch) ++mismatches_;
    if (since_ms < gap_ms_) return false;
    const bool in_a_row = since_ms < 2 * gap_ms_;
    gap_ms_ = in_a_row ? std::min(gap_ms_max, 2 * gap_ms_) : gap_ms_min;
    asked_ms_ = now_ms;
    waiting_ = true;
    return true;
}

} // namespace playhead::client
