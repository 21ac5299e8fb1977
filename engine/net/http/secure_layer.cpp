#include "net/http/secure_layer.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace playhead::http {

using boost::system::error_code;

namespace {

// Every HTTP request begins with one, and no TLS connection does (RFC 8446 section 5.1).
bool is_letter(std::byte byte) {
    const auto code = std::to_integer<unsigned char>(byte);
    return (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
}

} // namespace

SecureLayer::SecureLayer(std::shared_ptr<const tls::Context> context)
    : session_(std::make_unique<tls::Session>(std::move(context))) {}

SecureLayer::Next SecureLayer::finish(std::size_t bytes) {
    error_ = failure_;
    bytes_ = failure_ ? 0 : bytes;
    return Next::done;
}

// What tells the peer goes first; whoever asks again then is told.
SecureLayer::Next SecureLayer::fail(const error_code& error, std::string why) {
    failure_ = error;
    why_ = std::move(why);
    return outgoing_.empty() ? finish() : Next::send;
}

SecureLayer::Next SecureLayer::obey(tls::Session::Step step) {
    using Kind = tls::Session::Kind;
    switch (step.kind) {
    case Kind::done: return finish(step.bytes);
    case Kind::more: return outgoing_.empty() ? Next::receive : Next::send;
    case Kind::ended: return fail(boost::asio::error::eof, "the peer ended the session");
    case Kind::broken: break;
    }
    return fail(make_error_code(boost::system::errc::protocol_error), std::move(step.why));
}

SecureLayer::Next SecureLayer::handshake() {
    if (!outgoing_.empty()) return Next::send;
    if (failure_ || handshaken_) return finish();
    if (!pending_.empty() && !std::exchange(begun_, true) && is_letter(pending_.front())) {
        spoke_plainly_ = true;
        return fail(make_error_code(boost::system::errc::protocol_error), "this is no TLS");
    }
    tls::Session::Step step = session_->handshake(pending_, outgoing_);
    handshaken_ = step.kind == tls::Session::Kind::done;
    if (handshaken_ && !outgoing_.empty()) return Next::send;
    return obey(std::move(step));
}

SecureLayer::Next SecureLayer::read(std::span<std::byte> plain) {
    if (!outgoing_.empty()) return Next::send;
    if (failure_ || plain.empty()) return finish();
    return obey(session_->decrypt(pending_, plain, outgoing_));
}

std::span<std::byte> SecureLayer::gather(std::size_t bytes) {
    gathered_.resize(std::min(bytes, write_bytes_max));
    sealed_ = false;
    return gathered_;
}

SecureLayer::Next SecureLayer::write() {
    if (!outgoing_.empty()) return Next::send;
    if (failure_) return finish();
    if (gathered_.empty() || sealed_) return finish(std::exchange(gathered_, {}).size());
    sealed_ = true;
    if (session_->encrypt(gathered_, outgoing_)) return Next::send;
    return fail(make_error_code(boost::system::errc::broken_pipe), "the session is over");
}

SecureLayer::Next SecureLayer::end() {
    if (!std::exchange(ended_, true)) session_->end(outgoing_);
    return outgoing_.empty() ? finish() : Next::send;
}

tls::MovedSession SecureLayer::move() {
    assert(outgoing_.empty() && "a write leaves nothing behind");
    return {std::move(session_), {pending_.begin(), pending_.end()}};
}

} // namespace playhead::http
