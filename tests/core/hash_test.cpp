#include "core/hash.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace playhead;

namespace {

std::uint32_t fnv(std::string_view text) {
    std::uint32_t hash = fnv1a32_start;
    for (const char character : text) hash = fnv1a32(hash, static_cast<std::uint8_t>(character));
    return hash;
}

} // namespace

// From the vectors of draft-eastlake-fnv.
TEST_CASE("FNV-1a gives the published values") {
    CHECK(fnv("") == 0x811C9DC5u);
    CHECK(fnv("a") == 0xE40C292Cu);
    CHECK(fnv("foobar") == 0xBF9CF968u);
}

TEST_CASE("the finaliser gives MurmurHash3's values") {
    CHECK(fmix32(0) == 0);
    CHECK(fmix32(1) == 0x514E28B7u);
    CHECK(fmix32(0xFFFFFFFFu) == 0x81F16F39u);
}

TEST_CASE("a canonical hash is over little-endian fields of full width") {
    CanonicalHash fields;
    fields.u8(1);
    fields.u16(0x0302);
    fields.u32(0x07060504);
    fields.i64(-2);
    fields.boolean(true);
    fields.text("ab");
    const std::string_view bytes("\x01\x02\x03\x04\x05\x06\x07\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\0\0\0ab", 22);
    CHECK(fields.value() == fmix32(fnv(bytes)));
}

TEST_CASE("where one text ends and the next begins changes the hash") {
    CanonicalHash one;
    one.text("ab");
    one.text("c");
    CanonicalHash other;
    other.text("a");
    other.text("bc");
    CHECK(one.value() != other.value());
}
