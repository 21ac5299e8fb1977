#include "audience.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t request_bytes = 8;
constexpr std::uint32_t messages_max = 1000;
constexpr std::uint32_t message_bytes_max = 65'536;

std::uint32_t number_at(std::span<const unsigned char> bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t n = 0; n < 4; ++n) number |= std::uint32_t{bytes[at + n]} << (8 * n);
    return number;
}

} // namespace

void give_up(const char* what, int error) {
    std::fprintf(stderr, "fanout baseline: %s: %s\n", what, std::strerror(error));
    std::exit(1);
}

Audience::Audience() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, plain, size) != 0 || ::listen(listener_, 4096) != 0)
        give_up("no port to listen at", errno);
    ::getsockname(listener_, plain, &size);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event wanted{.events = EPOLLIN, .data = {.fd = listener_}};
    if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &wanted) != 0) give_up("epoll", errno);
    std::printf("ready port=%u\n", unsigned{ntohs(address.sin_port)});
    std::fflush(stdout);
}

void Audience::serve(const Callbacks& callbacks) {
    std::array<epoll_event, 256> events{};
    for (;;) {
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
        for (int n = 0; n < count; ++n) {
            const int socket = events[static_cast<std::size_t>(n)].data.fd;
            if (socket == listener_) {
                accept_all();
            } else {
                read_request(socket, callbacks);
            }
        }
    }
}

void Audience::accept_all() {
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0 && errno == EAGAIN) return;
        if (socket < 0) give_up("accept", errno);
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event wanted{.events = EPOLLIN, .data = {.fd = socket}};
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &wanted) != 0) give_up("epoll", errno);
    }
}

void Audience::read_request(int socket, const Callbacks& callbacks) {
    std::array<unsigned char, request_bytes> bytes{};
    const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    const auto messages = number_at(bytes, 0);
    const auto message_bytes = number_at(bytes, 4);
    if (got != static_cast<ssize_t>(request_bytes) || messages > messages_max || message_bytes > message_bytes_max) {
        std::erase(sockets_, socket); // hung up, or said what is no request
        ::close(socket);
        return;
    }
    if (messages == 0) {
        sockets_.push_back(socket);
        callbacks.joined(socket);
        if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) give_up("send", errno);
        return;
    }
    static const std::vector<std::byte> message(message_bytes_max, std::byte{'x'});
    callbacks.broadcast(messages, std::span(message).first(message_bytes));
}
