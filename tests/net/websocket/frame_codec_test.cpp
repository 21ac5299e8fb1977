#include "net/websocket/client_frames.hpp"
#include "net/websocket/frame_codec.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace playhead;
using namespace playhead::websocket;
using namespace playhead::websocket::test;
using Kind = FrameDecoder::Kind;
using namespace std::chrono_literals;

namespace {

constexpr FrameDecoder::Limits normal;
const FrameDecoder::Time start{1h};

// What a decoder made of a stream, with everything borrowed copied.
struct Seen {
    Kind kind = Kind::more;
    Bytes payload;
    std::uint16_t code = 0;
    ErrorCode error = ErrorCode::none;
    bool operator==(const Seen&) const = default;
};

std::vector<Seen> feed(FrameDecoder& decoder, Bytes part, FrameDecoder::Time now = start) {
    std::vector<Seen> seen;
    std::span<std::byte> input{part};
    for (;;) {
        const auto step = decoder.next(input, now);
        if (step.kind == Kind::more) break;
        seen.push_back({step.kind, {step.payload.begin(), step.payload.end()}, step.code, step.error.code});
        REQUIRE(seen.size() <= part.size() + 1);
    }
    CHECK(input.empty());
    return seen;
}

// The stream in pieces of the given sizes (the last size repeats).
std::vector<Seen> read(const Bytes& stream, std::vector<std::size_t> pieces = {},
                       const FrameDecoder::Limits& limits = normal) {
    FrameDecoder decoder{limits};
    std::vector<Seen> seen;
    std::size_t at = 0;
    for (std::size_t i = 0; at < stream.size(); ++i) {
        const std::size_t want = pieces.empty() ? stream.size() : pieces[std::min(i, pieces.size() - 1)];
        const std::size_t size = std::min(want, stream.size() - at);
        const auto from = stream.begin() + static_cast<std::ptrdiff_t>(at);
        for (auto& one : feed(decoder, Bytes(from, from + static_cast<std::ptrdiff_t>(size)))) seen.push_back(one);
        at += size;
    }
    return seen;
}

Seen message(Bytes payload) { return {Kind::message, std::move(payload), 0, ErrorCode::none}; }
Seen broken(std::uint16_t code, ErrorCode error = ErrorCode::malformed) { return {Kind::broken, {}, code, error}; }

Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
    return bytes;
}

Bytes with_first(unsigned first, const Bytes& payload = bytes_of("x")) {
    return encode({.first = first, .payload = payload});
}

} // namespace

TEST_CASE("a masked binary frame is one message, in every length form and at every border of them") {
    for (const std::size_t size :
         {0UZ, 1UZ, 2UZ, 3UZ, 4UZ, 7UZ, 8UZ, 9UZ, 124UZ, 125UZ, 126UZ, 127UZ, 1000UZ, 16384UZ}) {
        CAPTURE(size);
        CHECK(read(binary(pattern(size))) == std::vector{message(pattern(size))});
    }
    const FrameDecoder::Limits wide{.message_bytes_max = 1 << 20};
    for (const std::size_t size : {65535UZ, 65536UZ, 70000UZ}) {
        CAPTURE(size);
        CHECK(read(binary(pattern(size)), {}, wide) == std::vector{message(pattern(size))});
    }
}

TEST_CASE("the example of RFC 6455 section 5.7 is understood") {
    // "Hello", masked, as binary.
    CHECK(read(bytes_of({0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})) ==
          std::vector{message(bytes_of("Hello"))});
}

TEST_CASE("a message that lies whole in the input is lent from there, and nothing is kept") {
    FrameDecoder decoder{normal};
    Bytes stream = binary(pattern(1000));
    std::span<std::byte> input{stream};
    const auto step = decoder.next(input, start);
    REQUIRE(step.kind == Kind::message);
    CHECK(step.payload.data() >= stream.data());
    CHECK(step.payload.data() + step.payload.size() == stream.data() + stream.size());
    CHECK(decoder.bytes_kept() == 0);
}

TEST_CASE("what is kept of a cut message is let go after it") {
    FrameDecoder decoder{normal};
    const Bytes stream = binary(pattern(5000));
    CHECK(feed(decoder, Bytes(stream.begin(), stream.begin() + 4000)).empty());
    CHECK(decoder.bytes_kept() == 4000 - 8);
    CHECK(feed(decoder, Bytes(stream.begin() + 4000, stream.end())) == std::vector{message(pattern(5000))});
    CHECK(decoder.bytes_kept() == 0);
}

