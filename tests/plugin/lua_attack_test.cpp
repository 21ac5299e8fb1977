#include "plugin/lua_chunk.hpp"
#include "plugin/lua_sandbox.hpp"
#include "sanitizers.hpp"

#include <doctest/doctest.h>
#include <lua.hpp>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// Runs every script of tests/plugin/attacks (their first lines say how to read them) as a plugin would run: six ticks,
// one call each, garbage collected after it. Whatever it does, the state keeps its caps and stays good for others.
using namespace playhead;
using Kind = lua::Failure::Kind;

namespace {

// Lua leaves C functions by longjmp; what the thread sanitizer keeps of each call is never taken back then, and
// overflows, or fills all memory.
constexpr int ticks = 6;
constexpr int repeats = 3;
constexpr Microseconds remarkable{500};

Microseconds thread_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::duration_cast<Microseconds>(std::chrono::seconds{now.tv_sec} +
                                                    std::chrono::nanoseconds{now.tv_nsec});
}

// A real clock, which no other test below tests/e2e has: what is measured is printed, and only held to a bound that a
// slow machine and a sanitizer keep.
class ThreadTimeAllowance : public TimeAllowance {
  public:
    explicit ThreadTimeAllowance(Microseconds most) : most_(most) {}
    void begin() override { begun_ = thread_time(); }
    Microseconds end(std::int64_t) override { return thread_time() - begun_; }
    bool spent() override { return enforced_ && thread_time() - begun_ >= most_; }
    // Only the attack is held to it: whether the state is good for others is not a matter of how fast the machine is.
    void enforce(bool enforced) { enforced_ = enforced; }

  private:
    Microseconds most_;
    bool enforced_ = false;
    Microseconds begun_{};
};

// Ends nothing; measures the longest time in which it could not have.
class GapMeter : public TimeAllowance {
  public:
    void begin() override { begun_ = seen_ = thread_time(); }
    Microseconds end(std::int64_t) override {
        look();
        return seen_ - begun_;
    }
    bool spent() override {
        look();
        return false;
    }
    Microseconds longest() const { return longest_; }

  private:
    void look() {
        const Microseconds now = thread_time();
        longest_ = std::max(longest_, now - seen_);
        seen_ = now;
    }

    Microseconds begun_{};
    Microseconds seen_{};
    Microseconds longest_{};
};

struct Attack {
    std::string name;
    std::string ends;
    std::string source;
};

std::vector<Attack> read_attacks() {
    std::vector<Attack> attacks;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{"tests/plugin/attacks"}) files.insert(entry.path());
    for (const auto& file : files) {
        std::ifstream in{file};
        std::size_t line_number = 0;
        bool heading = true;
        for (std::string line; std::getline(in, line);) {
            ++line_number;
            if (line.starts_with("--- ")) {
                heading = false;
                const std::size_t colon = line.rfind(": ");
                REQUIRE(colon != std::string::npos);
                // As many lines before it as in the file, so that messages name the right ones.
                attacks.push_back({file.filename().string() + ": " + line.substr(4, colon - 4), line.substr(colon + 2),
                                   std::string(line_number, '\n')});
            } else if (!heading) {
                attacks.back().source += line + '\n';
            }
        }
    }
    return attacks;
}

bool is_limit(Kind kind) { return kind != Kind::error; }

bool ends_as_said(const std::string& said, Kind kind) {
    if (kind == Kind::time) return true; // only where there is a clock
    if (said == "instructions") return kind == Kind::instructions;
    if (said == "memory") return kind == Kind::memory;
    if (said == "error") return kind == Kind::error;
    if (said == "limit") return is_limit(kind);
    return said == "any";
}

// What another plugin would notice.
constexpr const char* usable_afterwards = R"(
    assert(string.format('%s %d', 'x', 5) == 'x 5' and ('abc'):upper() == 'ABC' and tostring(1) == '1')
    assert(#table.concat({1, 2}, ',') == 3 and math.floor(2.5) == 2 and utf8.len('é') == 1)
    local n = 0 for k, v in pairs({a = 1, b = 2, 3}) do n = n + v end assert(n == 6)
    local co = coroutine.wrap(function() coroutine.yield(7) end) assert(co() == 7)
    assert(escaped == nil and evil == nil and rawget(_G, 'tostring') == nil)
    return 1)";

struct Ran {
    Microseconds longest_call{};
    Microseconds longest_rest{}; // collecting, closing
    std::size_t memory_bytes = 0;
    std::size_t blocks = 0;
};

