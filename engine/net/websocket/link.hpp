#pragma once

#include "net/tls/session.hpp"
#include "net/websocket/connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace playhead::websocket {

// An established viewer's connection: a small state machine with plain handlers (DESIGN section 7).
//
//   open      messages flow both ways
//   closing   our Close frame is sent or queued; the peer has close_time_max to take the rest and to answer
//   lingering the owner has been told that it is over; the socket only waits for the peer to hang up
//   over      the socket is closed
//
// The socket lives in a Link that its handlers share, apart from the Connection its owner holds: so the owner may
// destroy the Connection at any moment, even inside one of its own callbacks, and a last Close frame still gets out.
//
// Under TLS what waits is plain, too (shared frames above all); it is sealed as the kernel takes it, a batch at a time,
// so that a slow peer costs one sealed batch. A plain connection pays a null pointer for it.
class Link : public std::enable_shared_from_this<Link> {
  public:
    Link(Socket socket, Shared& shared, ByteView already_read, tls::MovedSession tls);

    void start(ConnectionEvents& events);
    bool send(std::span<const Frame> frames);
    std::size_t bytes_waiting() const;
    void close(ErrorCode code, std::string_view reason);
    void forget(); // the owner is gone: nobody is told anything any more
    const std::string& peer() const { return peer_; }

    // By the ring: what became of a send that it gathered. So many bytes, or a negated errno.
    void sent(int result, std::span<const Frame> frames);

  private:
    enum class State : std::uint8_t { open, closing, lingering, over };

    // One thing that is not written yet: a shared frame, or a control frame of this connection's own.
    struct Outgoing {
        Frame frame;
        Bytes control;
        ByteView bytes() const { return frame.empty() ? ByteView{control} : frame.wire(); }
    };

    // What a connection has more under TLS.
    struct Secure {
        std::unique_ptr<tls::Session> session;
        Bytes received; // by whoever shook hands, and not decrypted; until started
        Bytes sealed;   // goes out before anything that waits
        std::size_t written_of_sealed = 0;
    };

    void wait_readable();
    void on_readable();
    void feed(std::span<std::byte> bytes);
    void feed_sealed(ByteView bytes);
    void obey(FrameDecoder::Step& step);
    void answer(Opcode opcode, ByteView payload);
    // Keeps a share in what the kernel did not take, and waits until it takes more. False if there is any.
    bool keep_rest(std::span<const Frame> frames, std::size_t taken);
    // Nothing may overtake what the ring has gathered.
    void submit_gathered();
    void queue(Bytes control);
    void flush();
    void take_from_front(std::size_t bytes); // of what waits
    bool send_sealed(std::span<const Frame> frames);
    // Seals one batch of what waits and writes it. False if the kernel is full or the socket broken.
    bool write_sealed();
    // Moves plain bytes from the front of what waits into a batch of sealed ones.
    bool seal_batch();
    bool nothing_waits() const { return waiting_.empty() && (!secure_ || secure_->sealed.empty()); }
    void wait_writable();
    void on_writable();
    // One gathered write; how much went, or nothing if the socket is broken.
    std::optional<std::size_t> write(std::span<const iovec> buffers);
    // The same of a write that is done: so many bytes, or a negated errno.
    std::optional<std::size_t> count_written(ssize_t result);
    void fail_later();
    void end(const Error& error);
    void linger();
    void stop(bool timed_out = false);
    void set_timer(std::chrono::milliseconds time);

    Socket socket_;
    Shared& shared_;
    ConnectionEvents* events_ = nullptr;
    FrameDecoder decoder_;
    std::vector<Outgoing> waiting_; // in order; empty (and without storage) unless the kernel was full
    std::size_t written_of_first_ = 0;
    std::unique_ptr<boost::asio::steady_timer> timer_; // only while closing or lingering
    std::unique_ptr<Secure> secure_;                   // null: the connection is a plain one
    std::string peer_;
    std::unique_ptr<Bytes> early_; // what came behind the upgrade request, until started; null: nothing did
    State state_ = State::open;
    bool gathered_ = false; // the ring has a send of ours
    bool waits_writable_ = false;
    bool owes_drained_ = false; // send() returned false; on_drained() has not followed yet
    bool broken_ = false;       // writing failed; on_closed() is on its way
    bool close_sent_ = false;   // nothing may follow our Close frame (RFC 6455 section 5.5.1)
    bool shut_ = false;
};

} // namespace playhead::websocket
