#include "host_stage.hpp"
#include "plugin/chance.hpp"
#include "plugin/health.hpp"
#include "plugin/limiter.hpp"
#include "plugin/timers.hpp"

#include <doctest/doctest.h>

#include <set>

// Timers, periodic hooks, chance, wall time and limits, in virtual time.
namespace playhead::test {
namespace {

const std::string ring = "shared = { log = { kind = \"ring\", size = 50, of = \"text\" } }";

std::vector<std::string> log_of(const HostStage& stage, const std::string& plugin = "one") {
    std::vector<std::string> log;
    for (const auto& [key, entry] : stage.room.state().shared.find({plugin, "log"})->entries())
        log.push_back(*entry.value().get_if<std::string>());
    return log;
}

using Lines = std::vector<std::string>;

} // namespace

TEST_CASE("a timer fires once, on the first tick at or after its time, with its data") {
    HostStage stage{{{"one", ring + ", commands = { set = { args = { s = \"number\" } }, stop = {}, due = {} }",
                      R"(P:on_timer("t", function(room, data) P.shared.log:push(room.tick .. data.x) end)
                         P:command("set", function(room, call) P:after(call.args.s, "t", { x = "!" }) end)
                         P:command("stop", function() P:cancel("t") end)
                         P:command("due", function() return P:due_in("t") end))"}}};
    const ViewerId ann = stage.join();
    const auto set = [&](double seconds) { stage.command(ann, "one", "set", map_of({{"s", Value{seconds}}})); };
    set(0.11); // three ticks
    const std::uint32_t set_at = stage.tick.number;
    CHECK(stage.room.next_due(stage.tick) == Tick{set_at + 3});
    stage.run(10);
    CHECK(log_of(stage) == Lines{std::to_string(set_at + 3) + "!"});
    CHECK(!stage.room.next_due(stage.tick));

    set(10);
    CHECK(stage.command(ann, "one", "due").data == Value{9.95});
    set(0.5); // one per name: the later one counts
    stage.command(ann, "one", "stop");
    CHECK(stage.command(ann, "one", "due").data.is_nil());
    stage.seconds(11);
    CHECK(log_of(stage).size() == 1);

    set(0); // in the timer phase of the same tick
    CHECK(log_of(stage).back() == std::to_string(stage.tick.number) + "!");
    set(1);
    stage.step(std::nullopt, 200); // a tick that stands for two hundred
    CHECK(log_of(stage).back() == std::to_string(stage.tick.number) + "!");
    CHECK(log_of(stage).size() == 3);
}

TEST_CASE("a timer that sets itself for now fires once a tick, and due timers go by time, then by name") {
    HostStage stage{{{"one", ring, R"(
        P:on("started", function() P:after(0.1, "b") P:after(0.1, "a") P:after(0.05, "z") end)
        for _, name in ipairs({ "a", "b", "z" }) do P:on_timer(name, function() P.shared.log:push(name) end) end)"},
                     {"two", ring, R"(P:on("started", function() P:after(1, "again") end)
                        P:on_timer("again", function(room) P.shared.log:push("x") P:after(0, "again") end))"}}};
    stage.join();
    stage.step(std::nullopt, 5);
    CHECK(log_of(stage) == Lines{"z", "a", "b"});
    stage.step(std::nullopt, 20);
    CHECK(log_of(stage, "two").size() == 1);
    stage.run(3);
    CHECK(log_of(stage, "two").size() == 4);
    CHECK(stage.failures.empty());
}

TEST_CASE("a due timer that another one sets anew waits for its new time") {
    HostStage stage{{{"one", ring, R"(P:on("started", function() P:after(0.1, "a") P:after(0.1, "b") end)
        P:on_timer("a", function() P.shared.log:push("a") P:after(1, "b") end)
        P:on_timer("b", function() P.shared.log:push("b") end))"}}};
    stage.join();
    stage.run(5);
    CHECK(log_of(stage) == Lines{"a"});
    stage.seconds(1);
    CHECK(log_of(stage) == Lines{"a", "b"});
}

TEST_CASE("what cannot be a timer is an error") {
    for (const auto& [body, message] :
         std::vector<std::pair<std::string, std::string>>{{"P:after(-1, 't')", "seconds"},
                                                          {"P:after(0/0, 't')", "seconds"},
                                                          {"P:after(1, 'u')", "no P:on_timer(\"u\")"},
                                                          {"P:after(1, '')", "1 to 64 bytes"},
                                                          {"P:after(1, 't', print)", "data"},
                                                          {"P:after('x', 't')", "number expected"}}) {
        CAPTURE(body);
        HostStage stage{
            {{"one", ring, "P:on_timer(\"t\", function() end) P:on(\"started\", function(room) " + body + " end)"}}};
        stage.join();
        CAPTURE(stage.all_failures());
        if (body.contains("print")) continue; // there is no print, so that is nil
        CHECK(stage.failed_with(message));
        CHECK(stage.room.plugin_state().timers.all().empty());
    }
}

TEST_CASE("a periodic hook keeps its beat and is told how many beats it missed") {
    HostStage stage{
        {{"one", ring, "P:every(0.2, function(room, missed) P.shared.log:push(room.tick .. \":\" .. missed) end)"}}};
    stage.join();
    const std::uint32_t start = stage.tick.number;
    CHECK(stage.room.next_due(stage.tick) == Tick{start + 4});
    stage.run(9);
    stage.step(std::nullopt, 10); // late: beats 12 and 16 are gone, 20 is to come
    stage.run(1);
    const auto at = [&](std::uint32_t ticks, int missed) {
        return std::to_string(start + ticks) + ":" + std::to_string(missed);
    };
    CHECK(log_of(stage) == Lines{at(4, 0), at(8, 0), at(19, 1), at(20, 0)});
}

TEST_CASE("a tick in which no hook is due does not enter Lua") {
    PluginFigures figures;
    HostStage stage{{{"one", ring, "P:every(10, function() end) P:on(\"join\", function() end)"}},
                    7,
                    PluginContext{&figures, nullptr, "r"}};
    stage.join();
    const auto calls = [&] {
        std::uint64_t sum = 0;
        for (const auto& [key, hook] : figures.plugins.at("one@1.0.0").hooks) sum += hook.calls;
        return sum;
    };
    const std::uint64_t before = calls();
    stage.run(150);
    CHECK(calls() == before);
    stage.run(60);
    CHECK(calls() == before + 1);
}

TEST_CASE("wall time is what the room was told, carried on by its ticks") {
    HostStage stage{
        {{"one", "grants = { \"wall_time\" }, commands = { now = {} }",
          "P:command(\"now\", function(room) return { room:wall_s() or \"unknown\", room.time_s, room.tick_s } end)"}}};
    const ViewerId ann = stage.join();
    CHECK(stage.command(ann, "one", "now").data.get_if<Value::List>()->front() == Value{"unknown"});
    stage.step(WallTime{1'700'000'000'000'000});
    stage.run(9);
    const Outcome outcome = stage.command(ann, "one", "now");
    CHECK(outcome.data == canonical(Value{Value::List{Value{1'700'000'000.5}, Value{0.6}, Value{0.05}}}));
}

TEST_CASE("chance comes from the seed alone and is evenly spread") {
    const PluginText plugin{
        "one", "commands = { roll = {} }",
        "P:command(\"roll\", function(room) return { room:random(6), room:random(-3, 3), room:random() } end)"};
    HostStage stage{{plugin}, 1};
    HostStage same{{plugin}, 1};
    HostStage other{{plugin}, 2};
    std::set<std::int64_t> rolled;
    bool differs = false;
    const ViewerId ann = stage.join();
    same.join();
    other.join();
    for (int i = 0; i < 60; ++i) {
        const Value roll = stage.command(ann, "one", "roll").data;
        CHECK(same.command(ann, "one", "roll").data == roll);
        differs = differs || !(other.command(ann, "one", "roll").data == roll);
        rolled.insert(*(*roll.get_if<Value::List>())[0].get_if<std::int64_t>());
    }
    CHECK(rolled == std::set<std::int64_t>{1, 2, 3, 4, 5, 6});
    CHECK(differs);

    Chance chance{5};
    std::array<int, 3> counts{};
    for (int i = 0; i < 30'000; ++i) ++counts[static_cast<std::size_t>(chance.between(10, 12) - 10)];
    for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
    for (int i = 0; i < 1000; ++i) {
        const double fraction = chance.fraction();
        CHECK((fraction >= 0 && fraction < 1));
    }
}

TEST_CASE("a limiter gives its burst at once and then its rate, for each key alone") {
    Limiter limiter{2, 3, TickLength{}}; // a token every ten ticks
    const Tick start{100};
    for (int i = 0; i < 3; ++i) CHECK(!limiter.take(std::int64_t{1}, start));
    CHECK(limiter.take(std::int64_t{1}, start) == 10U);
    CHECK(!limiter.take(std::int64_t{2}, start));
    CHECK(limiter.take(std::int64_t{1}, start + 9) == 1U);
    CHECK(!limiter.take(std::int64_t{1}, start + 10));
    CHECK(limiter.take(std::int64_t{1}, start + 10, 3) == 30U);
    CHECK(!limiter.take(std::int64_t{1}, start + 1'000'000, 3)); // full again, and no more than full
    CHECK(limiter.take(std::int64_t{1}, start + 1'000'000) == 10U);
}

TEST_CASE("a limiter forgets keys that have filled up, and lets new ones wait when none has") {
    Limiter limiter{1, 1, TickLength{}};
    for (std::int64_t key = 0; key < 100'000; ++key) limiter.take(key, Tick{static_cast<std::uint32_t>(key)});
    CHECK(limiter.size() < 200);
    for (std::int64_t key = 0; key < 20'000; ++key) limiter.take(key, Tick{200'000});
    CHECK(limiter.size() == Limiter::keys_max);
    CHECK(limiter.take(std::int64_t{30'000}, Tick{200'000}) == 20U);
}

TEST_CASE("a limiter in a plugin says in how many milliseconds there is more") {
    HostStage stage{{{"one", "commands = { take = { args = { key = \"any\" } } }",
                      "local l = P:limiter{ rate = 1, burst = 1 } P:command(\"take\", function(room, call) return { "
                      "l:take(call.args.key) } end)"}}};
    const ViewerId ann = stage.join();
    const auto take = [&](Value key) {
        return stage.command(ann, "one", "take", map_of({{"key", std::move(key)}})).data;
    };
    CHECK(take(Value{"a"}) == Value{Value::List{Value{true}}});
    CHECK(take(Value{"a"}) == Value{Value::List{Value{false}, Value{std::int64_t{950}}}});
    CHECK(take(Value{std::int64_t{1}}) == Value{Value::List{Value{true}}});
}

TEST_CASE("five failures within a minute suspend, each time for twice as long, up to an hour") {
    const TickLength length;
    Health health;
    Tick tick{1000};
    for (int i = 0; i < 4; ++i) CHECK(!health.failed(tick + static_cast<std::uint32_t>(i * 200), length, false));
    CHECK(!health.failed(tick + 1300, length, false)); // the first is more than a minute old by now
    CHECK(health.failed(tick + 1301, length, false));
    std::vector<std::uint32_t> seconds;
    for (int i = 0; i < 9; ++i) {
        const Tick until = health.suspend(tick, length);
        seconds.push_back((until.number - tick.number) / 20);
        tick = until;
        health.resumed(tick);
    }
    CHECK(seconds == std::vector<std::uint32_t>{30, 60, 120, 240, 480, 960, 1920, 3600, 3600});
    tick = tick + 20 * 1801; // half an hour without another
    CHECK(health.suspend(tick, length).number - tick.number == 30 * 20);
    Health once;
    CHECK(once.failed(tick, length, true));
}

} // namespace playhead::test
