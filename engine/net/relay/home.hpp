#pragma once

#include "net/relay/messages.hpp"
#include "session/connection.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace playhead::relay {

class RelayedConnection;

// The home's end of what one other shard writes for it.
//   Owner: the home's Hub; outlives its connections.
class Home {
  public:
    // `wish`: something is to be handed over.
    explicit Home(std::size_t relay, std::function<void()> wish) : relay_(relay), wish_(std::move(wish)) {}

    std::unique_ptr<Connection> connection(std::string peer, MakeConnection make);
    Orders take_orders();
    void take(Tidings tidings);
    // Something is not written yet: ordered, or handed over and not done.
    bool behind() const { return sends_ordered_ || batches_out_ > 0; }

  private:
    friend class RelayedConnection;

    void order(Order order);
    void send(Number number, std::span<const Frame> frames);
    Number give(RelayedConnection& connection);
    void leave(Number number, bool closed);

    const std::size_t relay_;
    const std::function<void()> wish_;
    Orders orders_;
    bool sends_ordered_ = false;
    std::size_t batches_out_ = 0;
    std::vector<RelayedConnection*> connections_; // by number; null: none, or gone and not closed there yet
    std::vector<Number> free_;
};

} // namespace playhead::relay
