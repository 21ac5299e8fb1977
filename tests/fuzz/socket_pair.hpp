#pragma once

#include "fuzz/targets.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <sys/socket.h>

namespace playhead::fuzz {

// A connected socket for the engine, which takes it for a TCP one, and the descriptor of its far end.
//   `Socket`: Asio's, of TCP, on whichever executor.
template <class Socket>
struct SocketPair {
    explicit SocketPair(boost::asio::io_context& io) : engine(io) {
        std::array<int, 2> ends{};
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0,
             "there is a descriptor left");
        boost::system::error_code failed;
        engine.assign(boost::asio::ip::tcp::v4(), ends[0], failed);
        must(!failed, "a socket can be had");
        peer = ends[1];
    }
    Socket engine;
    int peer = -1; // whoever takes it closes it
};

} // namespace playhead::fuzz