Ran run(const Attack& attack, TimeAllowance* time) {
    CAPTURE(attack.name);
    Ran ran;
    Kind last = Kind::error;
    bool failed = false;
    {
        lua::Sandbox sandbox{lua::plugin_limits, time};
        int environment = 0;
        int function = 0;
        const auto chunk = lua::compile(attack.source, attack.name, lua::plugin_limits);
        REQUIRE_MESSAGE(chunk.has_value(), chunk.error().message);
        REQUIRE(sandbox
                    .call([&](lua_State* state) {
                        lua::push_environment(state);
                        lua_pushvalue(state, -1);
                        environment = luaL_ref(state, LUA_REGISTRYINDEX);
                        lua::push_chunk(state, *chunk, -1);
                        function = luaL_ref(state, LUA_REGISTRYINDEX);
                    })
                    .ok());
        auto* const clock = dynamic_cast<ThreadTimeAllowance*>(time);
        if (clock != nullptr) clock->enforce(true);
        for (int tick = 0; tick < ticks; ++tick) {
            sandbox.begin_tick();
            const Microseconds begun = thread_time();
            const lua::Called called = sandbox.call([&](lua_State* state) {
                lua_rawgeti(state, LUA_REGISTRYINDEX, function);
                lua_call(state, 0, 0);
            });
            const Microseconds ended = thread_time();
            sandbox.collect_garbage();
            ran.longest_call = std::max(ran.longest_call, ended - begun);
            ran.longest_rest = std::max(ran.longest_rest, thread_time() - ended);
            ran.memory_bytes = std::max(ran.memory_bytes, sandbox.memory_bytes());
            ran.blocks = std::max(ran.blocks, sandbox.blocks());
            if (called.failure) {
                CAPTURE(called.failure->message);
                failed = true;
                last = called.failure->kind;
                CHECK(ends_as_said(attack.ends, last));
                CHECK(called.failure->message.size() < 3000);
            }
        }
        if (clock != nullptr) clock->enforce(false);
        CHECK(ran.memory_bytes <= lua::plugin_limits.memory_bytes_max);
        CHECK(ran.blocks <= lua::plugin_limits.blocks_max);
        // A full state has no room left for somebody else's work: that is what the cap is for. Its owner lets go first.
        bool escaped = false;
        sandbox.begin_tick();
        const lua::Called emptied = sandbox.call([&](lua_State* state) {
            lua_rawgeti(state, LUA_REGISTRYINDEX, environment);
            lua_pushliteral(state, "escaped");
            escaped = lua_rawget(state, -2) != LUA_TNIL;
            luaL_unref(state, LUA_REGISTRYINDEX, environment);
            luaL_unref(state, LUA_REGISTRYINDEX, function);
        });
        CHECK(emptied.ok());
        CHECK_FALSE(escaped);
        for (int step = 0; step < 200 && sandbox.memory_bytes() > 100'000; ++step)
            sandbox.call([](lua_State* state) { lua_gc(state, LUA_GCSTEP, 64); });
        CHECK(sandbox.memory_bytes() < 100'000);
        sandbox.begin_tick();
        const lua::Called after = sandbox.call([&](lua_State* state) {
            lua::push_environment(state);
            lua::push_source(state, usable_afterwards, "@after", -1);
            lua_call(state, 0, 0);
        });
        CHECK_MESSAGE(after.ok(), after.failure.value_or(lua::Failure{}).message);
    }
    if (attack.ends == "fine") {
        if (dynamic_cast<ThreadTimeAllowance*>(time) == nullptr) CHECK_FALSE(failed);
    } else if (attack.ends != "any") {
        CHECK(failed);
    }
    return ran;
}

} // namespace

TEST_CASE("every attack ends by what it used up, and the state stays good for others" *
          doctest::skip(test::thread_sanitizer)) {
    const auto attacks = read_attacks();
    CHECK(attacks.size() >= 120);
    for (const Attack& attack : attacks) run(attack, nullptr);
}

TEST_CASE("no attack stays long without the time being asked for, however much it has filled its state" *
          doctest::skip(test::thread_sanitizer)) {
    Microseconds worst_gap{};
    Microseconds worst_call{};
    std::string worst_name;
    std::string longest_name;
    for (const Attack& attack : read_attacks()) {
        // The least of a few counts: whatever else runs on the machine only adds.
        Microseconds gap = Microseconds::max();
        Microseconds call = Microseconds::max();
        for (int i = 0; i < repeats && gap > remarkable; ++i) {
            GapMeter meter;
            const Ran ran = run(attack, &meter);
            gap = std::min(gap, meter.longest());
            call = std::min(call, ran.longest_call);
        }
        if (gap > remarkable) MESSAGE(attack.name << ": " << gap.count() << " us unasked");
        if (gap > worst_gap) worst_name = attack.name;
        if (call > worst_call) longest_name = attack.name;
        worst_gap = std::max(worst_gap, gap);
        worst_call = std::max(worst_call, call);
    }
    MESSAGE("longest unasked " << worst_gap.count() << " us (" << worst_name
                               << "); longest call, ended by instructions " << worst_call.count() << " us ("
                               << longest_name << ")");
    CHECK(worst_gap < Microseconds{50'000});
}

TEST_CASE("with an allowance of 1 ms no attack takes much more of its thread's time" *
          doctest::skip(test::thread_sanitizer)) {
    Microseconds worst_call{};
    Microseconds worst_rest{};
    std::string worst_name;
    for (const Attack& attack : read_attacks()) {
        Microseconds call = Microseconds::max();
        Microseconds rest = Microseconds::max();
        for (int i = 0; i < repeats && call > Microseconds{1000} + remarkable; ++i) {
            ThreadTimeAllowance time{Microseconds{1000}};
            const Ran ran = run(attack, &time);
            call = std::min(call, ran.longest_call);
            rest = std::min(rest, ran.longest_rest);
        }
        if (call > Microseconds{1000} + remarkable) MESSAGE(attack.name << ": " << call.count() << " us");
        if (call > worst_call) worst_name = attack.name;
        worst_call = std::max(worst_call, call);
        worst_rest = std::max(worst_rest, rest);
    }
    MESSAGE("longest call " << worst_call.count() << " us (" << worst_name << "), longest collection "
                            << worst_rest.count() << " us");
    CHECK(worst_call < Microseconds{50'000});
    CHECK(worst_rest < Microseconds{50'000});
}
