#pragma once

#include "net/enet/host.hpp"
#include "net/http/backend.hpp"
#include "net/relay/hub.hpp"
#include "net/websocket/connection.hpp"
#include "session/clock.hpp"
#include "session/engine_run.hpp"
#include "session/metrics.hpp"
#include "session/settings.hpp"
#include "session/shard.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace playhead {

// What one shard and its transports have counted.
struct ShardFigures {
    Metrics metrics;
    PluginFigures plugins;
    websocket::Counters websocket;
    std::optional<enet::Counters> enet; // if there is any
    Microseconds processor_time{0};     // that the thread has had

    ShardFigures& operator+=(const ShardFigures& other);
};

class ShardThread;

// A shard among the others. `at` may be asked once all are there.
struct Neighbours {
    std::size_t own = 0;
    std::size_t count = 1;
    std::function<ShardThread&(std::size_t)> at;
};

// Gives a shard its thread: an event loop whose timer runs the ticks, whose sockets feed the sessions, and which works
// off fan-out passes slice by slice in between, so that neither ticks nor reads wait for a wide room. Wide rooms have
// some of their sockets on other shards' loops (net/relay); what those send for is done in slices, too.
//   Thread: everything but the constructor, start(), stop(), post(), attach(), figures(), drain() and the destructor
//   happens on its own.
//   Owner: app/server. Other threads give it values and functions, and share nothing with it.
class ShardThread {
  public:
    // What the rest of the engine may do with a shard: run this there, soon.
    using Work = std::move_only_function<void(Shard&)>;

    ShardThread(Neighbours neighbours, const SessionSettings& settings, TickLength tick_length, const EngineRun& run,
                const Clock& clock, RandomSource& random);
    ~ShardThread();

    // Before start() only: rooms of the config.
    Shard& shard() { return shard_; }
    // Before start() only: native clients may come here.
    //   Errors: throws std::runtime_error for an address that cannot be had.
    void listen(const enet::Settings& settings);
    // Where they do. Does not change after start().
    const std::optional<http::EnetFacts>& enet() const { return enet_facts_; }
    // `io_uring`: where the kernel allows it, a pass hands it its sends in batches.
    void start(bool io_uring);
    // Ends the thread. What others post from now on is not done; they have to be stopped before this is destroyed.
    void stop();

    void post(Work work);
    // Gives the socket to this thread's event loop and the viewer to its room.
    void attach(http::UpgradedSocket socket);
    // Copies of what is counted here.
    void figures(http::Reply<ShardFigures> reply);

    // Tells every client and closes every session; `done` is called on this thread once nothing is left to write.
    void drain(std::function<void()> done);

  private:
    // On this thread, whichever shard the room is on. Null if the socket is dead already.
    std::unique_ptr<Connection> connect(http::UpgradedSocket upgraded);
    void settle(http::UpgradedSocket upgraded);
    relay::Hub make_hub();
    void use_ring();
    void tick();
    void wake_for_tick();
    void fan_out_soon();
    void look_whether_drained();

    const Neighbours neighbours_;
    const EngineRun run_;
    const Clock& clock_;
    boost::asio::io_context io_{1};
    websocket::Shared websocket_;
    boost::asio::steady_timer tick_timer_;
    ServerTime next_tick_ = ServerTime::max(); // until the first one has run
    boost::asio::steady_timer drain_timer_;
    relay::Hub hub_;                   // its sockets are of io_, too
    Shard shard_;                      // its connections hold sockets of io_ and borrow websocket_
    std::unique_ptr<enet::Host> enet_; // lends its connections to the shard, and asks it which tokens were used
    std::optional<http::EnetFacts> enet_facts_;
    bool fan_out_posted_ = false;
    std::function<void()> on_drained_;
    std::jthread thread_;
};

} // namespace playhead
