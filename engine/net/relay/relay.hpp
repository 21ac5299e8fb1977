#pragma once

#include "core/time.hpp"
#include "net/relay/messages.hpp"
#include "session/clock.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace playhead::relay {

// What one shard does for another: holds sockets and writes to them what it is told, in order.
//   Owner: the Hub of the shard that writes.
class Relay {
  public:
    // What waits for one connection while its home does not know yet that it is full; with more it is closed.
    static constexpr std::size_t held_bytes_max = 1024 * 1024;

    // `wish`: something is to be handed over.
    explicit Relay(std::function<void()> wish);
    ~Relay();

    void take(Orders orders) { batches_.push_back(std::move(orders)); }
    Tidings take_tidings() { return std::exchange(tidings_, {}); }
    bool idle() const { return batches_.empty(); }
    // Carries out orders until the clock reaches `deadline` or none is left.
    void run(const Clock& clock, ServerTime deadline);

  private:
    class Socket;
    // How many sends pass between two looks at the clock: a look costs 25 ns, a send 5 us.
    static constexpr std::size_t sends_between_looks = 8;

    void tell(Tiding tiding);
    void carry_out(Open& open);
    void carry_out(const Close& close);
    void carry_out(const Forget& forget);

    const std::function<void()> wish_;
    std::deque<Orders> batches_;
    std::size_t order_ = 0;                        // the next of the first batch ...
    std::size_t to_ = 0;                           // ... and of its Send, the next for whom it is
    std::vector<std::unique_ptr<Socket>> sockets_; // by number
    Tidings tidings_;
};

} // namespace playhead::relay
