#include "seal/packet.hpp"
#include "seal/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace playhead;
using namespace playhead::seal;
using namespace playhead::test;

namespace {

Bytes sealed_by(PacketSealer& sealer, std::span<const std::byte> plain) {
    Bytes packet(plain.size() + packet_overhead_bytes);
    sealer.seal(plain, packet);
    return packet;
}

// "opened", or the refusal's name.
std::string_view outcome(PacketOpener& opener, Bytes packet) {
    const auto opened = opener.open(packet);
    return opened ? "opened" : name_of(opened.error().code);
}

} // namespace

TEST_CASE("what is sealed opens to the same bytes, whatever its length") {
    PacketSealer sealer{key_of(1)};
    PacketOpener opener{key_of(1)};
    Random random{20261128};
    for (std::size_t size = 0; size < 1300; size += 1 + size / 16) {
        CAPTURE(size);
        const Bytes plain = random_bytes(random, size);
        Bytes packet = sealed_by(sealer, plain);
        const auto opened = opener.open(packet);
        REQUIRE(opened);
        CHECK(std::ranges::equal(*opened, plain));
        CHECK(opened->data() == packet.data() + 8); // lent, not copied
    }
}

TEST_CASE("a packet begins with its number, the first with 1, and two of the same bytes have nothing else in common") {
    PacketSealer sealer{key_of(1)};
    const Bytes plain = bytes_of("the same words");
    const Bytes first = sealed_by(sealer, plain);
    const Bytes second = sealed_by(sealer, plain);
    CHECK(sealer.sealed() == 2);
    CHECK(hex_of(std::span{first}.first(8)) == "0100000000000000");
    CHECK(hex_of(std::span{second}.first(8)) == "0200000000000000");
    CHECK_FALSE(std::ranges::equal(std::span{first}.subspan(8), std::span{second}.subspan(8)));
    CHECK(std::ranges::search(first, plain).empty());
}

TEST_CASE("[K3] a packet altered in any bit is refused, and spoils nothing for the true one") {
    PacketSealer sealer{key_of(1)};
    PacketOpener opener{key_of(1)};
    const Bytes packet = sealed_by(sealer, bytes_of("sixteen or so bytes to be altered"));
    for (std::size_t at = 0; at < packet.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            Bytes altered = packet;
            altered[at] ^= static_cast<std::byte>(1 << bit);
            CAPTURE(at);
            CAPTURE(bit);
            // Of the number's bits only the last makes 0 of it, which no packet has.
            CHECK(outcome(opener, altered) == (at == 0 && bit == 0 ? "sequence" : "malformed"));
        }
    }
    CHECK(outcome(opener, packet) == "opened");
}

TEST_CASE("[K3] a packet that was cut or has grown is refused") {
    PacketSealer sealer{key_of(1)};
    PacketOpener opener{key_of(1)};
    const Bytes packet = sealed_by(sealer, bytes_of("some words"));
    for (std::size_t size = 0; size < packet.size(); ++size) {
        CAPTURE(size);
        CHECK(outcome(opener, {packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size)}) == "malformed");
    }
    Bytes longer = packet;
    longer.push_back(std::byte{0});
    CHECK(outcome(opener, longer) == "malformed");
    CHECK(outcome(opener, packet) == "opened");
}

