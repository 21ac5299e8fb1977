#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "net/relay/home.hpp"
#include "net/relay/relay.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/relays.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace playhead::relay {

// A wide room is simulated on one shard, its home, and its viewers' sockets are spread over all of them: a send costs
// kernel time, and that is what other shards give. Sessions stay at home. What a session sends goes to its socket's
// shard as frames and a list of whom they are for, a batch for each turn of the event loop; what the socket brings
// comes back the same way.
//
//   home shard                            another shard
//   Session -> Connection (home.cpp)  ->  batches  ->  Relay (relay.cpp) -> Connection of a socket
//   Session <- its events             <-  batches  <-  its events
//
// One hub a shard, home for its own rooms and relay for those of the others. Values pass between hubs; nothing is
// shared but immutable frames.
//   Thread: its shard's.   Owner: whoever owns the shard's thread.
class Hub final : public Relays {
  public:
    // Runs this on another shard's thread, with its hub, soon and in order. May be called from this hub's thread only.
    using Post = std::function<void(std::size_t shard, std::move_only_function<void(Hub&)>)>;
    // How the hub asks its thread for a call, soon: hand_over(), since something is to be handed over; write(), since a
    // batch has come; and that relays have caught up, so that a pass that waited for them may begin.
    struct Wishes {
        std::function<void()> hand_over;
        std::function<void()> write;
        std::function<void()> caught_up;
    };

    Hub(std::size_t own, std::size_t shards, Post post, Wishes wishes, const Clock& clock);

    // ---- as home
    // A connection that another shard writes for: the `relay`th after this one, from 1. `make` is called there.
    std::unique_ptr<Connection> connection(std::size_t relay, std::string peer, MakeConnection make);
    std::size_t relays() const override { return shards_ - 1; }
    bool behind() const override;

    // ---- as relay
    // Writes for other shards until the clock reaches `deadline`; true while work is left.
    bool write(ServerTime deadline);

    // Hands over to the others what was said and heard since the last time.
    void hand_over();

  private:
    void take(std::size_t from, Orders orders, Tidings tidings);
    std::size_t shard_of(std::size_t relay) const { return (own_ + relay) % shards_; }
    void wish_hand_over();

    const std::size_t own_;
    const std::size_t shards_;
    const Post post_;
    const Wishes wishes_;
    const Clock& clock_;
    bool hand_over_wished_ = false;
    std::vector<std::unique_ptr<Home>> homes_;   // by the shard that writes; null for our own
    std::vector<std::unique_ptr<Relay>> relays_; // by the shard that we write for; null for our own
    std::size_t next_ = 0;                       // whose turn it is to be written for
};

} // namespace playhead::relay
