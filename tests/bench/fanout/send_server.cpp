// The kernel's price of a message: send() to one socket after the other, and nothing else. What a broadcast costs this
// server is what it costs any that pays a system call for each viewer.
#include "audience.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace {

void send_whole(int socket, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            pollfd full{.fd = socket, .events = POLLOUT, .revents = 0};
            ::poll(&full, 1, -1);
        } else {
            return; // gone; the next look at its socket says so
        }
    }
}

} // namespace

int main() {
    Audience audience;
    audience.serve({.broadcast = [&](std::uint32_t messages, std::span<const std::byte> message) {
        for (std::uint32_t n = 0; n < messages; ++n)
            for (const int socket : audience.sockets()) send_whole(socket, message);
    }});
}