TEST_CASE("every rule has its refusal") {
    struct Rule {
        const char* name;
        Bytes stream;
        std::vector<Seen> seen;
    };
    const auto big = [](int form, std::int64_t says) {
        return encode({.payload = {}, .length_bytes = form, .says_length = says});
    };
    const Bytes open = with_first(0x02, bytes_of("a")); // begins a fragmented message
    const std::vector<Rule> rules{
        {"[F1] RSV1", with_first(0xc2), {broken(1002)}},
        {"[F1] RSV2", with_first(0xa2), {broken(1002)}},
        {"[F1] RSV3", with_first(0x92), {broken(1002)}},
        {"[F1] RSV1 in a control frame", with_first(0xc9), {broken(1002)}},
        {"[F2] opcode 3", with_first(0x83), {broken(1002)}},
        {"[F2] opcode 4", with_first(0x84), {broken(1002)}},
        {"[F2] opcode 5", with_first(0x85), {broken(1002)}},
        {"[F2] opcode 6", with_first(0x86), {broken(1002)}},
        {"[F2] opcode 7", with_first(0x87), {broken(1002)}},
        {"[F2] opcode 11", with_first(0x8b), {broken(1002)}},
        {"[F2] opcode 12", with_first(0x8c), {broken(1002)}},
        {"[F2] opcode 13", with_first(0x8d), {broken(1002)}},
        {"[F2] opcode 14", with_first(0x8e), {broken(1002)}},
        {"[F2] opcode 15", with_first(0x8f), {broken(1002)}},
        {"[F3] text", with_first(0x81), {broken(1003, ErrorCode::text_frame)}},
        {"[F3] text that begins a fragmented message", with_first(0x01), {broken(1003, ErrorCode::text_frame)}},
        {"[F4] unmasked", encode({.payload = bytes_of("x"), .masked = false}), {broken(1002)}},
        {"[F4] unmasked control frame", encode({.first = 0x89, .payload = {}, .masked = false}), {broken(1002)}},
        {"[F5] continuation of nothing", with_first(0x80), {broken(1002)}},
        {"[F5] open continuation of nothing", with_first(0x00), {broken(1002)}},
        {"[F5] continuation after a whole message",
         binary(bytes_of("a")) + with_first(0x80),
         {message(bytes_of("a")), broken(1002)}},
        {"[F5] a message inside a message", open + with_first(0x82), {broken(1002)}},
        {"[F5] a fragmented message inside a message", open + with_first(0x02), {broken(1002)}},
        {"[F6] fragmented ping", with_first(0x09), {broken(1002)}},
        {"[F6] fragmented pong", with_first(0x0a), {broken(1002)}},
        {"[F6] fragmented close", with_first(0x08), {broken(1002)}},
        {"[F6] ping of 126 bytes", ping(pattern(126)), {broken(1002)}},
        {"[F6] ping with a 64-bit length", encode({.first = 0x89, .payload = {}, .length_bytes = 8}), {broken(1002)}},
        {"[F7] 16-bit length 0", big(2, 0), {broken(1002)}},
        {"[F7] 16-bit length 125", big(2, 125), {broken(1002)}},
        {"[F7] 64-bit length 0", big(8, 0), {broken(1002)}},
        {"[F7] 64-bit length 125", big(8, 125), {broken(1002)}},
        {"[F7] 64-bit length 65535", big(8, 65535), {broken(1002)}},
        {"[F7] top bit of the length", big(8, std::numeric_limits<std::int64_t>::min()), {broken(1002)}},
        {"[F7] all bits of the length", big(8, -2), {broken(1002)}},
        {"[F8] length 2^63-1", big(8, std::numeric_limits<std::int64_t>::max()), {broken(1009, ErrorCode::too_large)}},
        {"[F8] length 65536", big(8, 65536), {broken(1009, ErrorCode::too_large)}},
        {"[F8] one byte over", big(2, 16385), {broken(1009, ErrorCode::too_large)}},
        {"[F8] one byte over in fragments",
         with_first(0x02, pattern(16384)) + with_first(0x80),
         {broken(1009, ErrorCode::too_large)}},
        {"[F11] close code of one byte", encode({.first = 0x88, .payload = bytes_of({3})}), {broken(1002)}},
        {"[F12] a lone continuation byte", close_frame(1000, "\x80"), {broken(1007)}},
        {"[F12] an overlong slash", close_frame(1000, "\xc0\xaf"), {broken(1007)}},
        {"[F12] a surrogate", close_frame(1000, "\xed\xa0\x80"), {broken(1007)}},
        {"[F12] above the last code point", close_frame(1000, "\xf4\x90\x80\x80"), {broken(1007)}},
        {"[F12] a reason cut inside a character", close_frame(1000, "caf\xc3"), {broken(1007)}},
    };
    for (const Rule& rule : rules) {
        SUBCASE(rule.name) {
            CHECK(read(rule.stream) == rule.seen);
            CHECK(read(rule.stream, {1}) == rule.seen);
            // Nothing after a broken rule is looked at.
            CHECK(read(rule.stream + binary(bytes_of("later"))) == rule.seen);
        }
    }
}

