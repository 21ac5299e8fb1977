#include "core/random.hpp"
#include "core/utf8.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "replication/replica.hpp"
#include "vectors/wire_vectors.hpp"

#include <doctest/doctest.h>

#include <limits>

// Bytes that no honest peer sends. Each is either refused with a reason or read as a value that keeps every promise of
// decode.hpp; run under the address and undefined sanitizers, nothing is read that is not there.
using namespace playhead;
using namespace playhead::test;

namespace {

void require_reason(const Error& error) {
    const bool known = error.code == ErrorCode::malformed || error.code == ErrorCode::too_large ||
                       error.code == ErrorCode::out_of_range;
    REQUIRE(known);
    REQUIRE_FALSE(error.message.empty());
    REQUIRE(valid_utf8(error.message));
}

void require_safe(const Hello& hello) {
    REQUIRE(hello.room.size() <= RoomId::length_max);
    REQUIRE(hello.join_token.size() <= Hello::token_bytes_max);
    REQUIRE(valid_utf8(hello.name));
    REQUIRE(hello.protocol_min <= hello.protocol_max);
}
void require_safe(const ClientCommand& command) {
    REQUIRE(command.issued_at.time_since_epoch() >= Microseconds{0});
    REQUIRE(command.issued_at.time_since_epoch() <= time_max);
    if (command.position_seen) REQUIRE(*command.position_seen >= MediaTime{0});
    if (const auto* load = std::get_if<Load>(&command.action)) REQUIRE(load->kind <= MediaKind::twitch);
    if (const auto* name = std::get_if<SetName>(&command.action)) REQUIRE(valid_utf8(name->name));
}
void require_safe(const Report& report) { REQUIRE(report.flags <= 15); }
void require_safe(const Ping&) {}
void require_safe(const Resync&) {}
void require_safe(const Bye&) {}
void require_safe(const Ack&) {}
void require_safe(const ClientSignal& signal) {
    REQUIRE(signal.plugin.size() <= PluginCommand::name_bytes_max);
    REQUIRE(valid_utf8(signal.name));
}

void require_safe(const Motion& motion) {
    // Positions of what was accepted can be computed at any time.
    for (const std::int64_t time : {std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
        REQUIRE(motion.intent().position_at(ServerTime{Microseconds{time}}, TickLength{}) >= MediaTime{0});
    }
}
void require_safe(const Snapshot& snapshot) {
    require_safe(*snapshot.fields.motion);
    Replica replica;
    replica.apply(snapshot);
}
void require_safe(const Delta& delta) {
    if (delta.fields.motion) require_safe(*delta.fields.motion);
    REQUIRE(delta.base <= delta.version);
}
void require_safe(const Welcome& welcome) { REQUIRE(welcome.tick_length > Microseconds{0}); }
void require_safe(const Pong&) {}
void require_safe(const Reply& reply) { REQUIRE(name_of(reply.error.code) != "unknown"); }
void require_safe(const Event& event) { REQUIRE(event.kind != EventKind::none); }
void require_safe(const PluginEvent& event) { REQUIRE(valid_utf8(event.name)); }
void require_safe(const Goodbye& goodbye) { REQUIRE(name_of(goodbye.error.code) != "unknown"); }
void require_safe(const Beacon& beacon) { REQUIRE(beacon.server_time.time_since_epoch() >= Microseconds{0}); }

// The bytes are copied to a block of exactly their size, so that a sanitizer sees the first byte read too many.
template <class Decode>
bool survives(const Decode& decode, ByteView bytes) {
    const Bytes exact(bytes.begin(), bytes.end());
    const auto decoded = decode(exact);
    if (!decoded) {
        require_reason(decoded.error());
        return false;
    }
    std::visit([](const auto& message) { require_safe(message); }, *decoded);
    return true;
}
bool client_survives(ByteView bytes) {
    return survives([](ByteView exact) { return decode_client(exact); }, bytes);
}
bool server_survives(ByteView bytes) { return survives(decode_server, bytes); }

struct Example {
    std::string name;
    Bytes bytes;
    bool (*check)(ByteView);
};
std::vector<Example> examples() {
    std::vector<Example> all;
    for (const auto& [name, message] : client_examples()) all.push_back({name, encode(message), client_survives});
    for (const auto& [name, message] : server_examples()) {
        const Frame frame = encode(message);
        all.push_back({name, Bytes(frame.payload().begin(), frame.payload().end()), server_survives});
    }
    return all;
}

Bytes from(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

} // namespace

TEST_CASE("[W2] a message that is cut short anywhere is refused or harmless") {
    for (const Example& example : examples()) {
        CAPTURE(example.name);
        for (std::size_t length = 0; length < example.bytes.size(); ++length) {
            CAPTURE(length);
            const bool accepted = example.check(ByteView(example.bytes).first(length));
            // Without its first table offset nothing is a message.
            if (length < 8) CHECK_FALSE(accepted);
        }
        CHECK(example.check(example.bytes));
    }
}

TEST_CASE("[W2] a message with any byte changed to any value is refused or harmless") {
    for (const Example& example : examples()) {
        CAPTURE(example.name);
        Bytes bytes = example.bytes;
        for (std::size_t index = 0; index < bytes.size(); ++index) {
            CAPTURE(index);
            for (int value = 0; value < 256; ++value) {
                bytes[index] = static_cast<std::byte>(value);
                example.check(bytes);
            }
            bytes[index] = example.bytes[index];
        }
    }
}

TEST_CASE("[W2] messages cut, spliced and scrambled from a seed are refused or harmless") {
    const auto all = examples();
    for (std::uint64_t seed = 1; seed <= 30'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const Example& example = all[random.below(all.size())];
        Bytes bytes = example.bytes;
        for (std::uint32_t edits = 1 + random.below(6); edits > 0 && !bytes.empty(); --edits) {
            const std::size_t index = random.below(bytes.size());
            constexpr int telling[] = {0, 1, 2, 4, 7, 8, 0x7F, 0x80, 0xFE, 0xFF};
            switch (random.below(5)) {
            case 0: bytes[index] = static_cast<std::byte>(random.one_of(telling)); break;
            case 1: bytes[index] ^= static_cast<std::byte>(1u << random.below(8)); break;
            case 2: bytes.resize(index); break;
            case 3:
                bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(index), random.below(9), std::byte{0xFF});
                break;
            default: {
                const Bytes& other = all[random.below(all.size())].bytes;
                const std::size_t begin = random.below(other.size());
                bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(begin), other.end());
            }
            }
        }
        client_survives(bytes);
        server_survives(bytes);
    }
}

