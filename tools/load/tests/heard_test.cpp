#include "heard.hpp"
#include "replication/encode.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::load;

namespace {

Bytes payload_of(const ServerMessage& message) {
    const Frame frame = encode(message);
    return {frame.payload().begin(), frame.payload().end()};
}

Delta delta_to(MediaTime place) {
    Delta delta;
    delta.epoch = Epoch{3};
    delta.base = Version{7};
    delta.version = Version{8};
    delta.tick = Tick{99};
    delta.fields.motion = Motion{};
    delta.fields.motion->current.anchor_position = place;
    return delta;
}

} // namespace

TEST_CASE("a command is known again by the place where it leaves the room") {
    const auto heard = heard_in(payload_of(delta_to(place_of(123'456))));
    CHECK(heard.kind == Heard::Kind::delta);
    CHECK(heard.epoch == Epoch{3});
    CHECK(heard.base == Version{7});
    CHECK(heard.version == Version{8});
    CHECK(heard.tick == Tick{99});
    CHECK(heard.place == 123'456U);
    CHECK_FALSE(heard.line.has_value());
}

TEST_CASE("a place that no command of ours names has no number") {
    CHECK_FALSE(heard_in(payload_of(delta_to(MediaTime{12'000}))).place.has_value());
    Delta nothing = delta_to({});
    nothing.fields.motion.reset();
    CHECK_FALSE(heard_in(payload_of(nothing)).place.has_value());
}

TEST_CASE("places of commands in a row are near enough for a pause to move the room there") {
    CHECK(place_of(11) - place_of(10) == std::chrono::milliseconds(1));
}

TEST_CASE("the newest line of chat that is ours is found among what plugins share") {
    Delta delta = delta_to({});
    const auto entry = [](std::string plugin, std::int64_t key, const std::string& text) {
        return SharedEntry{
            .table = {std::move(plugin), "log"}, .key = key, .value = Value{Value::Map{{"text", Value{text}}}}};
    };
    delta.fields.shared = {entry("chat", 1, line_of(40)), entry("chat", 2, line_of(41)), entry("chat", 3, "load of it"),
                           entry("other", 4, line_of(77)), SharedEntry{{"chat", "log"}, std::int64_t{0}, {}}};
    CHECK(heard_in(payload_of(delta)).line == 41U);
}

TEST_CASE("the other messages are told apart") {
    Reply reply;
    reply.sequence = 4;
    reply.verdict = Verdict::refused;
    reply.error = {ErrorCode::no_media, "nothing is loaded", 0};
    const auto refused = heard_in(payload_of(reply));
    CHECK(refused.kind == Heard::Kind::reply);
    CHECK(refused.sequence == 4);
    CHECK(refused.verdict == Verdict::refused);
    CHECK(refused.why == "nothing is loaded");

    CHECK(heard_in(payload_of(Beacon{})).kind == Heard::Kind::beacon);
    const auto ended = heard_in(payload_of(Goodbye{{ErrorCode::slow, "too slow", 0}, true}));
    CHECK(ended.kind == Heard::Kind::goodbye);
    CHECK(ended.why == "slow: too slow");
    CHECK(heard_in(payload_of(Goodbye{{ErrorCode::rate_limited, "later", 4321}, true})).retry_ms == 4321);
    CHECK(heard_in(Bytes(3)).kind == Heard::Kind::broken);
    CHECK(heard_in({}).kind == Heard::Kind::broken);
}

TEST_CASE("what everybody hears is decoded once, what one hears each time") {
    Ear ear;
    const Bytes delta = payload_of(delta_to(place_of(5)));
    for (int viewer = 0; viewer < 100; ++viewer) CHECK(ear.hear(delta).place == 5U);
    CHECK(ear.decoded() == 1);
    CHECK(ear.hear(payload_of(delta_to(place_of(6)))).place == 6U);
    CHECK(ear.decoded() == 2);
    const Bytes pong = payload_of(Pong{.t0_us = 1, .t1 = {}, .t2 = {}});
    CHECK(ear.hear(pong).kind == Heard::Kind::pong);
    CHECK(ear.hear(pong).kind == Heard::Kind::pong);
    CHECK(ear.decoded() == 4);
    CHECK(ear.hear({}).kind == Heard::Kind::broken);
}