TEST_CASE("[K3] what cannot be opened leaves none of its bytes behind") {
    PacketSealer sealer{key_of(1)};
    PacketOpener opener{key_of(2)};
    Bytes packet = sealed_by(sealer, bytes_of("not for you"));
    CHECK_FALSE(opener.open(packet));
    CHECK(std::ranges::all_of(std::span{packet}.subspan(8, 11), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("[K1] only the key of this connection and this direction opens") {
    const PeerKeys ann{key_of(1), key_of(2)};
    const PeerKeys bob{key_of(3), key_of(4)};
    PacketSealer from_ann{ann.client_to_engine};
    const Bytes packet = sealed_by(from_ann, bytes_of("play"));
    for (const Key& other : {ann.engine_to_client, bob.client_to_engine, bob.engine_to_client}) {
        PacketOpener opener{other};
        CHECK(outcome(opener, packet) == "malformed");
    }
    PacketOpener engine{ann.client_to_engine};
    CHECK(outcome(engine, packet) == "opened");
}

TEST_CASE("[K4] each packet opens once; late ones open while the window holds them") {
    PacketSealer sealer{key_of(1)};
    std::vector<Bytes> packets;
    for (std::size_t n = 0; n <= ReplayWindow::width + 1; ++n) packets.push_back(sealed_by(sealer, bytes_of("x")));
    PacketOpener opener{key_of(1)};
    CHECK(outcome(opener, packets[5]) == "opened");
    CHECK(outcome(opener, packets[5]) == "sequence");
    CHECK(outcome(opener, packets[3]) == "opened"); // overtaken
    CHECK(outcome(opener, packets[3]) == "sequence");
    CHECK(outcome(opener, packets[ReplayWindow::width]) == "opened"); // number 1,025: the window begins at 2
    CHECK(outcome(opener, packets[0]) == "sequence");                 // number 1: too old to know
    CHECK(outcome(opener, packets[1]) == "opened");                   // number 2: the oldest that is remembered
    CHECK(outcome(opener, packets[3]) == "sequence");
    CHECK(outcome(opener, packets[ReplayWindow::width + 1]) == "opened");
    CHECK(outcome(opener, packets[1]) == "sequence");
}

TEST_CASE("[K4] a forged number moves no window") {
    PacketSealer sealer{key_of(1)};
    PacketOpener opener{key_of(1)};
    const Bytes first = sealed_by(sealer, bytes_of("x"));
    Bytes forged = first;
    forged[6] = std::byte{0xff};
    CHECK(outcome(opener, forged) == "malformed");
    CHECK(outcome(opener, first) == "opened");
}

TEST_CASE("[K4] the window knows what a list of everything would know") {
    Random random{4303};
    for (int round = 0; round < 20; ++round) {
        CAPTURE(round);
        ReplayWindow window;
        std::set<std::uint64_t> noted;
        std::uint64_t newest = 0;
        for (int step = 0; step < 4000; ++step) {
            // Mostly near the newest, at times a jump of about a window or far beyond it.
            const std::uint64_t reach = random.one_in(50) ? 3000 : 40;
            const std::uint64_t at = newest + random.below(reach);
            const std::uint64_t back = random.below(random.one_in(3) ? 1100 : 20);
            const std::uint64_t sequence = at > back ? at - back : 0;
            const bool expected = sequence == 0 || noted.contains(sequence) ||
                                  (sequence <= newest && newest - sequence >= ReplayWindow::width);
            REQUIRE(window.seen(sequence) == expected);
            if (expected) continue;
            window.note(sequence);
            noted.insert(sequence);
            newest = std::max(newest, sequence);
        }
        CHECK(noted.size() > 500);
    }
    ReplayWindow window;
    window.note(~std::uint64_t{0});
    CHECK(window.seen(~std::uint64_t{0}));
    CHECK_FALSE(window.seen(~std::uint64_t{0} - 1));
    CHECK(window.seen(1));
}

TEST_CASE("[K5] a checksum is another for every bit of the datagram and every key") {
    const HeaderChecksum checksum{key_of(1)};
    Random random{5};
    const Bytes datagram = random_bytes(random, 60);
    const std::uint32_t right = checksum.of(datagram);
    CHECK(checksum.of(datagram) == right);
    CHECK(HeaderChecksum{key_of(1)}.of(datagram) == right);
    CHECK(HeaderChecksum{key_of(2)}.of(datagram) != right);
    for (std::size_t at = 0; at < datagram.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            Bytes altered = datagram;
            altered[at] ^= static_cast<std::byte>(1 << bit);
            CHECK(checksum.of(altered) != right);
        }
    }
    for (std::size_t size = 0; size < datagram.size(); ++size)
        CHECK(checksum.of(std::span{datagram}.first(size)) != right);
}

// Made by programs that share nothing with libsodium: BLAKE2b by Python's hashlib, ChaCha20-Poly1305 by Node's crypto
// (OpenSSL), SipHash by hand from its paper. Clients in other languages may check themselves against them
// (PROTOCOL.md).
TEST_CASE("[K1] [K2] [K5] packets and checksums are those of the protocol's golden example") {
    Key key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::byte>(i);
    PacketSealer sealer{key};
    CHECK(hex_of(sealed_by(sealer, bytes_of("pause"))) == "0100000000000000028713c8215deaf244bd6c55bea99e77fbc63068d2");
    CHECK(hex_of(sealed_by(sealer, bytes_of("pause"))) == "02000000000000007201c0852c8269213a0a42cbb3a2ac947dce945ebb");
    CHECK(HeaderChecksum{key}.of(bytes_of("a datagram")) == 0x98A212A5);
}
