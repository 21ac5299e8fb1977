#include "seal/digest.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace playhead::seal;

TEST_CASE("a digest is BLAKE2b's") {
    // BLAKE2b-128 of "abc", as b2sum -l 128 prints it.
    constexpr unsigned char expected[] = {0xcf, 0x4a, 0xb7, 0x91, 0xc6, 0x2b, 0x8d, 0x2b,
                                          0x21, 0x09, 0xc9, 0x02, 0x75, 0x28, 0x78, 0x16};
    const Digest digest = digest_of("abc");
    for (std::size_t n = 0; n < digest.size(); ++n) CHECK(digest[n] == std::byte{expected[n]});
    CHECK(digest_of("") != Digest{});
}

TEST_CASE("texts that differ have digests that differ") {
    std::set<Digest> seen;
    for (int n = 0; n < 1000; ++n) seen.insert(digest_of("device " + std::to_string(n)));
    CHECK(seen.size() == 1000);
    CHECK(digest_of("device 1") == digest_of(std::string{"device 1"}));
}
