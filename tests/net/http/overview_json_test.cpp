#include "net/http/overview_json.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace playhead;
using namespace playhead::http;
using std::chrono::milliseconds;
using std::chrono::seconds;
namespace json = boost::json;

namespace {

const RunFacts facts{.clock_id = 77, .tick_length = TickLength{}, .version = "1.2.3"};

std::string keys_of(const json::value& value) {
    std::string keys;
    for (const auto& member : value.as_object())
        keys += (keys.empty() ? "" : " ") + std::string{std::string_view{member.key()}};
    return keys;
}

RoomOverview den() {
    return {.room = {.id = *RoomId::parse("den"),
                     .title = "<b>\"Den\"</b>",
                     .listed = true,
                     .viewers = 2,
                     .media_title = "Film",
                     .join_token = "j.den.x"},
            .playing = true,
            .plugin_time = Microseconds{2'500},
            .plugin_turn = Microseconds{40},
            .drift = {},
            .slow_sessions = 1};
}

json::value parsed(const EngineOverview& engine, bool draining = false) {
    return json::parse(overview_json(engine, facts, draining));
}

} // namespace

TEST_CASE("[H14] an engine that has just begun shows every part, and nothing in it") {
    const json::value page = parsed(merged({ShardOverview{}}));
    CHECK(keys_of(page) == "engine shards rooms plugins drift_ms");
    CHECK(json::serialize(page.at("engine")) ==
          R"({"version":"1.2.3","uptime_s":0E0,"tick_us":50000,"draining":false})");
    CHECK(page.at("rooms").as_array().empty());
    CHECK(page.at("plugins").as_array().empty());
    CHECK(page.at("drift_ms").at("le").as_array().size() == DriftHistogram::bounds.size());
    CHECK(page.at("drift_ms").at("counts").as_array().size() == DriftHistogram::bounds.size() + 1);
    REQUIRE(page.at("shards").as_array().size() == 1);
    CHECK(keys_of(page.at("shards").at(0)) ==
          "index rooms viewers sessions tick_load cpu_s tick_ms ticks_total ticks_skipped_total tick_overruns_total "
          "fan_out_passes_total sends_total sent_bytes_total slow_sessions slow_sessions_total slow_closed_total "
          "plugin_room_ticks_put_off_total");
    CHECK(parsed(merged(std::vector<ShardOverview>{}), true).at("engine").at("draining").as_bool());
}

TEST_CASE("[H14] each shard has its ticks as a histogram in milliseconds") {
    ShardOverview shard;
    shard.taken_at = ServerTime{milliseconds{61'250}};
    shard.tick_load = 0.25;
    shard.processor_time = milliseconds{1'500};
    shard.metrics.tick_duration.record(Microseconds{3});
    shard.metrics.tick_duration.record(milliseconds{60});
    shard.metrics.tick_duration.record(std::chrono::hours{1});
    shard.metrics.sends_total = 12'345;
    shard.metrics.sent_bytes_total = 9'007'199'254'740'991;
    shard.metrics.slow_sessions_total = 3;
    const json::value page = parsed(merged({shard, ShardOverview{}}));
    CHECK(page.at("engine").at("uptime_s").as_double() == doctest::Approx(61.25));
    REQUIRE(page.at("shards").as_array().size() == 2);
    const json::value& first = page.at("shards").at(0);
    CHECK(first.at("tick_load").as_double() == doctest::Approx(0.25));
    CHECK(first.at("cpu_s").as_double() == doctest::Approx(1.5));
    CHECK(first.at("sends_total").to_number<std::uint64_t>() == 12'345);
    CHECK(first.at("sent_bytes_total").to_number<std::uint64_t>() == 9'007'199'254'740'991);
    CHECK(first.at("slow_sessions_total").to_number<std::uint64_t>() == 3);
    CHECK(page.at("shards").at(1).at("index").to_number<int>() == 1);

    const json::value& ticks = first.at("tick_ms");
    const json::array& bounds = ticks.at("le").as_array();
    const json::array& counts = ticks.at("counts").as_array();
    REQUIRE(counts.size() == bounds.size() + 1);
    CHECK(bounds.at(2).as_double() == doctest::Approx(0.004));
    CHECK(counts.at(2).to_number<int>() == 1); // 3 us
    CHECK(bounds.at(16).as_double() == doctest::Approx(65.536));
    CHECK(counts.at(16).to_number<int>() == 1); // 60 ms
    CHECK(counts.back().to_number<int>() == 1); // the hour
    CHECK(bounds.size() == 23);                 // 1 us to 4 s
    CHECK(ticks.at("p50").as_double() == doctest::Approx(0.003));
}

TEST_CASE(
    "[H14] a room's texts are quoted, its drift is null until somebody reports, and an unlisted one has no token") {
    EngineOverview engine;
    engine.rooms = {den(), den()};
    engine.rooms[0].drift.add(milliseconds{2});
    engine.rooms[0].drift.add(-milliseconds{45});
    engine.rooms[1].room.listed = false;
    engine.rooms[1].room.join_token = "j.secret";
    const std::string text = overview_json(engine, facts, false);
    CHECK(text.find(R"("title":"<b>\"Den\"</b>")") != std::string::npos);
    CHECK(text.find("secret") == std::string::npos);
    const json::value page = json::parse(text);
    const json::value& room = page.at("rooms").at(0);
    CHECK(keys_of(room) == "room title link viewers playing media_title plugin_ms_total plugin_turn_ms drift_ms "
                           "slow_sessions");
    CHECK(room.at("link").as_string() == "/r/den#j.den.x");
    CHECK(room.at("playing").as_bool());
    CHECK(room.at("plugin_ms_total").as_double() == doctest::Approx(2.5));
    CHECK(room.at("plugin_turn_ms").as_double() == doctest::Approx(0.04));
    CHECK(json::serialize(room.at("drift_ms")) == R"({"reporting":2,"p50":2E0,"p95":5E1})");
    CHECK(page.at("rooms").at(1).at("link").as_string() == "/r/den");
    CHECK(json::serialize(page.at("rooms").at(1).at("drift_ms")) == R"({"reporting":0,"p50":null,"p95":null})");
}

TEST_CASE("[H14] a plugin has its name and version apart, and the code that runs under them") {
    EngineOverview engine;
    engine.plugins["chat@1.0.0-beta.1"] = {.hashes = {"0a1b2c3d", "ffffffff"},
                                           .rooms = 3,
                                           .suspended_rooms = 1,
                                           .suspensions_total = 2,
                                           .calls_total = 10,
                                           .errors_total = 4,
                                           .instructions_total = 5'000,
                                           .time_total = Microseconds{1'250},
                                           .memory_bytes = 100,
                                           .state_bytes = 50};
    engine.plugins["other"] = {};
    const json::value page = parsed(engine);
    CHECK(json::serialize(page.at("plugins").at(0)) ==
          R"({"name":"chat","version":"1.0.0-beta.1","hashes":["0a1b2c3d","ffffffff"],"rooms":3,"suspended_rooms":1,)"
          R"("suspensions_total":2,"calls_total":10,"errors_total":4,"instructions_total":5000,"ms_total":1.25E0,)"
          R"("memory_bytes":100,"state_bytes":50})");
    CHECK(page.at("plugins").at(1).at("name").as_string() == "other");
    CHECK(page.at("plugins").at(1).at("version").as_string().empty());
}
