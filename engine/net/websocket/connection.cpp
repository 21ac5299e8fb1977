#include "net/websocket/connection.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cassert>
#include <cerrno>
#include <linux/sockios.h>
#include <optional>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>
#include <vector>

// An established viewer's connection: a small state machine with plain handlers (DESIGN section 7).
//
//   open      messages flow both ways
//   closing   our Close frame is sent or queued; the peer has close_time_max to take the rest and to answer
//   lingering the owner has been told that it is over; the socket only waits for the peer to hang up
//   over      the socket is closed
//
// The socket lives in a Link that its handlers share, apart from the Connection its owner holds: so the owner may
// destroy the Connection at any moment, even inside one of its own callbacks, and a last Close frame still gets out.
namespace playhead::websocket {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t gathered_max = 64; // buffers in one system call

// One thing that is not written yet: a shared frame, or a control frame of this connection's own.
struct Outgoing {
    Frame frame;
    Bytes control;
    ByteView bytes() const { return frame.empty() ? ByteView{control} : frame.wire(); }
};

std::string describe(const tcp::socket& socket) {
    error_code failed;
    const auto endpoint = socket.remote_endpoint(failed);
    if (failed) return "unknown";
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

class Link : public std::enable_shared_from_this<Link> {
  public:
    Link(tcp::socket socket, Shared& shared, ByteView already_read)
        : socket_(std::move(socket)),
          shared_(shared),
          decoder_(shared.limits),
          peer_(describe(socket_)),
          early_(already_read.begin(), already_read.end()) {
        ++shared_.counters.open;
    }

    void start(ConnectionEvents& events);
    bool send(std::span<const Frame> frames);
    std::size_t bytes_waiting() const;
    void close(ErrorCode code, std::string_view reason);
    void forget(); // the owner is gone: nobody is told anything any more
    const std::string& peer() const { return peer_; }

  private:
    enum class State : std::uint8_t { open, closing, lingering, over };

    void wait_readable();
    void on_readable();
    void feed(std::span<std::byte> bytes);
    void obey(FrameDecoder::Step& step);
    void answer(Opcode opcode, ByteView payload);
    void queue(Bytes control);
    void flush();
    void wait_writable();
    void on_writable();
    // One gathered write; how much went, or nothing if the socket is broken.
    std::optional<std::size_t> write(std::span<const iovec> buffers);
    void fail_later();
    void end(const Error& error);
    void linger();
    void stop(bool timed_out = false);
    void set_timer(std::chrono::milliseconds time);

    tcp::socket socket_;
    Shared& shared_;
    ConnectionEvents* events_ = nullptr;
    FrameDecoder decoder_;
    std::vector<Outgoing> waiting_; // in order; empty (and without storage) unless the kernel was full
    std::size_t written_of_first_ = 0;
    std::unique_ptr<asio::steady_timer> timer_; // only while closing or lingering
    std::string peer_;
    Bytes early_; // what came behind the upgrade request, until started
    State state_ = State::open;
    bool waits_writable_ = false;
    bool owes_drained_ = false; // send() returned false; on_drained() has not followed yet
    bool broken_ = false;       // writing failed; on_closed() is on its way
    bool close_sent_ = false;   // nothing may follow our Close frame (RFC 6455 section 5.5.1)
    bool shut_ = false;
};

void Link::start(ConnectionEvents& events) {
    assert(events_ == nullptr && "a connection is started once");
    events_ = &events;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        Bytes early = std::exchange(self->early_, {});
        self->feed(early);
        self->wait_readable();
    });
}

// ---- reading

void Link::wait_readable() {
    if (state_ == State::over) return;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& failed) {
        if (!failed) self->on_readable();
    });
}

void Link::on_readable() {
    if (state_ == State::over) return;
    auto& buffer = shared_.read_buffer;
    const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    ++shared_.counters.reads;
    if (got > 0) {
        shared_.counters.bytes_read += static_cast<std::uint64_t>(got);
        if (state_ != State::lingering) feed(std::span{buffer}.first(static_cast<std::size_t>(got)));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        const bool reset = got != 0;
        end({ErrorCode::none, reset ? "the connection was reset" : "the peer hung up", 0});
        stop();
        return;
    }
    wait_readable();
}

