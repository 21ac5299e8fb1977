#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>

namespace playhead {

// How updates of state reach a peer whose transport may lose them. Each is a delta from what the peer is known to hold,
// said again tick by tick until the peer has acknowledged it, ten times at most; then it goes as a snapshot, reliably.
//     (nothing held) -> snapshot sent -> acknowledged -> delta said -> acknowledged
//                             ^-------- said ten times -------'
// After a snapshot nothing leads on from anything older: so none that was under way for long can undo a newer delta.
// Pure: it is told what was sent and what the peer says, and says what is next. What a peer cannot hold (it was never
// sent, is older, or of another history) is not believed; one that lies about the rest gets deltas it cannot use.
//   Owner: one Outbox, if its connection may lose frames.
//   Source: Quake III, sv_snapshot.c (deltas from the last acknowledged snapshot; all doubt sends everything).
class LossyUpdates {
  public:
    static constexpr std::uint8_t sayings_max = 10;
    // Not said again sooner, however short ticks are; a little less than a tick of 50 ms, since ticks run late.
    static constexpr Microseconds saying_interval{40'000};

    enum class Next : std::uint8_t { nothing, delta, reliable_delta, snapshot };

    // Frames larger than this are not worth losing: they go reliably.
    explicit LossyUpdates(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}
    std::size_t frame_bytes_max() const { return frame_bytes_max_; }

    // What a returning peer brings with it.
    void claim(Epoch epoch, Version version);
    // Nothing that the peer holds counts any more.
    void forget() { base_ = Version{0}; }

    // How to bring the peer to `newest`. `in_order`: before something that must find the state in place.
    Next next(Version newest, bool in_order, ServerTime now) const;
    // What was done about it.
    void said(Version version, ServerTime now);
    void sent_reliably(Version version);
    void sent_snapshot(Epoch epoch, Version version);

    // True if there is something to say again because of it, which had been given up.
    bool acknowledge(Epoch epoch, Version version);
    // The next tick has something to say again, though nothing may have changed.
    bool unsettled() const;

    // Deltas lead on from here.
    Epoch epoch() const { return epoch_; }
    Version base() const { return base_; }
    Version sent() const { return sent_; }

  private:
    bool acknowledged() const { return base_known_ && base_ == sent_; }
    bool given_up() const { return sayings_ >= sayings_max && !base_known_; }

    std::size_t frame_bytes_max_;
    Epoch epoch_;
    Version base_;             // 0 = the peer holds nothing
    bool base_known_ = false;  // the peer has it; otherwise a snapshot of that version is on its way
    Version sent_;             // the newest
    Version sent_reliably_;    // the newest that arrives whatever happens
    std::uint8_t sayings_ = 0; // of the newest
    ServerTime said_at_;
};

} // namespace playhead
