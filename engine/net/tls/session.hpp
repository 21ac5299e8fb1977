#pragma once

#include "net/tls/context.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct ssl_st; // OpenSSL's SSL

namespace playhead::tls {

// The server's end of one TLS connection, without any I/O: received bytes in, decrypted bytes and bytes to send out. So
// it can begin beside one event loop and go on beside another.
// Whatever a call appends to `reply` or `sealed` is to be sent in that order, before anything sealed later.
//   Thread: one at a time; it may move.
//   Shapes: `input` is what was received, in order; what a call has taken is cut off its front. Part of a record is
//           kept inside, so nothing is left in `input` when `more` is returned.
//   Errors: `broken` says why; the alert that tells the peer (if there is one) is in `reply`. Nothing more can be read
//   or
//           written then.
class Session {
  public:
    // The most that one record holds (RFC 8446 section 5.1): what is sealed in larger pieces becomes several.
    static constexpr std::size_t record_bytes_max = 16 * 1024;
    // What one record adds to its content at most: header, type, tag, and TLS 1.2's explicit nonce.
    static constexpr std::size_t record_overhead_max = 5 + 1 + 16 + 8;
    // How often a peer may ask for new keys, or for another handshake in vain. Each costs us some microseconds and an
    // answer, but the peer next to nothing; whoever means well does so once in many gigabytes (RFC 8446 section 5.5).
    static constexpr std::uint32_t rekeys_max = 32;

    enum class Kind : std::uint8_t {
        more,   // the input is used up
        done,   // the handshake is complete, or `bytes` bytes were decrypted; ask again before reading more
        ended,  // the peer has said that it sends no more (close_notify)
        broken, // `why`
    };
    struct Step {
        Kind kind = Kind::more;
        std::size_t bytes = 0;
        std::string why{};
    };

    explicit Session(std::shared_ptr<const Context> context);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Step handshake(std::span<const std::byte>& input, std::vector<std::byte>& reply);
    // After the handshake. `plain` must not be empty.
    Step decrypt(std::span<const std::byte>& input, std::span<std::byte> plain, std::vector<std::byte>& reply);
    // After the handshake. False if the session is broken or has been ended.
    bool encrypt(std::span<const std::byte> plain, std::vector<std::byte>& sealed);
    // Says that nothing more will be sent; nothing can be sealed any more, but what the peer says can be read.
    void end(std::vector<std::byte>& sealed);

    // Part of a record is decrypted and not handed out yet.
    bool has_pending() const;
    // "TLSv1.3"; for logs and tests.
    std::string version() const;

  private:
    struct Free {
        void operator()(ssl_st* session) const;
    };
    enum class State : std::uint8_t { open, ended, broken }; // ended: by us; the peer may still speak
    struct Pipe; // the BIO between OpenSSL and the arguments of the call under way
    friend struct Pipe;

    Step step_after(int result, std::size_t bytes);
    static void count_rekeys(int written, int version, int kind, const void* data, std::size_t size, ssl_st*,
                             void* self);

    std::shared_ptr<const Context> context_;
    std::span<const std::byte>* input_ = nullptr; // during a call
    std::vector<std::byte>* output_ = nullptr;    // during a call
    std::unique_ptr<ssl_st, Free> session_;
    std::uint32_t rekeys_ = 0;
    State state_ = State::open;
};

// A session on its way to another event loop, with what was received of the peer and not yet decrypted.
struct MovedSession {
    std::unique_ptr<Session> session; // null: the connection is a plain one
    std::vector<std::byte> received;
};

} // namespace playhead::tls
