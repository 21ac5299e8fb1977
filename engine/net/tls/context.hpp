#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st; // OpenSSL's SSL_CTX

// The server's side of TLS (RFC 8446, RFC 5246) by OpenSSL, without any I/O. Only this folder includes OpenSSL.
namespace playhead::tls {

// What this server shows and proves itself with: a certificate, what it is signed by, and the private key. Immutable;
// sessions keep a share of the one they began with.
//   Thread: any.   Shapes: PEM, the certificate itself first.
//   Errors: which of the two cannot be used and why, in words for the operator; the key's content is never repeated.
//   Source: what is spoken is the "intermediate" advice of RFC 9325: TLS 1.2 and 1.3, ephemeral keys, AEAD only, no
//           renegotiation, no compression, no early data (what it says could be said twice).
class Context {
  public:
    struct Problem {
        enum class Of : std::uint8_t { certificate, key } of = Of::certificate;
        std::string why; // "holds no certificate ..."
    };
    static std::expected<std::shared_ptr<const Context>, Problem> make(std::string_view certificate_pem,
                                                                       std::string_view key_pem);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    // When clients stop believing the certificate.
    std::chrono::sys_seconds expires() const { return expires_; }
    // Whose it is: the certificate's subject, for the log.
    const std::string& subject() const { return subject_; }

    ssl_ctx_st* get() const { return context_; }

  private:
    explicit Context(ssl_ctx_st* context) : context_(context) {}

    ssl_ctx_st* context_;
    std::chrono::sys_seconds expires_{};
    std::string subject_;
};

} // namespace playhead::tls
