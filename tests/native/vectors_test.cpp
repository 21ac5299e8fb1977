#include "lib/sync/clock.hpp"
#include "lib/sync/controller.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the TypeScript SDK was recorded doing, done again in C++ (tests/vectors/README.md).
namespace playhead::client::test {
namespace {

namespace json = boost::json;

json::value read(const std::string& name) {
    std::ifstream file("tests/vectors/" + name, std::ios::binary);
    REQUIRE(file);
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string text(const json::value& value) { return json::value_to<std::string>(value); }
double number(const json::value& value) { return value.to_number<double>(); }

std::optional<double> optional_number(const json::value& value) {
    if (value.is_null()) return std::nullopt;
    return number(value);
}

bool near(std::optional<double> actual, const json::value& wanted, double tolerance) {
    if (wanted.is_null()) return !actual;
    return actual && std::abs(*actual - number(wanted)) <= tolerance;
}

// ---- the clock

void expect_estimate(const std::optional<sync::ClockEstimate>& told, const json::value& wanted, double tolerance) {
    REQUIRE(told.has_value() == wanted.is_object());
    if (!told) return;
    const json::object& expected = wanted.as_object();
    CHECK(near(told->offset_ms, expected.at("offsetMs"), tolerance));
    CHECK(near(told->error_bound_ms, expected.at("errorBoundMs"), tolerance));
    CHECK(near(told->rtt_ms, expected.at("rttMs"), tolerance));
    CHECK(near(told->jitter_ms, expected.at("jitterMs"), tolerance));
    CHECK(told->samples == expected.at("samples").to_number<std::size_t>());
    CHECK(told->settled == expected.at("settled").as_bool());
}

void replay(sync::ClockEstimator& clock, const json::object& step, double tolerance) {
    if (const json::value* exchange = step.if_contains("exchange")) {
        const json::array& at = exchange->as_array();
        const bool accepted =
            clock.add_exchange({.t0 = number(at[0]), .t1 = number(at[1]), .t2 = number(at[2]), .t3 = number(at[3])});
        CHECK(accepted == step.at("accepted").as_bool());
    } else if (const json::value* one_way = step.if_contains("oneWay")) {
        const json::array& at = one_way->as_array();
        const bool accepted = clock.add_one_way({.sent = number(at[0]), .received = number(at[1])});
        CHECK(accepted == step.at("accepted").as_bool());
    } else if (const json::value* clock_id = step.if_contains("clockId")) {
        clock.set_clock_id(text(*clock_id));
    } else if (step.contains("reset")) {
        clock.reset();
    } else {
        expect_estimate(clock.estimate(number(step.at("at"))), step.at("expect"), tolerance);
    }
}

TEST_CASE("the clock answers as the SDK's did") {
    const json::value file = read("clock.json");
    const double tolerance = number(file.at("toleranceMs"));
    CHECK(file.at("cases").as_array().size() >= 10);
    for (const json::value& one : file.at("cases").as_array()) {
        sync::ClockEstimator clock;
        std::size_t index = 0;
        for (const json::value& step : one.at("steps").as_array()) {
            INFO(text(one.at("name")) << ", step " << index);
            replay(clock, step.as_object(), tolerance);
            ++index;
        }
    }
}

// ---- the controller

sync::RoomPlayhead playhead_of(const json::value& value) {
    return {.media = MediaInstance{value.at("media").to_number<std::uint32_t>()},
            .anchor_position = MediaTime{value.at("anchorPositionUs").to_number<std::int64_t>()},
            .anchor_tick = Tick{value.at("anchorTick").to_number<std::uint32_t>()},
            .rate = Rate{value.at("ratePermille").to_number<std::int32_t>()},
            .playing = value.at("playing").as_bool()};
}

std::optional<sync::RoomMotion> motion_of(const json::value& value) {
    if (value.is_null()) return std::nullopt;
    sync::RoomMotion motion{.current = playhead_of(value.at("current")), .pending = {}};
    if (const json::value* pending = value.as_object().if_contains("pending")) motion.pending = playhead_of(*pending);
    return motion;
}

PlayerCapabilities capabilities_of(const json::object& value) {
    const auto time = [&](const char* name) -> std::optional<double> {
        const json::value* found = value.if_contains(name);
        return found == nullptr ? std::nullopt : optional_number(*found);
    };
    PlayerCapabilities capabilities{.fine_rate = value.at("fineRate").as_bool(),
                                    .clock_resolution_ms = number(value.at("clockResolutionMs")),
                                    .waiting = value.at("waiting").as_bool(),
                                    .play_latency_ms = time("playLatencyMs"),
                                    .rate_delay_ms = time("rateDelayMs"),
                                    .blind_after_play_ms = time("blindAfterPlayMs")};
    for (const json::value& step : value.at("rateSteps").as_array()) capabilities.rate_steps.push_back(number(step));
    return capabilities;
}

// What has changed since the step before.
void update(PlayerReport& player, const json::object& changes) {
    for (const auto& [key, value] : changes) {
        if (key == "positionMs")
            player.position_ms = number(value);
        else if (key == "durationMs")
            player.duration_ms = optional_number(value);
        else if (key == "loaded")
            player.loaded = value.as_bool();
        else if (key == "ready")
            player.ready = value.as_bool();
        else if (key == "paused")
            player.paused = value.as_bool();
        else if (key == "seeking")
            player.seeking = value.as_bool();
        else if (key == "ended")
            player.ended = value.as_bool();
        else if (key == "stalled")
            player.stalled = value.as_bool();
        else if (key == "blocked")
            player.blocked = value.as_bool();
        else if (key == "userActing")
            player.user_acting = value.as_bool();
        else if (key == "rate")
            player.rate = number(value);
        else if (key == "bufferMs")
            player.buffer_ms = number(value);
        else
            FAIL("a report has no field " << std::string_view(key));
    }
}

std::string_view name(sync::ControllerAction::Kind kind) {
    constexpr std::string_view names[] = {"play", "pause", "seek", "rate"};
    return names[std::to_underlying(kind)];
}

void expect_actions(const std::vector<sync::ControllerAction>& actions, const json::array& wanted, double tolerance_ms,
                    double rate_tolerance) {
    REQUIRE(actions.size() == wanted.size());
    for (std::size_t index = 0; index < actions.size(); ++index) {
        const sync::ControllerAction& action = actions[index];
        const json::object& expected = wanted[index].as_object();
        REQUIRE(name(action.kind) == text(expected.at("kind")));
        if (action.kind == sync::ControllerAction::Kind::seek) {
            CHECK(near(action.position_ms, expected.at("positionMs"), tolerance_ms));
        }
        if (action.kind == sync::ControllerAction::Kind::rate) {
            CHECK(near(action.rate, expected.at("rate"), rate_tolerance));
            CHECK(action.preserves_pitch == expected.at("preservesPitch").as_bool());
        }
    }
}

TEST_CASE("the controller does as the SDK's did") {
    const json::value file = read("controller.json");
    const double tolerance_ms = number(file.at("toleranceMs"));
    CHECK(file.at("cases").as_array().size() >= 17);
    for (const json::value& one : file.at("cases").as_array()) {
        sync::ControllerState state;
        sync::ControllerInput input{.tick_length = TickLength{Microseconds{one.at("tickUs").to_number<std::int64_t>()}},
                                    .source_offset_ms = number(one.at("sourceOffsetMs")),
                                    .capabilities = capabilities_of(one.at("capabilities").as_object())};
        std::size_t index = 0;
        for (const json::value& each : one.at("steps").as_array()) {
            const json::object& step = each.as_object();
            input.local_ms = number(step.at("localMs"));
            input.server_ms = optional_number(step.at("serverMs"));
            if (const json::value* motion = step.if_contains("motion")) input.motion = motion_of(*motion);
            if (const json::value* player = step.if_contains("player")) update(input.player, player->as_object());
            input.player.local_ms = input.local_ms;

            INFO(text(one.at("name")) << ", step " << index << " at " << input.local_ms);
            const sync::StepResult result = sync::step(std::move(state), input);
            const json::object& wanted = step.at("expect").as_object();
            REQUIRE(playhead::client::name(result.phase) == text(wanted.at("phase")));
            expect_actions(result.actions, wanted.at("actions").as_array(), tolerance_ms,
                           number(file.at("rateTolerance")));
            CHECK(near(result.wake_at_ms, wanted.at("wakeAtMs"), tolerance_ms));
            CHECK(near(result.error_ms, wanted.at("errorMs"), tolerance_ms));
            state = result.state;
            ++index;
        }
    }
}

} // namespace
} // namespace playhead::client::test
