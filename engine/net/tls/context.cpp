#include "net/tls/context.hpp"

#include "net/tls/openssl_error.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <new>
#include <stdexcept>

namespace playhead::tls {
namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* value) const {
        free(value);
    }
};
using Source = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

constexpr std::size_t chain_certificates_max = 10;
constexpr std::size_t session_tickets = 1; // a browser opens more than one connection, but each brings its own

constexpr const char* ciphers_tls12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// The smallest key first: a frame is sealed for each viewer.
constexpr const char* ciphers_tls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

Source source_of(std::string_view text) {
    const auto length = std::min<std::size_t>(text.size(), std::numeric_limits<int>::max());
    return Source{BIO_new_mem_buf(text.data(), static_cast<int>(length))};
}

// HTTP/1.1 is all that is spoken; who speaks other things only is told so in the handshake (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
    static constexpr std::string_view ours = "http/1.1";
    for (unsigned int at = 0; at < offered_length; at += 1U + offered[at]) {
        const unsigned int length = offered[at];
        if (length > offered_length - at - 1) break;
        if (std::equal(ours.begin(), ours.end(), offered + at + 1, offered + at + 1 + length)) {
            *chosen = offered + at + 1;
            *chosen_length = static_cast<unsigned char>(length);
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key behind a password cannot be read by a program that nobody sits before.
int remember_password_asked(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::string subject_of(const X509* certificate) {
    std::array<char, 256> text{};
    return X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), static_cast<int>(text.size())) == nullptr
               ? std::string{}
               : std::string{text.data()};
}

std::chrono::sys_seconds expiry_of(const X509* certificate) {
    std::tm broken_down{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken_down) != 1) return {};
    return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&broken_down)}};
}

std::expected<Certificate, std::string> use_certificates(SSL_CTX* context, std::string_view pem) {
    const Source source = source_of(pem);
    Certificate certificate{PEM_read_bio_X509_AUX(source.get(), nullptr, nullptr, nullptr)};
    if (!certificate) {
        return std::unexpected("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----): " +
                               openssl_error("nothing was found"));
    }
    if (SSL_CTX_use_certificate(context, certificate.get()) != 1)
        return std::unexpected("holds a certificate that cannot be used: " + openssl_error("it was refused"));
    for (std::size_t count = 0;; ++count) {
        Certificate signer{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)};
        if (!signer) break;
        if (count == chain_certificates_max)
            return std::unexpected("holds more than " + std::to_string(chain_certificates_max) +
                                   " certificates behind the first");
        if (SSL_CTX_add1_chain_cert(context, signer.get()) != 1)
            return std::unexpected("holds a certificate in its chain that cannot be used: " +
                                   openssl_error("it was refused"));
    }
    // The loop ends in "no start line"; anything else is a block that is there and broken.
    const unsigned long last = ERR_peek_last_error();
    if (last != 0 && !(ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE))
        return std::unexpected("holds a broken certificate in its chain: " + openssl_error("it cannot be read"));
    ERR_clear_error();
    return certificate;
}

std::expected<void, std::string> use_key(SSL_CTX* context, std::string_view pem) {
    const Source source = source_of(pem);
    bool password_asked = false;
    const Key key{PEM_read_bio_PrivateKey(source.get(), nullptr, remember_password_asked, &password_asked)};
    if (password_asked)
        return std::unexpected("is a key with a password; expected one without (openssl pkey -in FILE -out NEW)");
    if (!key) {
        return std::unexpected("holds no private key in PEM form (-----BEGIN PRIVATE KEY-----): " +
                               openssl_error("nothing was found"));
    }
    // The second asks about keys of another kind than the certificate's, which the first takes.
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
        ERR_clear_error();
        return std::unexpected("is not the key of this certificate; give the two that were made together");
    }
    return {};
}

} // namespace

std::string openssl_error(std::string otherwise) {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? std::move(otherwise) : std::string{reason};
}

std::expected<std::shared_ptr<const Context>, Context::Problem> Context::make(std::string_view certificate_pem,
                                                                              std::string_view key_pem) {
    ERR_clear_error();
    SslContext made{SSL_CTX_new(TLS_server_method())};
    SSL_CTX* const context = made.get();
    if (context == nullptr) throw std::bad_alloc{};
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    // Without RELEASE_BUFFERS an idle viewer would keep 34 KB of record buffers.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // Resumption is by tickets that the clients keep; nothing is kept here.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, session_tickets);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    // An OpenSSL that has none of them is one that somebody has configured so.
    if (SSL_CTX_set_cipher_list(context, ciphers_tls12) != 1 || SSL_CTX_set_ciphersuites(context, ciphers_tls13) != 1)
        throw std::runtime_error("OpenSSL offers none of the ciphers that are wanted: " + openssl_error("unknown"));
    const auto certificate = use_certificates(context, certificate_pem);
    if (!certificate) return std::unexpected(Problem{Problem::Of::certificate, certificate.error()});
    if (const auto used = use_key(context, key_pem); !used)
        return std::unexpected(Problem{Problem::Of::key, used.error()});

    std::shared_ptr<Context> result{new Context{made.release()}};
    result->expires_ = expiry_of(certificate->get());
    result->subject_ = subject_of(certificate->get());
    return result;
}

Context::~Context() { SSL_CTX_free(context_); }

} // namespace playhead::tls
