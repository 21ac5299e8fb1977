#include "net/websocket/link.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>

#include <cassert>
#include <cerrno>
#include <linux/sockios.h>
#include <memory_resource>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

// Reading, and the end. Writing is in link_writing.cpp.
namespace playhead::websocket {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string peer_name(int socket) {
    tcp::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (::getpeername(socket, endpoint.data(), &size) != 0) return "unknown";
    endpoint.resize(size);
    const std::string address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

Link::Link(Socket socket, Shared& shared, ByteView already_read, tls::MovedSession tls)
    : socket_(std::move(socket)),
      shared_(shared),
      decoder_(shared.limits),
      peer_(peer_name(socket_.native_handle())) {
    if (!already_read.empty()) early_ = std::make_unique<Bytes>(already_read.begin(), already_read.end());
    if (tls.session) secure_ = std::make_unique<Secure>(Secure{std::move(tls.session), std::move(tls.received), {}, 0});
    ++shared_.counters.open;
}

void Link::start(ConnectionEvents& events) {
    assert(events_ == nullptr && "a connection is started once");
    events_ = &events;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (const auto early = std::exchange(self->early_, nullptr)) self->feed(*early);
        if (self->secure_) {
            const Bytes received = std::exchange(self->secure_->received, {});
            self->feed_sealed(received);
        }
        self->wait_readable();
    });
}

// ---- reading

// What waits here is all that an idle viewer has on the way, so it gets a block of its own size: those that Asio has at
// hand for reuse were made for larger things, and would be kept for as long as the peer is silent.
void Link::wait_readable() {
    if (state_ == State::over) return;
    const std::pmr::polymorphic_allocator<> exact{std::pmr::new_delete_resource()};
    socket_.async_wait(Socket::wait_read,
                       asio::bind_allocator(exact, [self = shared_from_this()](const error_code& failed) {
                           if (!failed) self->on_readable();
                       }));
}

void Link::on_readable() {
    if (state_ == State::over) return;
    auto& buffer = shared_.read_buffer;
    const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    ++shared_.counters.reads;
    if (got > 0) {
        shared_.counters.bytes_read += static_cast<std::uint64_t>(got);
        const std::span bytes = std::span{buffer}.first(static_cast<std::size_t>(got));
        if (state_ != State::lingering) secure_ ? feed_sealed(bytes) : feed(bytes);
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

void Link::feed_sealed(ByteView bytes) {
    using Kind = tls::Session::Kind;
    while (state_ == State::open || state_ == State::closing) {
        const tls::Session::Step step = secure_->session->decrypt(bytes, shared_.decrypted, secure_->sealed);
        switch (step.kind) {
        case Kind::done: feed(std::span{shared_.decrypted}.first(step.bytes)); break;
        case Kind::more:
            if (!waits_writable_) flush(); // TLS may have had something to say itself
            return;
        case Kind::ended:
            end({ErrorCode::none, "the peer ended the TLS session", 0});
            linger();
            break;
        case Kind::broken:
            ++shared_.counters.rules_broken;
            waiting_ = {}; // nothing can be sealed any more; the alert that says why is sealed
            written_of_first_ = 0;
            end({ErrorCode::malformed, "TLS: " + step.why, 0});
            flush();
            linger();
            break;
        }
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
    if (close_sent_ || !nothing_waits()) return;
    ++shared_.counters.pings_answered;
    queue(encode_control(opcode, payload));
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
    if (nothing_waits() && secure_) {
        secure_->session->end(secure_->sealed);
        flush();
    }
    if (!nothing_waits() || broken_ || std::exchange(shut_, true)) return;
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Link::stop(bool timed_out) {
    if (state_ == State::over) return;
    submit_gathered(); // the socket's number is somebody else's soon
    state_ = State::over;
    --shared_.counters.open;
    error_code ignored;
    // What a peer does not take would keep kernel memory for minutes after an orderly close: then a reset.
    int unacknowledged = 0;
    if (timed_out) ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged);
    if (!nothing_waits() || unacknowledged > 0) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
    waiting_ = {};
    written_of_first_ = 0;
    if (secure_) secure_->sealed = {};
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

} // namespace playhead::websocket
