#pragma once

#include "net/tls/session.hpp"

#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace playhead::http {

// Decides what a TLS connection needs next in order to shake hands, read, write or end. The stream obeys and asks again
// until it is told `done`: then error() and bytes() are the result. Sans-I/O; one thing is under way at a time.
//   Owner: a Stream.
class SecureLayer {
  public:
    static constexpr std::size_t receive_bytes_max = tls::Session::record_bytes_max + 1024;
    static constexpr std::size_t write_bytes_max = 64 * 1024; // taken of a larger write, sealed and sent in one go

    enum class Next : std::uint8_t {
        done,
        receive, // into room(), then say received()
        send,    // to_send(), all of it, then say sent()
    };

    explicit SecureLayer(std::shared_ptr<const tls::Context> context);

    Next handshake();
    Next read(std::span<std::byte> plain);
    // Writes what was put into gather().
    Next write();
    std::span<std::byte> gather(std::size_t bytes);
    // Says that nothing more is sent. Never an error: there may be nobody to say it to.
    Next end();

    std::span<std::byte> room() { return incoming_; }
    void received(std::size_t bytes) { pending_ = std::span{incoming_}.first(bytes); }
    std::span<const std::byte> to_send() const { return outgoing_; }
    void sent() { outgoing_ = {}; }

    const boost::system::error_code& error() const { return error_; }
    std::size_t bytes() const { return bytes_; }
    // Why error() is one; for logs and tests.
    const std::string& why() const { return why_; }

    // The handshake failed because the peer spoke HTTP without TLS: it can be answered so.
    bool spoke_plainly() const { return spoke_plainly_; }
    // There are bytes that were received and not looked at; waiting for the socket might be in vain.
    bool has_pending() const { return !pending_.empty() || session_->has_pending(); }
    // For another event loop. Nothing else may be called afterwards; nothing may be left to send.
    tls::MovedSession move();

  private:
    Next finish(std::size_t bytes = 0);
    Next fail(const boost::system::error_code& error, std::string why);
    Next obey(tls::Session::Step step);

    std::unique_ptr<tls::Session> session_;
    std::array<std::byte, receive_bytes_max> incoming_{};
    std::span<const std::byte> pending_; // of incoming_
    std::vector<std::byte> outgoing_;
    std::vector<std::byte> gathered_;
    boost::system::error_code failure_; // nothing works any more
    boost::system::error_code error_;
    std::size_t bytes_ = 0;
    std::string why_;
    bool handshaken_ = false;
    bool sealed_ = false; // what is gathered is in outgoing_, or has been sent
    bool ended_ = false;
    bool begun_ = false; // something was received
    bool spoke_plainly_ = false;
};

} // namespace playhead::http