TEST_CASE("a rule is applied as soon as the byte that breaks it is there") {
    const auto first_bytes = [](const Bytes& stream, std::size_t count) {
        return read(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count)));
    };
    CHECK(first_bytes(with_first(0x81), 1) == std::vector{broken(1003, ErrorCode::text_frame)});
    CHECK(first_bytes(with_first(0xc2), 1) == std::vector{broken(1002)});
    CHECK(first_bytes(encode({.payload = {}, .masked = false}), 2) == std::vector{broken(1002)});
    CHECK(first_bytes(encode({.first = 0x88, .payload = bytes_of({3})}), 2) == std::vector{broken(1002)});
    CHECK(first_bytes(encode({.payload = {}, .says_length = 20'000}), 4) ==
          std::vector{broken(1009, ErrorCode::too_large)});
    CHECK(first_bytes(encode({.payload = {}, .says_length = std::int64_t{1} << 40}), 10) ==
          std::vector{broken(1009, ErrorCode::too_large)});
}

TEST_CASE("[F5] fragments make one message, with control frames between them") {
    const Bytes stream = with_first(0x02, bytes_of("one ")) + ping(bytes_of("p")) + with_first(0x00, bytes_of("two ")) +
                         with_first(0x00, {}) + pong({}) + with_first(0x80, bytes_of("three")) +
                         binary(bytes_of("next"));
    const std::vector<Seen> seen{{Kind::ping, bytes_of("p"), 0, ErrorCode::none},
                                 {Kind::pong, {}, 0, ErrorCode::none},
                                 message(bytes_of("one two three")),
                                 message(bytes_of("next"))};
    CHECK(read(stream) == seen);
    CHECK(read(stream, {1}) == seen);
}

TEST_CASE("a stream means the same wherever it is cut") {
    const Bytes stream = binary(pattern(300)) + with_first(0x02, pattern(130)) + ping(pattern(125)) +
                         with_first(0x80, pattern(9)) + binary({}) + close_frame(4001, "that is all, \xe2\x9c\x93");
    const auto whole = read(stream);
    REQUIRE(whole.size() == 5);
    CHECK(whole.back() == Seen{Kind::close, bytes_of("that is all, \xe2\x9c\x93"), 4001, ErrorCode::none});
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        CAPTURE(cut);
        CHECK(read(stream, {cut, stream.size()}) == whole);
    }
    for (std::size_t piece = 1; piece < 20; ++piece) CHECK(read(stream, {piece}) == whole);
}

TEST_CASE("[F8] a message may have exactly the allowed bytes, whole or in fragments") {
    CHECK(read(with_first(0x02, pattern(16383)) + with_first(0x80)).size() == 1);
    CHECK(read(with_first(0x02, pattern(16383)) + with_first(0x80, bytes_of("xy"))) ==
          std::vector{broken(1009, ErrorCode::too_large)});
}

TEST_CASE("[F9] a million empty fragments are not waited for") {
    Bytes stream = with_first(0x02, {});
    for (int i = 1; i < normal.fragments_max - 1; ++i) stream = stream + with_first(0x00, {});
    CHECK(read(stream + with_first(0x80)) == std::vector{message(bytes_of("x"))});
    CHECK(read(stream + with_first(0x00, {}) + with_first(0x00, {})) ==
          std::vector{broken(1009, ErrorCode::too_large)});
    // The count is a message's own.
    CHECK(read(stream + with_first(0x80) + stream + with_first(0x80)).size() == 2);
}

TEST_CASE("[F10] a flood of control frames is ended, a steady trickle is not") {
    FrameDecoder decoder{normal};
    for (int i = 0; i < normal.control_frames_burst; ++i) CHECK(feed(decoder, i % 2 ? ping({}) : pong({})).size() == 1);
    SUBCASE("one more at once is a flood") {
        const auto seen = feed(decoder, pong({}));
        CHECK(seen == std::vector{broken(4000 + 12, ErrorCode::rate_limited)});
    }
    SUBCASE("one more after its time is none, for ever") {
        for (int i = 1; i < 1000; ++i) CHECK(feed(decoder, ping({}), start + i * 100ms).front().kind == Kind::ping);
    }
    SUBCASE("a rest gives the burst back, and no more than that") {
        for (int i = 0; i < normal.control_frames_burst; ++i)
            CHECK(feed(decoder, ping({}), start + 24h).front().kind == Kind::ping);
        CHECK(feed(decoder, ping({}), start + 24h).front().kind == Kind::broken);
    }
}

TEST_CASE("[F11] a close frame's code is one that may stand on the wire") {
    const auto allowed = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                          1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
    for (const int code : allowed) {
        CAPTURE(code);
        CHECK(read(close_frame(static_cast<std::uint16_t>(code), "why")) ==
              std::vector{Seen{Kind::close, bytes_of("why"), static_cast<std::uint16_t>(code), ErrorCode::none}});
    }
    for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535}) {
        CAPTURE(code);
        CHECK(read(close_frame(static_cast<std::uint16_t>(code))) == std::vector{broken(1002)});
    }
    CHECK(read(close_frame_empty()) == std::vector{Seen{Kind::close, {}, 1005, ErrorCode::none}});
}

