#include "app/shard_thread.hpp"

#include "net/websocket/send_ring.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <pthread.h>
#include <utility>

namespace playhead {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds drain_look_interval{10};

// Left alone, the kernel takes 4 MB for a viewer that never reads before it says that it is full (measured on
// loopback); no viewer needs more than a snapshot in flight, and many slow ones together must not use up the machine's
// TCP memory.
constexpr int viewer_send_buffer_bytes = 32 * 1024;

} // namespace

ShardFigures& ShardFigures::operator+=(const ShardFigures& other) {
    metrics += other.metrics;
    plugins += other.plugins;
    websocket += other.websocket;
    processor_time += other.processor_time;
    if (other.enet) enet = enet ? * enet += *other.enet : *other.enet;
    return *this;
}

ShardThread::ShardThread(Neighbours neighbours, const SessionSettings& settings, TickLength tick_length,
                         const EngineRun& run, const Clock& clock, RandomSource& random)
    : neighbours_(std::move(neighbours)),
      run_(run),
      clock_(clock),
      tick_timer_(io_),
      drain_timer_(io_),
      hub_(make_hub()),
      shard_(settings, tick_length, run, clock, random) {
    shard_.use_relays(hub_);
}

ShardThread::~ShardThread() { stop(); }

void ShardThread::stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

relay::Hub ShardThread::make_hub() {
    const auto post_there = [this](std::size_t shard, std::move_only_function<void(relay::Hub&)> work) {
        ShardThread& there = neighbours_.at(shard);
        asio::post(there.io_, [&hub = there.hub_, work = std::move(work)]() mutable { work(hub); });
    };
    const relay::Hub::Wishes wishes{
        .hand_over = [this] { asio::post(io_, [this] { hub_.hand_over(); }); },
        .write = [this] { fan_out_soon(); },
        .caught_up =
            [this] {
                shard_.relays_caught_up();
                fan_out_soon();
            },
    };
    return relay::Hub{neighbours_.own, neighbours_.count, post_there, wishes, clock_};
}

void ShardThread::listen(const enet::Settings& settings) {
    enet_ = std::make_unique<enet::Host>(io_, settings, run_, shard_.used_tokens(), clock_,
                                         [this](const RoomId& room, std::unique_ptr<Connection> connection) {
                                             shard_.attach(room, std::move(connection));
                                         });
    enet_facts_ = http::EnetFacts{enet_->port(), settings.sealed};
}

void ShardThread::start(bool io_uring) {
    if (enet_) asio::post(io_, [this] { enet_->start(); });
    asio::post(io_, [this] { tick(); });
    thread_ = std::jthread{[this, io_uring] {
        ::pthread_setname_np(::pthread_self(), ("shard " + std::to_string(neighbours_.own)).c_str());
        if (io_uring) use_ring();
        const auto until_stopped = asio::make_work_guard(io_);
        // The timer stands in a queue behind everybody who has something to be read: a tick does not wait for them.
        while (io_.run_one() != 0)
            if (clock_.now() >= next_tick_) tick();
    }};
}

// Here, since only the thread that makes a ring may use it.
void ShardThread::use_ring() {
    auto ring = websocket::SendRing::make();
    if (ring) {
        websocket_.ring = *std::move(ring);
    } else {
        spdlog::info("io_uring_unavailable shard={} why=\"{}\" (each send is a system call of its own)",
                     neighbours_.own, ring.error());
    }
}

void ShardThread::tick() {
    next_tick_ = shard_.run_due();
    wake_for_tick();
    fan_out_soon();
}

// Whether a tick is due is looked at after everything that runs.
void ShardThread::wake_for_tick() {
    tick_timer_.expires_after(next_tick_ - clock_.now());
    tick_timer_.async_wait([this](const error_code& error) {
        if (!error && clock_.now() < next_tick_) wake_for_tick();
    });
}

// Goes to the end of the queue each time: what is ready to run by then (a tick, received bytes) runs first.
void ShardThread::fan_out_soon() {
    if (std::exchange(fan_out_posted_, true)) return;
    asio::post(io_, [this] {
        fan_out_posted_ = false;
        const websocket::Gathering gathering{websocket_.ring.get()};
        const bool own_left = shard_.fan_out_slice();
        const bool relayed_left = hub_.write(shard_.slice_end());
        if (own_left || relayed_left) fan_out_soon();
    });
}

void ShardThread::post(Work work) {
    asio::post(io_, [this, work = std::move(work)]() mutable { work(shard_); });
}

void ShardThread::attach(http::UpgradedSocket upgraded) {
    asio::post(io_, [this, upgraded = std::move(upgraded)]() mutable { settle(std::move(upgraded)); });
}

void ShardThread::settle(http::UpgradedSocket upgraded) {
    const RoomId room = upgraded.room;
    const std::size_t writer = shard_.writer_of_next(room);
    if (writer == 0) {
        if (auto connection = connect(std::move(upgraded))) shard_.attach(room, std::move(connection));
        return;
    }
    ShardThread& there = neighbours_.at((neighbours_.own + writer) % neighbours_.count);
    std::string peer = websocket::peer_name(upgraded.socket.get());
    shard_.attach(room, hub_.connection(writer, std::move(peer), [&there, upgraded = std::move(upgraded)]() mutable {
        return there.connect(std::move(upgraded));
    }));
}

std::unique_ptr<Connection> ShardThread::connect(http::UpgradedSocket upgraded) {
    websocket::Socket socket{io_};
    error_code failed;
    socket.assign(upgraded.ip_v6 ? tcp::v6() : tcp::v4(), upgraded.socket.get(), failed);
    if (failed) return nullptr; // the descriptor closes with `upgraded`
    std::ignore = upgraded.socket.release();
    socket.set_option(websocket::Socket::send_buffer_size{viewer_send_buffer_bytes}, failed); // a limit, not a need
    return websocket::make_connection(std::move(socket), websocket_, upgraded.already_read, std::move(upgraded.tls));
}

void ShardThread::figures(http::Reply<ShardFigures> reply) {
    asio::post(io_, [this, reply = std::move(reply)]() mutable {
        std::optional<enet::Counters> enet;
        if (enet_) enet = enet_->counters();
        reply({shard_.metrics(), shard_.plugin_figures(), websocket_.counters, enet, shard_.processor_time()});
    });
}

void ShardThread::drain(std::function<void()> done) {
    asio::post(io_, [this, done = std::move(done)]() mutable {
        on_drained_ = std::move(done);
        shard_.drain();
        if (enet_) enet_->drain();
        look_whether_drained();
    });
}

void ShardThread::look_whether_drained() {
    // Sockets outlive their sessions for a moment, until the peers have read our Close frames.
    const bool sockets_open = websocket_.counters.open != 0 || (enet_ && enet_->counters().connected != 0);
    if (shard_.drained() && !sockets_open) return std::exchange(on_drained_, nullptr)();
    drain_timer_.expires_after(drain_look_interval);
    drain_timer_.async_wait([this](const error_code& error) {
        if (!error) look_whether_drained();
    });
}

} // namespace playhead
