#include "net/tls/context.hpp"
#include "net/tls/test_certificate.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace playhead::tls;
using playhead::tls::test::any_pair;
using playhead::tls::test::make_pair;
using Of = Context::Problem::Of;

namespace {

Context::Problem problem(const std::string& certificate, const std::string& key) {
    const auto made = Context::make(certificate, key);
    if (made) FAIL("the pair was accepted");
    return made ? Context::Problem{} : made.error();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a certificate and its key are taken, and say whose they are and until when") {
    const auto pair = make_pair({.name = "cinema.example", .valid_for = std::chrono::hours{100}});
    const auto context = Context::make(pair.certificate, pair.key);
    REQUIRE(context);
    CHECK(contains((*context)->subject(), "cinema.example"));
    const auto left = (*context)->expires() - std::chrono::system_clock::now();
    CHECK(left > std::chrono::hours{99});
    CHECK(left <= std::chrono::hours{100});
}

TEST_CASE("an RSA pair is taken as well, and so are certificates behind the first") {
    const auto rsa = make_pair({.rsa = true});
    CHECK(Context::make(rsa.certificate, rsa.key));
    CHECK(Context::make(rsa.certificate + any_pair().certificate + any_pair().certificate, rsa.key));
    CHECK(Context::make("words before it are skipped\n" + rsa.certificate + rsa.key, rsa.key + rsa.certificate));
}

TEST_CASE("what is no certificate is refused as such") {
    for (const std::string& text : {std::string{}, std::string{"hello"}, std::string(5000, '\0'), any_pair().key}) {
        const auto refused = problem(text, any_pair().key);
        CHECK(refused.of == Of::certificate);
        CHECK(contains(refused.why, "holds no certificate in PEM form"));
    }
}

TEST_CASE("a certificate that is cut or altered anywhere is refused, first or behind the first") {
    const std::string& good = any_pair().certificate;
    for (std::size_t length = 30; length + 30 < good.size(); length += 37) {
        CAPTURE(length);
        CHECK(problem(good.substr(0, length), any_pair().key).of == Of::certificate);
        CHECK(problem(good + good.substr(0, length), any_pair().key).of == Of::certificate);
    }
    std::string altered = good;
    altered[altered.size() / 2] = '*';
    CHECK(problem(altered, any_pair().key).of == Of::certificate);
    CHECK(contains(problem(good + altered, any_pair().key).why, "broken certificate in its chain"));
}

TEST_CASE("a chain has an end") {
    std::string chain;
    for (int i = 0; i < 12; ++i) chain += any_pair().certificate;
    CHECK(contains(problem(chain, any_pair().key).why, "more than 10 certificates"));
}

TEST_CASE("what is no key is refused as such, and its text is not repeated") {
    for (const std::string& text : {std::string{}, std::string{"secret-words"}, any_pair().certificate}) {
        const auto refused = problem(any_pair().certificate, text);
        CHECK(refused.of == Of::key);
        CHECK(contains(refused.why, "holds no private key in PEM form"));
        CHECK_FALSE(contains(refused.why, "secret-words"));
    }
}

TEST_CASE("a key of another certificate is refused, of the same kind or another") {
    for (const bool rsa : {false, true}) {
        const auto refused = problem(any_pair().certificate, make_pair({.rsa = rsa}).key);
        CHECK(refused.of == Of::key);
        CHECK(contains(refused.why, "is not the key of this certificate"));
    }
}

TEST_CASE("a key with a password says how to take it off") {
    const auto locked = make_pair({.password = "open sesame"});
    const auto refused = problem(locked.certificate, locked.key);
    CHECK(refused.of == Of::key);
    CHECK(contains(refused.why, "openssl pkey"));
    CHECK(Context::make(any_pair().certificate, any_pair().key)); // nothing of it sticks to the next one
}
