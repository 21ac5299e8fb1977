#include "net/tls/session.hpp"

#include "net/tls/openssl_error.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace playhead::tls {

// OpenSSL reads from and writes to a BIO. A memory BIO would keep two buffers for each connection, which never shrink;
// this one has none: it reads from the caller's input and appends to the caller's output, while a call lasts.
struct Session::Pipe {
    static int read(BIO* bio, char* into, std::size_t size, std::size_t* done) {
        auto* const session = static_cast<Session*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (session->input_ == nullptr || session->input_->empty() || session->rekeys_ > rekeys_max) {
            BIO_set_retry_read(bio);
            return 0;
        }
        auto& input = *session->input_;
        *done = std::min(size, input.size());
        std::memcpy(into, input.data(), *done);
        input = input.subspan(*done);
        return 1;
    }

    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* done) {
        auto* const session = static_cast<Session*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const auto bytes = std::as_bytes(std::span{from, size});
        if (session->output_ != nullptr) session->output_->insert(session->output_->end(), bytes.begin(), bytes.end());
        *done = size;
        return 1;
    }

    static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static int create(BIO* bio) {
        BIO_set_init(bio, 1);
        return 1;
    }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* const pipe = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "playhead");
            if (pipe == nullptr) throw std::bad_alloc{};
            BIO_meth_set_read_ex(pipe, read);
            BIO_meth_set_write_ex(pipe, write);
            BIO_meth_set_ctrl(pipe, control);
            BIO_meth_set_create(pipe, create);
            return pipe;
        }();
        return made;
    }

    // Lends the arguments of a call to the BIO.
    Pipe(Session& session, std::span<const std::byte>* input, std::vector<std::byte>& output) : session_(session) {
        session.input_ = input;
        session.output_ = &output;
        ERR_clear_error(); // or an error of another session on this thread is taken for one of this one's
    }
    ~Pipe() {
        session_.input_ = nullptr;
        session_.output_ = nullptr;
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

  private:
    Session& session_;
};

void Session::Free::operator()(ssl_st* session) const { SSL_free(session); }

Session::Session(std::shared_ptr<const Context> context)
    : context_(std::move(context)),
      session_(SSL_new(context_->get())) {
    BIO* const bio = session_ ? BIO_new(Pipe::method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc{};
    BIO_set_data(bio, this);
    SSL_set_bio(session_.get(), bio, bio);
    SSL_set_accept_state(session_.get());
}

Session::~Session() = default;

Session::Step Session::step_after(int result, std::size_t bytes) {
    if (result > 0) return {Kind::done, bytes};
    switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {Kind::more};
    case SSL_ERROR_ZERO_RETURN: return {Kind::ended};
    default: break;
    }
    state_ = State::broken;
    return {Kind::broken, 0, openssl_error("the peer broke off")};
}

// Told of every record; after the handshake, one that holds handshake messages is a wish for new keys.
void Session::count_rekeys(int written, int, int kind, const void* data, std::size_t size, ssl_st*, void* self) {
    const bool says_type = kind == SSL3_RT_HEADER || kind == SSL3_RT_INNER_CONTENT_TYPE; // TLS 1.2; 1.3
    if (written == 0 && says_type && size > 0 && *static_cast<const unsigned char*>(data) == SSL3_RT_HANDSHAKE)
        ++static_cast<Session*>(self)->rekeys_;
}

Session::Step Session::handshake(std::span<const std::byte>& input, std::vector<std::byte>& reply) {
    if (state_ != State::open) return {Kind::broken, 0, "the session is over"};
    const Pipe pipe{*this, &input, reply};
    Step step = step_after(SSL_do_handshake(session_.get()), 0);
    if (step.kind == Kind::done) {
        SSL_set_msg_callback(session_.get(), count_rekeys);
        SSL_set_msg_callback_arg(session_.get(), this);
    }
    return step;
}

Session::Step Session::decrypt(std::span<const std::byte>& input, std::span<std::byte> plain,
                               std::vector<std::byte>& reply) {
    assert(!plain.empty());
    if (state_ == State::broken) return {Kind::broken, 0, "the session is over"};
    const Pipe pipe{*this, &input, reply};
    std::size_t bytes = 0;
    const int result = SSL_read_ex(session_.get(), plain.data(), plain.size(), &bytes);
    Step step = step_after(result, bytes);
    if (rekeys_ <= rekeys_max || step.kind != Kind::more) return step;
    state_ = State::broken;
    return {Kind::broken, 0, "the peer asks for new keys again and again"};
}

bool Session::encrypt(std::span<const std::byte> plain, std::vector<std::byte>& sealed) {
    if (state_ != State::open) return false;
    if (plain.empty()) return true;
    const Pipe pipe{*this, nullptr, sealed};
    std::size_t bytes = 0;
    if (SSL_write_ex(session_.get(), plain.data(), plain.size(), &bytes) != 1) state_ = State::broken;
    return state_ == State::open;
}

void Session::end(std::vector<std::byte>& sealed) {
    if (state_ != State::open) return;
    state_ = State::ended;
    const Pipe pipe{*this, nullptr, sealed};
    SSL_shutdown(session_.get());
    ERR_clear_error();
}

bool Session::has_pending() const { return SSL_pending(session_.get()) > 0; }

std::string Session::version() const { return SSL_get_version(session_.get()); }

} // namespace playhead::tls