TEST_CASE("[W2] random bytes are no message") {
    std::size_t accepted = 0;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Bytes bytes(random.below(200));
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random.one_in(2) ? random.below(256) : random.below(16));
        accepted += client_survives(bytes) ? 1u : 0u;
        server_survives(bytes);
    }
    CHECK(accepted < 20);
}

TEST_CASE("[W2] hand-made hostile buffers are refused") {
    const Bytes hostile[] = {
        {},
        from({0}),
        from({0, 0, 0, 0}),                                               // root at itself
        from({4, 0, 0, 0}),                                               // root behind the end
        from({0xFF, 0xFF, 0xFF, 0xFF}),                                   // root far outside
        from({0xFC, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0}),                       //
        from({4, 0, 0, 0, 0, 0, 0, 0}),                                   // a table that is its own vtable
        from({4, 0, 0, 0, 0, 0, 0, 0x80}),                                // vtable offset wraps
        from({4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}),                       // vtable behind the table, cut off
        from({8, 0, 0, 0, 0xFF, 0xFF, 4, 0, 4, 0, 0, 0}),                 // vtable longer than the buffer
        from({8, 0, 0, 0, 3, 0, 4, 0, 4, 0, 0, 0}),                       // vtable of odd size
        from({12, 0, 0, 0, 8, 0, 8, 0, 7, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3}), // union tag without a body
    };
    for (const Bytes& bytes : hostile) {
        CAPTURE(bytes.size());
        CHECK_FALSE(client_survives(bytes));
        CHECK_FALSE(server_survives(bytes));
    }
}

TEST_CASE("[W3] a frame without a message, or with one that is unknown, is refused") {
    // A valid FlatBuffer: a root table without fields.
    const Bytes empty = from({8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0});
    CHECK_FALSE(client_survives(empty));
    CHECK_FALSE(server_survives(empty));

    // The tag byte of a Ping's union, found by what it changes.
    const Bytes ping = encode(Ping{.t0_us = 0});
    std::size_t refused = 0;
    for (std::size_t index = 0; index < ping.size(); ++index) {
        Bytes bytes = ping;
        if (bytes[index] != std::byte{3}) continue;
        for (const int tag : {0, 9, 10, 255}) {
            bytes[index] = static_cast<std::byte>(tag);
            const auto decoded = decode_client(bytes);
            if (!decoded && decoded.error().message.ends_with("not message " + std::to_string(tag))) ++refused;
        }
    }
    CHECK(refused == 4);
}

TEST_CASE("a client's message is none of the engine's, and the other way round") {
    std::size_t confused = 0;
    for (const auto& [name, message] : client_examples()) confused += server_survives(encode(message)) ? 1u : 0u;
    for (const auto& [name, message] : server_examples())
        confused += client_survives(encode(message).payload()) ? 1u : 0u;
    // FlatBuffers does not name its schema: a few short messages may read as another. None may do harm.
    CHECK(confused < client_examples().size() + server_examples().size());
}
