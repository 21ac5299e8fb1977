#include "core/ids.hpp"
#include "lib/room/joined_room.hpp"
#include "lib/transport/machine.hpp"
#include "playhead/room.hpp"

#include <algorithm>
#include <cmath>
#include <poll.h>
#include <utility>

namespace playhead::client {
namespace {

// Sockets that are being set up tell by time, not by readability; a wait that nobody bounds ends now and then anyway.
constexpr double wait_ms_max = 1'000;

// What is wrong with the options, or where they lead.
std::expected<Link, std::string> where_to(const JoinOptions& options) {
    Link link;
    if (!options.link.empty()) {
        auto parsed = parse_link(options.link);
        if (!parsed) return std::unexpected("the link: " + parsed.error());
        link = std::move(*parsed);
    }
    if (!options.server.empty()) {
        auto server = parse_server(options.server);
        if (!server) return std::unexpected("the server: " + server.error());
        link.server = std::move(*server);
    }
    if (!options.room.empty()) link.room = options.room;
    if (!options.join_token.empty()) link.token = options.join_token;
    if (link.server.empty()) return std::unexpected("neither a link nor a server to join");
    if (const auto room = RoomId::parse(link.room); !room) return std::unexpected("the room: " + room.error().message);
    return link;
}

} // namespace

void Room::wait(double ms_max) const {
    const double due_ms = std::min(next_poll_ms() - local_now_ms(), std::min(ms_max, wait_ms_max));
    if (!(due_ms > 0)) return;
    std::vector<pollfd> sockets;
    for (const int handle : wait_handles()) sockets.push_back({.fd = handle, .events = POLLIN, .revents = 0});
    // Whole milliseconds, rounded down, so that what is due is not late; the last one is slept out exactly.
    if (due_ms >= 1) {
        ::poll(sockets.data(), sockets.size(), static_cast<int>(due_ms));
        return;
    }
    const timespec rest{.tv_sec = 0, .tv_nsec = static_cast<long>(due_ms * 1e6)};
    ::ppoll(sockets.data(), sockets.size(), &rest, nullptr);
}

std::unique_ptr<Room> join_room(JoinOptions options) {
    auto environment = std::make_unique<Machine>(options.certificate_authorities);
    if (options.device.empty()) options.device = environment->random_id();
    auto link = where_to(options);
    if (!link) return std::make_unique<JoinedRoom>(options, Link{}, std::move(environment), std::move(link.error()));
    return std::make_unique<JoinedRoom>(options, *link, std::move(environment));
}

} // namespace playhead::client
