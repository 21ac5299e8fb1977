#pragma once

#include "net/enet/host.hpp"
#include "net/http/backend.hpp"
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

// Gives a shard its thread: an event loop whose timer runs the ticks, whose sockets feed the sessions, and which works
// off fan-out passes slice by slice in between, so that neither ticks nor reads wait for a wide room.
//   Thread: everything but the constructor, start(), post(), drain() and the destructor happens on its own.
//   Owner: app/server. Other threads give it values and functions, and share nothing with it.
class ShardThread {
  public:
    // What the rest of the engine may do with a shard: run this there, soon.
    using Work = std::move_only_function<void(Shard&)>;

    // `name`: of its thread, in what the operating system shows.
    ShardThread(std::string name, const SessionSettings& settings, TickLength tick_length, const EngineRun& run,
                const Clock& clock, RandomSource& random);
    ~ShardThread();

    // Before start() only: rooms of the config.
    Shard& shard() { return shard_; }
    // Before start() only: native clients may come here.
    //   Errors: throws std::runtime_error for an address that cannot be had.
    void listen(const enet::Settings& settings);
    // Where they do. Does not change after start().
    const std::optional<http::EnetFacts>& enet() const { return enet_facts_; }
    void start();

    void post(Work work);
    // Gives the socket to this thread's event loop and the viewer to its room.
    void attach(http::UpgradedSocket socket);
    // Copies of what is counted here.
    void figures(http::Reply<ShardFigures> reply);

    // Tells every client and closes every session; `done` is called on this thread once nothing is left to write.
    void drain(std::function<void()> done);

  private:
    void tick();
    void fan_out_soon();
    void look_whether_drained();

    const std::string name_;
    const EngineRun run_;
    const Clock& clock_;
    boost::asio::io_context io_{1};
    websocket::Shared websocket_;
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer drain_timer_;
    Shard shard_;                      // its connections hold sockets of io_ and borrow websocket_
    std::unique_ptr<enet::Host> enet_; // lends its connections to the shard, and asks it which tokens were used
    std::optional<http::EnetFacts> enet_facts_;
    bool fan_out_posted_ = false;
    std::function<void()> on_drained_;
    std::jthread thread_;
};

} // namespace playhead
