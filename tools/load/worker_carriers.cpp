#include "lib/transport/enet_carrier.hpp"
#include "loopback_engine.hpp"
#include "worker.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cmath>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>
#include <variant>

// Viewers whose messages a carrier of the client library brings.
namespace playhead::load {
namespace {

constexpr std::uint32_t viewers_per_address = 200; // an engine lets 256 in from one [E2], and shards have their own
constexpr Nanoseconds soonest = 5'000'000;
constexpr std::uint32_t first_source = 0x7f01'0001; // 127.1.0.1, and those after it

bool is_loopback(const sockaddr_in& address) { return ntohl(address.sin_addr.s_addr) >> 24U == 127; }

double to_ms(Nanoseconds time) { return static_cast<double>(time) / 1e6; }

std::string text_of(in_addr address) {
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address, text.data(), text.size());
    return text.data();
}

} // namespace

std::optional<in_addr> Worker::source_of(const Viewer& viewer) const {
    if (options_.transport != Transport::enet || !is_loopback(server_)) return std::nullopt;
    const std::uint32_t of_all = viewer.index * options_.processes + process_;
    return in_addr{.s_addr = htonl(first_source + of_all / viewers_per_address)};
}

std::expected<void, std::string> Worker::go_on(Viewer& viewer, const client::JoinAnswer& joined) {
    if (!joined.enet) return std::unexpected(std::string("the engine has no ENet; expected `enet` in its config"));
    const auto source = source_of(viewer);
    ::close(std::exchange(viewer.socket, -1));
    viewer.state = Viewer::State::joining;
    viewer.carrier = client::make_enet_carrier({.address = text_of(server_.sin_addr),
                                                .port = joined.enet->port,
                                                .sealed = joined.enet->sealed,
                                                .connect_token = joined.connect_token,
                                                .keys = joined.keys,
                                                .from = source ? text_of(*source) : std::string{}},
                                               to_ms(now_ns()));
    epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.u32 = viewer.index}};
    for (const int handle : viewer.carrier->wait_handles()) ::epoll_ctl(epoll_, EPOLL_CTL_ADD, handle, &wanted);
    later(viewer, Task::serve, now_ns());
    return {};
}

void Worker::connect_inside(Viewer& viewer) {
    viewer.state = Viewer::State::joining;
    viewer.carrier = engine_->connect();
    serve(viewer);
}

// After each turn of the engine any of them may have something.
void Worker::run_engine() {
    if (engine_->next() > now_ns()) return;
    engine_->turn();
    tally_.engine_cpu_ns.set(static_cast<std::uint64_t>(engine_->cpu()));
    for (Viewer& viewer : viewers_) serve(viewer);
}

// Serves it now and from now on: it has things to do of its own, such as saying again what was not acknowledged.
void Worker::watch(Viewer& viewer) {
    serve(viewer);
    if (!viewer.carrier) return;
    // One that stalls was not polled, and has been due all the while.
    const Nanoseconds next = std::llround(viewer.carrier->next_poll_ms() * 1e6);
    later(viewer, Task::serve, std::max(next, now_ns() + soonest));
}

void Worker::serve(Viewer& viewer) {
    if (viewer.stalled) return;
    viewer.turn_open = false;
    while (viewer.carrier) {
        const auto event = viewer.carrier->poll(to_ms(now_ns()));
        if (!event || !serve(viewer, *event)) return;
    }
}

// False if the connection has ended over it.
bool Worker::serve(Viewer& viewer, const client::CarrierEvent& event) {
    if (std::holds_alternative<client::Opened>(event)) {
        talk_->on_open(viewer);
    } else if (const auto* received = std::get_if<client::Received>(&event)) {
        const auto heard = talk_->on_message(viewer, received->bytes, now_ns());
        if (!heard) {
            lose(viewer, heard.error());
            return false;
        }
    } else if (const auto* ended = std::get_if<client::Ended>(&event)) {
        if (ended->ending.retry_ms > 0) viewer.back_after = std::llround(ended->ending.retry_ms * 1e6);
        if (!ended->ending.resumable) viewer.resume_token.clear();
        lose(viewer, ended->ending.message);
        return false;
    }
    return true;
}

void Worker::tell(Viewer& viewer, ByteView message, Importance importance) {
    if (viewer.carrier) viewer.carrier->send(message, importance);
}

} // namespace playhead::load