// The bytes are the shard's read buffer or a copy; messages are lent from them.
void Link::feed(std::span<std::byte> bytes) {
    const auto now = std::chrono::steady_clock::now();
    while (state_ == State::open || state_ == State::closing) {
        FrameDecoder::Step step = decoder_.next(bytes, now);
        if (step.kind == FrameDecoder::Kind::more) return;
        obey(step);
    }
}

void Link::obey(FrameDecoder::Step& step) {
    using Kind = FrameDecoder::Kind;
    switch (step.kind) {
    case Kind::more:
    case Kind::pong: break;
    case Kind::message:
        ++shared_.counters.messages_read;
        if (state_ == State::open && !broken_) events_->on_message(step.payload);
        break;
    case Kind::ping: answer(Opcode::pong, step.payload); break;
    case Kind::close:
        // The answer repeats the code (RFC 6455 section 5.5.1); with ours already out, this is the answer.
        if (!close_sent_) queue(encode_close(step.code, {}));
        end({ErrorCode::none, "the peer closed with code " + std::to_string(step.code), 0});
        linger();
        break;
    case Kind::broken:
        ++shared_.counters.rules_broken;
        if (!close_sent_) queue(encode_close(step.code, step.error.message));
        end(step.error);
        linger();
        break;
    }
}

// At most one answer waits: a peer that pings and does not read gets no queue (RFC 6455 section 5.5.3 allows it).
void Link::answer(Opcode opcode, ByteView payload) {
    if (close_sent_ || !waiting_.empty()) return;
    ++shared_.counters.pings_answered;
    queue(encode_control(opcode, payload));
}

// ---- writing

bool Link::send(std::span<const Frame> frames) {
    if (state_ != State::open || broken_) return true; // on_closed() is on its way, or was called
    std::array<iovec, gathered_max> buffers{};
    std::size_t count = 0;
    std::size_t taken = 0; // by the kernel
    if (waiting_.empty()) {
        for (const Frame& frame : frames) {
            if (count == buffers.size()) break;
            const ByteView wire = frame.wire();
            // sendmsg only reads; iovec has no const of its own.
            buffers[count++] = {const_cast<std::byte*>(wire.data()), wire.size()}; // NOLINT(*-const-cast)
        }
        if (count == 0) return true;
        const auto written = write(std::span{buffers}.first(count));
        if (!written) {
            fail_later();
            return true;
        }
        taken = *written;
    }
    // Keeps a share in what did not go, and how far into the first of it the kernel got.
    for (const Frame& frame : frames) {
        const std::size_t size = frame.wire().size();
        if (waiting_.empty() && taken >= size) {
            taken -= size;
            continue;
        }
        if (waiting_.empty()) written_of_first_ = taken;
        waiting_.push_back({frame, {}});
    }
    if (waiting_.empty()) return true;
    ++shared_.counters.blocked;
    owes_drained_ = true;
    wait_writable();
    return false;
}

void Link::queue(Bytes control) {
    waiting_.push_back({{}, std::move(control)});
    if (waiting_.size() == 1) written_of_first_ = 0;
    flush();
}

// Writes what waits, as far as the kernel takes it.
void Link::flush() {
    while (!waiting_.empty() && !broken_ && state_ != State::over) {
        std::array<iovec, gathered_max> buffers{};
        std::size_t count = 0;
        std::size_t bytes = 0;
        for (const Outgoing& outgoing : waiting_) {
            if (count == buffers.size()) break;
            const ByteView rest = outgoing.bytes().subspan(count == 0 ? written_of_first_ : 0);
            buffers[count++] = {const_cast<std::byte*>(rest.data()), rest.size()}; // NOLINT(*-const-cast)
            bytes += rest.size();
        }
        const auto written = write(std::span{buffers}.first(count));
        if (!written) {
            fail_later();
            return;
        }
        std::size_t left = *written + written_of_first_;
        std::size_t gone = 0;
        while (gone < waiting_.size() && left >= waiting_[gone].bytes().size()) left -= waiting_[gone++].bytes().size();
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(gone));
        written_of_first_ = waiting_.empty() ? 0 : left;
        if (*written < bytes) {
            wait_writable();
            return;
        }
    }
    if (waiting_.empty()) waiting_ = {};
}

