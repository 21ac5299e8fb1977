#pragma once

#include "replication/frame.hpp"
#include "room/shared.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace playhead {

// What a room told of late and has not yet told everyone, in order. Events are counted, so that a session remembers by
// one number what it has been told.
//   Shapes: at most events_max; the oldest gives way.   Owner: one Broadcast.
class ToldEvents {
  public:
    static constexpr std::size_t events_max = 256;

    void tell(Frame frame, Audience to) {
        if (events_.size() >= events_max) {
            events_.erase(events_.begin());
            ++begin_;
        }
        events_.push_back({std::move(frame), to});
    }
    // Everyone has been told.
    void forget() {
        begin_ = count();
        events_.clear();
    }
    std::uint32_t count() const { return begin_ + static_cast<std::uint32_t>(events_.size()); }
    // Appends the events after the first `told` that this audience is told.
    void append(std::uint32_t told, Audience audience, std::vector<Frame>& frames) const {
        // The counters wrap; their distance does not.
        const std::size_t missed = std::min<std::size_t>(count() - told, events_.size());
        for (std::size_t i = events_.size() - missed; i < events_.size(); ++i)
            if (events_[i].to <= audience) frames.push_back(events_[i].frame);
    }

  private:
    struct Told {
        Frame frame;
        Audience to;
    };
    std::vector<Told> events_; // most rooms have none most of the time: no deque, which is never empty of memory
    std::uint32_t begin_ = 0;
};

} // namespace playhead
