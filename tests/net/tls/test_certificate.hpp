#pragma once

#include "net/tls/context.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

// Certificates that a test makes for itself: nothing secret is kept anywhere.
namespace playhead::tls::test {

struct Pair {
    std::string certificate; // PEM
    std::string key;         // PEM
};

struct Wish {
    std::string name = "localhost";
    bool rsa = false; // else an elliptic curve, P-256
    std::string password;
    std::chrono::seconds valid_for = std::chrono::hours{24};
};

inline void must(bool worked) {
    if (!worked) throw std::runtime_error("OpenSSL would not");
}

template <class Write>
std::string pem_of(Write write) {
    BIO* const memory = BIO_new(BIO_s_mem());
    must(write(memory) == 1);
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory, &data));
    std::string text{data, size};
    BIO_free(memory);
    return text;
}

// A certificate that signs itself, with its key.
inline Pair make_pair(const Wish& wish = {}) {
    EVP_PKEY* const key = wish.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    must(key != nullptr);
    X509* const certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(wish.valid_for.count()));
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    must(X509_sign(certificate, key, EVP_sha256()) > 0);
    Pair pair;
    pair.certificate = pem_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
    pair.key = pem_of([&](BIO* out) {
        const bool locked = !wish.password.empty();
        return PEM_write_bio_PKCS8PrivateKey(out, key, locked ? EVP_aes_128_cbc() : nullptr,
                                             locked ? wish.password.c_str() : nullptr,
                                             static_cast<int>(wish.password.size()), nullptr, nullptr);
    });
    X509_free(certificate);
    EVP_PKEY_free(key);
    return pair;
}

// Made once for all tests of a program that do not ask for more.
inline const Pair& any_pair() {
    static const Pair pair = make_pair();
    return pair;
}

inline std::shared_ptr<const Context> any_context() {
    static const auto context = Context::make(any_pair().certificate, any_pair().key);
    must(context.has_value());
    return *context;
}

} // namespace playhead::tls::test
