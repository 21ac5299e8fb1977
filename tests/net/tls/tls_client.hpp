#pragma once

#include "net/tls/session.hpp"
#include "net/tls/test_certificate.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace playhead::tls::test {

using Bytes = std::vector<std::byte>;

// The client's side of TLS over memory, as OpenSSL does it: what it wants sent is taken with take(), what comes from
// the server is given with feed(). It believes any certificate.
class Client {
  public:
    struct Wish {
        int version_min = TLS1_2_VERSION;
        int version_max = TLS1_3_VERSION;
        std::vector<std::string> protocols; // ALPN
        std::string ciphers;                // of TLS 1.2; empty: OpenSSL's
    };
    explicit Client(const Wish& wish) : context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_security_level(context_, 0); // or it would not say what is wrong of it here
        SSL_CTX_set_min_proto_version(context_, wish.version_min);
        SSL_CTX_set_max_proto_version(context_, wish.version_max);
        if (!wish.ciphers.empty()) must(SSL_CTX_set_cipher_list(context_, wish.ciphers.c_str()) == 1);
        session_ = SSL_new(context_);
        std::string protocols;
        for (const auto& protocol : wish.protocols) protocols += static_cast<char>(protocol.size()) + protocol;
        SSL_set_alpn_protos(session_, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(session_, in_, out_);
        SSL_set_connect_state(session_);
    }
    Client() : Client(Wish{}) {}
    ~Client() {
        SSL_free(session_);
        SSL_CTX_free(context_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void feed(std::span<const std::byte> bytes) {
        if (!bytes.empty()) BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    }
    // One step of the handshake; true once it is complete.
    bool handshake() {
        ERR_clear_error();
        const int result = SSL_do_handshake(session_);
        note_error(result);
        return result == 1;
    }
    void write(std::span<const std::byte> plain) {
        if (!plain.empty()) must(SSL_write(session_, plain.data(), static_cast<int>(plain.size())) > 0);
    }
    // What the server has said so far.
    void read(Bytes& plain) {
        std::array<std::byte, 16 * 1024> chunk; // NOLINT(*-member-init): read into
        ERR_clear_error();
        for (;;) {
            const int got = SSL_read(session_, chunk.data(), chunk.size());
            if (got <= 0) {
                ended = ended || SSL_get_error(session_, got) == SSL_ERROR_ZERO_RETURN;
                return note_error(got);
            }
            plain.insert(plain.end(), chunk.begin(), chunk.begin() + got);
        }
    }
    Bytes take() {
        Bytes bytes(BIO_ctrl_pending(out_));
        if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }
    ssl_st* get() const { return session_; }

    bool ended = false; // the server has said close_notify
    std::string error;  // what OpenSSL makes of the server's alert, or of its bytes

  private:
    void note_error(int result) {
        if (result > 0 || !error.empty() || SSL_get_error(session_, result) != SSL_ERROR_SSL) return;
        const char* reason = ERR_reason_error_string(ERR_peek_last_error());
        error = reason == nullptr ? "(no reason)" : reason;
    }

    SSL_CTX* context_;
    SSL* session_;
    BIO* in_;
    BIO* out_;
};

// A client and the server's session it has shaken hands with.
struct Connected {
    std::unique_ptr<Client> client;
    MovedSession server;
};

// Both sides of the handshake, until neither has anything to say. The last step of the server's.
inline Session::Step shake_hands(Client& client, Session& server) {
    Session::Step step;
    bool client_done = false;
    for (int turns = 0; turns < 10; ++turns) {
        client_done = client.handshake();
        const Bytes up = client.take();
        std::span<const std::byte> input{up};
        Bytes reply;
        if (step.kind == Session::Kind::more) step = server.handshake(input, reply);
        client.feed(reply);
        if (up.empty() && reply.empty()) break;
    }
    if (!client_done) client.handshake();
    return step;
}

inline Connected connect(const std::shared_ptr<const Context>& context, const Client::Wish& wish = {}) {
    Connected both{std::make_unique<Client>(wish), {std::make_unique<Session>(context), {}}};
    must(shake_hands(*both.client, *both.server.session).kind == Session::Kind::done);
    Bytes nothing;
    both.client->read(nothing); // tickets
    return both;
} // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): what is returned owns both

} // namespace playhead::tls::test
