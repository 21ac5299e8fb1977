#pragma once

#include "core/ids.hpp"
#include "seal/connect_token.hpp"
#include "session/clock.hpp"
#include "session/connection.hpp"
#include "session/engine_run.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace playhead::enet {

// What an operator may set, and what tests do.
struct Settings {
    std::string host = "0.0.0.0";              // IPv4, in numbers: ENet knows no other
    std::uint16_t port = 8081;                 // 0: any free one
    bool sealed = true;                        // payloads; false where the network is trusted
    std::uint32_t peers_max = 4095;            // ENet has 12 bits for them
    std::uint32_t peers_per_address_max = 256; // so that one household, or one attacker, is not everybody
    // How long a proven address may take to connect.
    std::chrono::milliseconds expected_time_max{5000};
    // How long a peer has to take what is still to be sent and to acknowledge our goodbye.
    std::chrono::milliseconds close_time_max{2000};
};

// What the host did; plain numbers on its thread.
struct Counters {
    std::uint64_t links = 0;     // addresses expected, connected or closing now
    std::uint64_t connected = 0; // of these, those that are more than expected
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t strangers_dropped = 0;  // datagrams from addresses that have proven nothing
    std::uint64_t handshakes_dropped = 0; // ... that were no handshake we answer
    std::uint64_t handshakes_refused = 0; // of proven addresses: used tokens, no room for them
    std::uint64_t forbidden_dropped = 0;  // datagrams that say what no client may
    std::uint64_t excess_dropped = 0;     // datagrams over a peer's budget
    std::uint64_t unopened_dropped = 0;   // packets that were altered, replayed, or sealed with another key
    std::uint64_t blocked = 0;            // times a peer had too much unacknowledged

    Counters& operator+=(const Counters& other);
};

class HostCore; // NOLINT(cppcoreguidelines-virtual-class-destructor): it is final

// A shard's ENet: one UDP socket in the shard's event loop, and the connections of all who have proven that they hold a
// connect token (seal/handshake.hpp) at the address from which they write. Datagrams of others are dropped before ENet
// sees them: they cost a look, no peer, no memory, and an answer only to what a valid token is in. It keeps the rules
// [E..] of PROTOCOL.md; ENet's own doors (throttles, bandwidths, fragments, sizes) are in datagram.hpp.
//   Thread: that of the io_context.   Owner: whoever owns the shard's io_context.
//   Errors: the constructor throws std::runtime_error: the address is taken, or is no IPv4 address.
class Host {
  public:
    // Given each connection when it is there, with the room in its token.
    using Attach = std::function<void(const RoomId& room, std::unique_ptr<Connection> connection)>;

    // `used_tokens` and `clock` outlive the host.
    Host(boost::asio::io_context& io, const Settings& settings, const EngineRun& run, seal::UsedTokens& used_tokens,
         const Clock& clock, Attach attach);
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // From now on the event loop does what is due. Without it, service() does: tests move time themselves.
    void start();
    void service();

    // Nobody new is let in.
    void drain();

    std::uint16_t port() const;
    const Counters& counters() const;

  private:
    std::shared_ptr<HostCore> core_; // the event loop's handlers share it
};

} // namespace playhead::enet
