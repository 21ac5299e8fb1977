#pragma once

#include "net/tls/session.hpp"
#include "net/websocket/frame_codec.hpp"
#include "session/connection.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace playhead::websocket {

// What the WebSocket connections of one shard did; plain numbers on its thread.
struct Counters {
    std::uint64_t writes = 0; // by a system call each, or in batches
    std::uint64_t reads = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t messages_read = 0;
    std::uint64_t pings_answered = 0;
    std::uint64_t rules_broken = 0;
    std::uint64_t open = 0;    // sockets held, lingering ones included
    std::uint64_t blocked = 0; // times a send did not fit into the kernel

    Counters& operator+=(const Counters& other);
};

class SendRing;

// What the WebSocket connections of one shard share, so that an idle viewer costs neither a read buffer nor settings.
//   Owner: whoever owns the shard's io_context; outlives every connection and every run of that io_context.
//   Thread: its shard.
struct Shared {
    Shared();
    ~Shared();
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    static constexpr std::size_t read_bytes_max = 64 * 1024; // per turn of the event loop and connection

    FrameDecoder::Limits limits;
    // How long the peer has to take what is still to be written and to answer our Close.
    std::chrono::milliseconds close_time_max{2000};
    // How long a connection that is over waits for the peer to hang up, so that our Close frame is not lost to a reset.
    std::chrono::milliseconds linger_time_max{1000};

    Counters counters;
    // Null: sends go to the kernel one by one.
    std::unique_ptr<SendRing> ring;
    std::array<std::byte, read_bytes_max> read_buffer;
    // For connections under TLS. Messages are lent from what was decrypted while answers to them are sealed.
    std::array<std::byte, tls::Session::record_bytes_max> decrypted;
    std::array<std::byte, tls::Session::record_bytes_max> gathered; // to be sealed as one record
    Bytes sealed;                                                   // a batch on its way to the kernel
};

// A viewer's socket. It runs on an io_context and nothing else: one that could run on any executor is 48 bytes larger,
// and so is what waits for it.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Who is at the other end of a socket that no event loop has yet, as Connection::peer() says it.
std::string peer_name(int socket);

// A connection over a socket whose handshake is done. `already_read` is what came behind the upgrade request; it is
// copied, and handed out once the connection has started and the event loop turns.
//   Thread: that of the socket's io_context.   Source: RFC 6455; rules [F..] of PROTOCOL.md.
// With a session whose handshake is done the connection goes on through TLS.
std::unique_ptr<Connection> make_connection(Socket socket, Shared& shared, ByteView already_read,
                                            tls::MovedSession tls = {});

} // namespace playhead::websocket
