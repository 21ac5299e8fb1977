#include "core/random_value.hpp"
#include "replication/value_codec.hpp"
#include "vectors/wire_vectors.hpp"

#include <doctest/doctest.h>
#include <flatbuffers/flexbuffers.h>

#include <algorithm>
#include <functional>
#include <span>

using namespace playhead;
using namespace playhead::test;

namespace {

Bytes encoded(const Value& value) {
    const ByteView bytes = encode_value(value);
    return {bytes.begin(), bytes.end()};
}

// What another encoder makes.
Bytes built(const std::function<void(flexbuffers::Builder&)>& write,
            flexbuffers::BuilderFlag flags = flexbuffers::BUILDER_FLAG_NONE) {
    flexbuffers::Builder builder{256, flags};
    write(builder);
    builder.Finish();
    const auto bytes = std::as_bytes(std::span(builder.GetBuffer()));
    return {bytes.begin(), bytes.end()};
}

Error refusal(ByteView bytes) {
    const Bytes exact(bytes.begin(), bytes.end()); // so that a sanitizer sees the first byte read too many
    const auto decoded = decode_value(exact);
    return decoded ? Error{.code = ErrorCode::none, .message = {}} : decoded.error();
}

// Refused with a reason, or read as a value that may travel (it may be too large: shared parts are copied).
bool survives(ByteView bytes) {
    const Bytes exact(bytes.begin(), bytes.end());
    const auto decoded = decode_value(exact);
    if (!decoded) {
        REQUIRE((decoded.error().code == ErrorCode::malformed || decoded.error().code == ErrorCode::too_large));
        REQUIRE_FALSE(decoded.error().message.empty());
        return false;
    }
    const auto fault = canonical_fault(*decoded);
    REQUIRE((!fault || fault->ends_with("more than 8192")));
    return true;
}

Value integers(std::initializer_list<std::int64_t> numbers) {
    Value::List list;
    for (const std::int64_t number : numbers) list.emplace_back(number);
    return Value{std::move(list)};
}

} // namespace