std::optional<std::size_t> Link::write(std::span<const iovec> buffers) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(buffers.data()); // NOLINT(*-const-cast)
    message.msg_iovlen = buffers.size();
    const ssize_t written = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    ++shared_.counters.writes;
    if (written < 0) {
        // ENOBUFS and ENOMEM pass; waiting for writability is the way to wait for them too.
        if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM) return 0;
        return std::nullopt;
    }
    shared_.counters.bytes_written += static_cast<std::uint64_t>(written);
    return static_cast<std::size_t>(written);
}

void Link::wait_writable() {
    if (std::exchange(waits_writable_, true)) return;
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& failed) {
        self->waits_writable_ = false;
        if (!failed) self->on_writable();
    });
}

void Link::on_writable() {
    if (state_ == State::over) return;
    flush();
    if (!waiting_.empty() || broken_) return;
    if (state_ == State::open) {
        if (std::exchange(owes_drained_, false)) events_->on_drained();
    } else if (state_ == State::lingering) {
        linger();
    }
}

std::size_t Link::bytes_waiting() const {
    std::size_t bytes = 0;
    for (const Outgoing& outgoing : waiting_) bytes += outgoing.bytes().size();
    return bytes - written_of_first_;
}

// ---- the end

void Link::close(ErrorCode code, std::string_view reason) {
    if (state_ != State::open) return;
    state_ = State::closing;
    close_sent_ = true;
    if (!broken_) queue(encode_close(close_code_of(code), reason));
    set_timer(shared_.close_time_max);
}

// Writing failed inside a call of the owner's, who must not be called back from there.
void Link::fail_later() {
    if (std::exchange(broken_, true)) return;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (self->state_ == State::over) return;
        self->end({ErrorCode::none, "the connection was reset", 0});
        self->stop();
    });
}

void Link::end(const Error& error) {
    if (state_ == State::lingering || state_ == State::over) return;
    state_ = State::lingering;
    close_sent_ = true;
    if (ConnectionEvents* events = std::exchange(events_, nullptr)) events->on_closed(error);
}

// Closing a socket with unread input resets it, and a reset overtakes what the peer has not read: so write, shut our
// side, and read on until the peer hangs up, for a bounded time.
void Link::linger() {
    if (state_ != State::lingering) return;
    if (!timer_ || !shut_) set_timer(shared_.linger_time_max);
    if (!waiting_.empty() || broken_ || std::exchange(shut_, true)) return;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Link::stop(bool timed_out) {
    if (state_ == State::over) return;
    state_ = State::over;
    --shared_.counters.open;
    error_code ignored;
    // What a peer does not take would keep kernel memory for minutes after an orderly close: then a reset.
    int unacknowledged = 0;
    if (timed_out) ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged);
    if (!waiting_.empty() || unacknowledged > 0) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
    waiting_ = {};
    written_of_first_ = 0;
    timer_.reset();
}

void Link::set_timer(std::chrono::milliseconds time) {
    if (!timer_) timer_ = std::make_unique<asio::steady_timer>(socket_.get_executor());
    timer_->expires_after(time);
    timer_->async_wait([self = shared_from_this()](const error_code& failed) {
        if (failed) return;
        self->end({ErrorCode::none, "the peer did not answer our Close in time", 0});
        self->stop(true);
    });
}

void Link::forget() {
    events_ = nullptr;
    if (state_ != State::lingering) stop();
}

class WebSocketConnection final : public Connection {
  public:
    explicit WebSocketConnection(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    ~WebSocketConnection() override { link_->forget(); }
    WebSocketConnection(const WebSocketConnection&) = delete;
    WebSocketConnection& operator=(const WebSocketConnection&) = delete;

    void start(ConnectionEvents& events) override { link_->start(events); }
    bool send(std::span<const Frame> frames) override { return link_->send(frames); }
    std::size_t bytes_waiting() const override { return link_->bytes_waiting(); }
    void close(ErrorCode code, std::string_view reason) override { link_->close(code, reason); }
    const std::string& peer() const override { return link_->peer(); }

  private:
    std::shared_ptr<Link> link_;
};

} // namespace

std::unique_ptr<Connection> make_connection(tcp::socket socket, Shared& shared, ByteView already_read) {
    error_code ignored; // a socket that is already broken says so at its first use
    socket.set_option(tcp::no_delay(true), ignored);
    socket.native_non_blocking(true, ignored);
    return std::make_unique<WebSocketConnection>(std::make_shared<Link>(std::move(socket), shared, already_read));
}

} // namespace playhead::websocket
