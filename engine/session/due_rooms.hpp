#pragma once

#include "core/time.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace playhead {

class RoomHost; // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

// Which room has something to do, and at which tick: a binary heap that knows where each room stands in it, so that ten
// thousand rooms with nothing to do cost a tick nothing at all.
//   Owner: one per shard.
class DueRooms {
  public:
    // A room's place in the heap; the room owns it and must outlive it or cancel().
    class Entry {
      public:
        explicit Entry(RoomHost* room) : room_(room) {}
        RoomHost& room() const { return *room_; }
        bool scheduled() const { return place_ != nowhere; }

      private:
        friend class DueRooms;
        static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
        RoomHost* room_;
        std::size_t place_ = nowhere;
    };

    // Moves the room to `tick`, from wherever it stood.
    void schedule(Entry& entry, Tick tick) {
        if (!entry.scheduled()) {
            entry.place_ = heap_.size();
            heap_.push_back({tick, &entry});
        }
        heap_[entry.place_].tick = tick;
        sink(rise(entry.place_));
    }
    // The room has something to do at `tick`, if not before.
    void wake(Entry& entry, Tick tick) {
        if (!entry.scheduled() || tick < heap_[entry.place_].tick) schedule(entry, tick);
    }
    void cancel(Entry& entry) {
        if (!entry.scheduled()) return;
        const std::size_t place = std::exchange(entry.place_, Entry::nowhere);
        const Node last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size()) return;
        put(place, last);
        sink(rise(place));
    }
    // Takes out a room whose tick has come; null when there is none.
    Entry* take_due(Tick tick) {
        if (heap_.empty() || heap_.front().tick > tick) return nullptr;
        Entry* entry = heap_.front().entry;
        cancel(*entry);
        return entry;
    }
    std::size_t size() const { return heap_.size(); }

  private:
    struct Node {
        Tick tick;
        Entry* entry;
    };

    void put(std::size_t place, Node node) {
        heap_[place] = node;
        node.entry->place_ = place;
    }
    std::size_t rise(std::size_t place) {
        const Node node = heap_[place];
        while (place > 0 && node.tick < heap_[(place - 1) / 2].tick) {
            put(place, heap_[(place - 1) / 2]);
            place = (place - 1) / 2;
        }
        put(place, node);
        return place;
    }
    void sink(std::size_t place) {
        const Node node = heap_[place];
        for (;;) {
            std::size_t child = 2 * place + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && heap_[child + 1].tick < heap_[child].tick) ++child;
            if (heap_[child].tick >= node.tick) break;
            put(place, heap_[child]);
            place = child;
        }
        put(place, node);
    }

    std::vector<Node> heap_;
};

} // namespace playhead