TEST_CASE("[F13] nothing after a close frame is looked at") {
    CHECK(read(close_frame(1000) + binary(bytes_of("x")) + close_frame(1000)).size() == 1);
    CHECK(read(close_frame(1000) + bytes_of({0xff, 0xff, 0xff}), {1}).size() == 1);
}

TEST_CASE("our control frames are unmasked, short and cut between characters") {
    CHECK(encode_control(Opcode::pong, bytes_of("hi")) == bytes_of({0x8a, 2, 'h', 'i'}));
    CHECK(encode_control(Opcode::pong, pattern(300)).size() == 127);
    CHECK(encode_close(1000, "bye") == bytes_of({0x88, 5, 0x03, 0xe8, 'b', 'y', 'e'}));
    CHECK(encode_close(1005, "an answer to an empty close is empty") == bytes_of({0x88, 0}));
    std::string snowmen;
    for (int i = 0; i < 100; ++i) snowmen += "\xe2\x98\x83";
    const Bytes frame = encode_close(4000, snowmen);
    CHECK(frame.size() == 127); // 41 snowmen
    CHECK(encode_close(4000, "x" + snowmen).size() == 125);
}

TEST_CASE("every reason of the engine's has a code that may stand on the wire") {
    CHECK(close_code_of(ErrorCode::none) == 1000);
    CHECK(close_code_of(ErrorCode::draining) == 1001);
    CHECK(close_code_of(ErrorCode::text_frame) == 1003);
    CHECK(close_code_of(ErrorCode::too_large) == 1009);
    CHECK(close_code_of(ErrorCode::token_stale) == 4000 + std::to_underlying(ErrorCode::token_stale));
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
        CHECK(is_valid_close_code(close_code_of(static_cast<ErrorCode>(code))));
}

TEST_CASE("random streams, right and wrong, mean the same in any pieces and never keep more than a message") {
    const std::uint32_t seed = 20260212;
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    for (int round = 0; round < 1000; ++round) {
        Bytes stream;
        for (std::uint32_t frames = below(6); frames > 0; --frames) {
            const unsigned firsts[] = {0x82, 0x82, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88};
            ClientFrame frame{.first = firsts[below(8)],
                              .payload = pattern(below(4) == 0 ? below(20'000) : below(140))};
            for (auto& part : frame.key) part = below(256);
            stream = stream + encode(frame);
        }
        if (!stream.empty() && below(2) == 0)
            for (std::uint32_t flips = 1 + below(3); flips > 0; --flips)
                stream[below(static_cast<std::uint32_t>(stream.size()))] ^= static_cast<std::byte>(1U << below(8));
        CAPTURE(round);
        const auto whole = read(stream);
        CHECK(read(stream, {1 + below(40), 1 + below(2000)}) == whole);
        FrameDecoder decoder{normal};
        for (std::size_t at = 0; at < stream.size(); at += 500) {
            const auto from = stream.begin() + static_cast<std::ptrdiff_t>(at);
            const auto to = stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + 500));
            feed(decoder, Bytes(from, to));
            CHECK(decoder.bytes_kept() <= normal.message_bytes_max + 125);
        }
    }
}