TEST_CASE("[V1] every value comes back as it was, in bytes that any FlexBuffers reader takes") {
    for (const auto& [name, value] : value_examples()) {
        CAPTURE(name);
        const Bytes bytes = encoded(value);
        CHECK(decode_value(bytes) == value);
        CHECK(flexbuffers::VerifyBuffer(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const Value value = random_value(random);
        const Bytes bytes = encoded(value);
        REQUIRE(decode_value(bytes) == value);
        REQUIRE(bytes.size() <= wire_bytes_max(value));
        REQUIRE(encoded(value) == bytes);
    }
}

TEST_CASE("no bytes are nil") { CHECK(decode_value({}) == Value{}); }

TEST_CASE("[V2] a FlexBuffer that breaks a rule is refused with a reason") {
    for (const auto& [name, bytes] : malformed_value_examples()) {
        CAPTURE(name);
        const Error error = refusal(bytes);
        CHECK(error.code == ErrorCode::malformed);
        CHECK(error.message.starts_with("a FlexBuffer "));
    }
}

TEST_CASE("[V1] what other encoders write for the same values is the same value") {
    CHECK(decode_value(built([](auto& b) { b.UInt(200); })) == Value{std::int64_t{200}});
    CHECK(decode_value(built([](auto& b) { b.IndirectInt(-5); })) == Value{std::int64_t{-5}});
    CHECK(decode_value(built([](auto& b) { b.IndirectUInt(5'000'000'000); })) == Value{std::int64_t{5'000'000'000}});
    CHECK(decode_value(built([](auto& b) { b.IndirectDouble(0.1); })) == Value{0.1});
    CHECK(decode_value(built([](auto& b) { b.Float(0.5F); })) == Value{0.5});
    CHECK(decode_value(built([](auto& b) { b.Double(7.0); })) == Value{std::int64_t{7}});
    CHECK(decode_value(built([](auto& b) { b.Double(-0.0); })) == Value{std::int64_t{0}});
    CHECK(decode_value(built([](auto& b) { b.Key("a key"); })) == Value{std::string{"a key"}});

    const std::vector<std::int64_t> typed{1, -2, 300'000};
    CHECK(decode_value(built([&](auto& b) { b.Vector(typed); })) == integers({1, -2, 300'000}));
    CHECK(decode_value(built([&](auto& b) { b.FixedTypedVector(typed.data(), 3); })) == integers({1, -2, 300'000}));
    const std::vector<std::uint16_t> unsigned_typed{1, 65'535};
    CHECK(decode_value(built([&](auto& b) { b.Vector(unsigned_typed); })) == integers({1, 65'535}));
    CHECK(decode_value(built([](auto& b) {
              b.TypedVector([&] {
                  b.Key("a");
                  b.Key("b");
              });
          })) == Value{Value::List{Value{std::string{"a"}}, Value{std::string{"b"}}}});
    CHECK(decode_value(built([](auto& b) {
              b.TypedVector([&] {
                  b.Bool(true);
                  b.Bool(false);
              });
          })) == Value{Value::List{Value{true}, Value{false}}});
    CHECK(decode_value(built([](auto& b) {
              b.Map([&] {
                  b.Int("b", 2); // this encoder sorts
                  b.Int("a", 1);
              });
          })) == Value{Value::Map{{"a", Value{std::int64_t{1}}}, {"b", Value{std::int64_t{2}}}}});
}

TEST_CASE("[V2] integers that no signed one holds, bytes and repeated keys of other encoders are refused") {
    CHECK(refusal(built([](auto& b) { b.UInt(0x8000'0000'0000'0000); })).code == ErrorCode::malformed);
    CHECK(refusal(built([](auto& b) { b.UInt(0x7FFF'FFFF'FFFF'FFFF); })).code == ErrorCode::none);
    CHECK(refusal(built([](auto& b) { b.Blob("ab", 2); })).code == ErrorCode::malformed);
    CHECK(refusal(built([](auto& b) {
              b.Map([&] {
                  b.Int("a", 1);
                  b.Int("a", 2);
              });
          })).message == "a FlexBuffer has the key \"a\" twice, or out of byte order");
}

TEST_CASE("[V3] depth, parts and bytes of a value are bounded, and the bounds are taken") {
    const auto nested = [](std::size_t depth) {
        Value value{true};
        for (; depth > 0; --depth) value = Value{Value::List{std::move(value)}};
        return value;
    };
    CHECK(decode_value(encoded(nested(value_depth_max))) == nested(value_depth_max));
    CHECK(refusal(encoded(nested(value_depth_max + 1))).message == "a FlexBuffer is nested deeper than 8");

    const Value many{Value::List(value_nodes_max - 1, Value{true})};
    CHECK(decode_value(encoded(many)) == many);
    CHECK(refusal(encoded(Value{Value::List(value_nodes_max, Value{true})})).message ==
          "a FlexBuffer has more than 1000 values");

    CHECK(refusal(encoded(Value{std::string(value_bytes_max - 10, 'x')})).code == ErrorCode::none);
    CHECK(refusal(encoded(Value{std::string(value_bytes_max, 'x')})).code == ErrorCode::too_large);
    CHECK(refusal(Bytes(value_bytes_max + 1)).code == ErrorCode::too_large);
}

TEST_CASE("[V3] few bytes that refer to the same parts again and again cost no more than what is allowed") {
    // Ten times ten times ten … lists, each written once.
    const Bytes lists = built([](auto& b) {
        flexbuffers::Builder::Value inner;
        b.Vector([&] {
            const std::size_t start = b.StartVector();
            b.Int(1);
            b.EndVector(start, false, false);
            inner = b.LastValue();
            for (int level = 0; level < 6; ++level) {
                const std::size_t next = b.StartVector();
                for (int copy = 0; copy < 10; ++copy) b.ReuseValue(inner);
                b.EndVector(next, false, false);
                inner = b.LastValue();
            }
        });
    });
    CHECK(lists.size() < 400);
    CHECK(refusal(lists).message == "a FlexBuffer has more than 1000 values");

    const Bytes texts = built([](auto& b) {
        b.Vector([&] {
            b.String(std::string(4'000, 'x'));
            const auto text = b.LastValue();
            for (int copy = 0; copy < 500; ++copy) b.ReuseValue(text);
        });
    });
    CHECK(texts.size() < value_bytes_max);
    CHECK(refusal(texts) ==
          Error{.code = ErrorCode::too_large, .message = "a FlexBuffer has more than 8192 bytes of text"});
}

TEST_CASE("[V2] a value that is cut short, or with any byte changed to any value, is refused or harmless") {
    for (const auto& [name, value] : value_examples()) {
        CAPTURE(name);
        const Bytes whole = encoded(value);
        for (std::size_t length = 0; length < whole.size(); ++length) survives(ByteView(whole).first(length));
        Bytes bytes = whole;
        for (std::size_t index = 0; index < bytes.size(); ++index) {
            CAPTURE(index);
            for (int byte = 0; byte < 256; ++byte) {
                bytes[index] = static_cast<std::byte>(byte);
                survives(bytes);
            }
            bytes[index] = whole[index];
        }
        CHECK(survives(whole));
    }
}

TEST_CASE("[V2] random bytes, and values scrambled from a seed, are refused or harmless") {
    const auto examples = value_examples();
    for (std::uint64_t seed = 1; seed <= 30'000; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Bytes bytes =
            random.one_in(4) ? Bytes(random.below(60)) : encoded(examples[random.below(examples.size())].value);
        for (std::uint32_t edits = 1 + random.below(8); edits > 0 && !bytes.empty(); --edits) {
            const std::size_t index = random.below(bytes.size());
            if (random.one_in(6)) {
                bytes.resize(index);
            } else {
                bytes[index] = static_cast<std::byte>(random.one_in(2) ? random.below(256) : random.below(48));
            }
        }
        survives(bytes);
    }
}
