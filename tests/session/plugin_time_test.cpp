#include "session/plugin_time.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using Kind = PluginTime::Turn::Kind;
using Standing = PluginTime::Standing;
using std::chrono::seconds;

namespace {

struct Workshop {
    FakeClock clock;
    PluginTime time{clock};
    std::shared_ptr<const PluginSet> set = std::make_shared<const PluginSet>(std::vector<Plugin>{});

    // A turn whose one hook would like to run for `wanted`; asks every 10 us whether it may, and says how long it ran.
    // Where caches are warm an instruction takes 10 ns.
    Microseconds run(PluginCost& room, Microseconds wanted, Kind kind = Kind::tick, int instructions_per_us = 100) {
        const PluginTime::Turn turn{time, room, set, kind};
        time.begin();
        Microseconds ran{0};
        while (ran < wanted && !time.spent()) {
            clock.time += Microseconds{10};
            ran += Microseconds{10};
        }
        CHECK(time.end(ran.count() * instructions_per_us) == ran);
        return ran;
    }
    Standing standing(const PluginCost& room) const { return time.standing(room, set, clock.time); }
    bool cheap(const PluginCost& room) const { return standing(room) == Standing::cheap; }
    bool trusted(const PluginCost& room) const { return standing(room) <= Standing::slow; }
    PluginCost proven() {
        PluginCost room;
        for (std::uint32_t i = 0; i < PluginTime::turns_to_know; ++i) run(room, Microseconds{20});
        return room;
    }
};

} // namespace

TEST_CASE("a turn that takes too long is ended, and its room counts as dear for a while") {
    Workshop shop;
    PluginCost room = shop.proven();
    CHECK(shop.cheap(room));
    const Microseconds ran = shop.run(room, seconds{1});
    CHECK(ran > PluginTime::turn_max - Microseconds{20});
    CHECK(ran <= PluginTime::turn_max + Microseconds{20});
    CHECK(shop.standing(room) == Standing::ended);
    for (int i = 0; i < 40; ++i) shop.run(room, Microseconds{20});
    CHECK(shop.standing(room) == Standing::ended);
    shop.clock.time += PluginTime::remembered + seconds{1};
    CHECK(shop.cheap(room));
}

TEST_CASE("of a set's many rooms one was cut off: those of which little is known wait for some turns, not a minute") {
    Workshop shop;
    PluginCost proven = shop.proven();
    PluginCost fresh;
    PluginCost unlucky;
    shop.run(unlucky, seconds{1});
    CHECK(shop.standing(fresh) == Standing::ended);
    CHECK(shop.cheap(proven));
    for (std::uint32_t i = 0; i < PluginTime::remembered_turns; ++i) {
        PluginCost one;
        shop.run(one, Microseconds{20});
    }
    CHECK(shop.cheap(fresh));
    CHECK(shop.standing(unlucky) == Standing::ended);
    // Where it happens again and again it is no accident.
    for (std::uint32_t i = 0; i < PluginTime::remembered_turns; ++i) {
        PluginCost one;
        shop.time.begin_tick();
        shop.run(one, i % 20 == 0 ? seconds{1} : Microseconds{20});
    }
    CHECK(shop.standing(fresh) == Standing::ended);
}

TEST_CASE("a room of which nothing is known is as good as its plugins are in other rooms") {
    Workshop shop;
    PluginCost fresh;
    CHECK(shop.standing(fresh) == Standing::dear);
    PluginCost known = shop.proven();
    CHECK(shop.cheap(fresh));
    // One dear turn is no habit.
    shop.run(known, Microseconds{50});
    CHECK(shop.cheap(known));
    for (int i = 0; i < 5; ++i) shop.run(known, Microseconds{500});
    CHECK(shop.standing(known) == Standing::dear);
    CHECK(shop.standing(fresh) == Standing::dear);
    for (int i = 0; i < 40; ++i) shop.run(known, Microseconds{20});
    CHECK(shop.cheap(fresh));
}

TEST_CASE("a room that takes long for what little it does is slow, and trusted like a cheap one") {
    Workshop shop;
    constexpr int cold = 10; // instructions in a microsecond
    PluginCost room;
    for (std::uint32_t i = 0; i < PluginTime::turns_to_know; ++i) shop.run(room, Microseconds{300}, Kind::tick, cold);
    CHECK(shop.standing(room) == Standing::slow);
    CHECK(shop.standing(PluginCost{}) == Standing::slow);
    shop.run(room, Microseconds{900}, Kind::tick, cold);
    CHECK(shop.standing(room) == Standing::slow);
    // It does more.
    for (int i = 0; i < 20; ++i) shop.run(room, Microseconds{300});
    CHECK(shop.standing(room) == Standing::dear);
    for (int i = 0; i < 20; ++i) shop.run(room, Microseconds{300}, Kind::tick, cold);
    CHECK(shop.standing(room) == Standing::slow);
}

TEST_CASE("who is cut off and has done next to nothing was held up by the machine, and is not blamed for it") {
    Workshop shop;
    constexpr int stalled = 1; // instruction in a microsecond
    PluginCost room = shop.proven();
    CHECK(shop.run(room, seconds{1}, Kind::setup, stalled) >= PluginTime::setup_max);
    CHECK(shop.cheap(room));
    CHECK(shop.run(room, seconds{1}, Kind::tick, stalled) >= PluginTime::turn_max);
    CHECK(shop.standing(room) == Standing::slow);
    for (int i = 0; i < 40; ++i) shop.run(room, Microseconds{20});
    CHECK(shop.cheap(room));
    // Nothing of it excuses who does it all the time.
    for (int i = 0; i < 20; ++i) shop.run(room, seconds{1}, Kind::tick, stalled);
    CHECK(shop.standing(room) == Standing::dear);
}

TEST_CASE("rooms share what a tick has for their standing, and touch nobody else's share") {
    Workshop shop;
    PluginCost cheap = shop.proven();
    PluginCost dear;
    for (int i = 0; i < 20; ++i) shop.run(dear, Microseconds{900});
    PluginCost ended;
    shop.run(ended, seconds{1});
    shop.time.begin_tick();
    for (int i = 0; i < 2000; ++i) shop.run(cheap, Microseconds{20});
    for (const Standing standing : {Standing::cheap, Standing::slow, Standing::dear, Standing::ended, Standing::loads})
        CHECK_FALSE(shop.time.used_up(standing));
    int turns = 0;
    for (; !shop.time.used_up(Standing::ended); ++turns) shop.run(ended, Microseconds{900});
    CHECK(turns == 3);
    CHECK_FALSE(shop.time.used_up(Standing::dear));
    for (turns = 0; !shop.time.used_up(Standing::dear); ++turns) shop.run(dear, Microseconds{900});
    CHECK(turns == 4);
    CHECK_FALSE(shop.time.used_up(Standing::slow));
    shop.time.begin_tick();
    CHECK_FALSE(shop.time.used_up(Standing::dear));
    CHECK_FALSE(shop.time.used_up(Standing::ended));
}

TEST_CASE("when cheap rooms turn dear all at once, the last of them are held short") {
    Workshop shop;
    std::vector<PluginCost> rooms(100, shop.proven());
    shop.time.begin_tick();
    Microseconds all{0};
    // Somebody honest is among the last, and does what it always does.
    PluginCost honest = shop.proven();
    for (PluginCost& room : rooms) all += shop.run(room, seconds{1});
    CHECK(shop.run(honest, Microseconds{30}) == Microseconds{30});
    CHECK(all < 100 * 5 * Microseconds{20});
    for (const PluginCost& room : rooms) CHECK_FALSE(shop.trusted(room));
    // What they are shows in their next turn: who had only more to do than usual is as good as before.
    shop.time.begin_tick();
    CHECK(shop.run(rooms[98], Microseconds{200}) == Microseconds{200});
    CHECK(shop.trusted(rooms[98]));
    CHECK(shop.run(rooms[99], seconds{1}) >= PluginTime::turn_max);
    CHECK_FALSE(shop.trusted(rooms[99]));
    shop.run(rooms[99], Microseconds{20});
    CHECK_FALSE(shop.trusted(rooms[99]));
    CHECK(shop.cheap(honest));
}

TEST_CASE("loading has more time, each plugin its own, and is not held against a room unless it was ended") {
    Workshop shop;
    PluginCost room = shop.proven();
    CHECK(shop.run(room, Microseconds{3000}, Kind::setup) == Microseconds{3000});
    CHECK(shop.cheap(room));
    {
        const PluginTime::Turn turn{shop.time, room, shop.set, Kind::setup};
        for (int plugin = 0; plugin < 10; ++plugin) {
            shop.time.begin();
            shop.clock.time += Microseconds{3000};
            CHECK_FALSE(shop.time.spent());
            shop.time.end(0);
        }
    }
    CHECK(shop.cheap(room));
    CHECK(shop.run(room, seconds{1}, Kind::setup) <= PluginTime::setup_max + Microseconds{20});
    CHECK_FALSE(shop.cheap(room));
}

TEST_CASE("rooms that load their plugins share a part of the tick of their own") {
    Workshop shop;
    PluginCost room;
    CHECK_FALSE(shop.time.used_up(Standing::loads));
    for (int i = 0; i < 3; ++i) shop.run(room, Microseconds{3000}, Kind::setup);
    CHECK_FALSE(shop.time.used_up(Standing::loads));
    {
        const PluginTime::Turn turn{shop.time, room, shop.set, Kind::setup};
        shop.clock.time += Microseconds{900}; // around the code: it counts like the code
        shop.time.begin();
        shop.clock.time += Microseconds{200};
        shop.time.end(0);
    }
    CHECK(shop.time.used_up(Standing::loads));
    CHECK_FALSE(shop.time.used_up(Standing::dear));
    shop.time.begin_tick();
    CHECK_FALSE(shop.time.used_up(Standing::loads));
}

TEST_CASE("time is what the thread had, not what passed while the machine did something else") {
    struct BusyMachine final : Clock {
        ServerTime now() const override { return time; }
        std::int64_t unix_us() const override { return 0; }
        Microseconds thread_time() const override { return thread; }
        ServerTime time{};
        Microseconds thread{0};
    } clock;
    PluginTime time{clock};
    PluginCost room;
    const auto set = std::make_shared<const PluginSet>(std::vector<Plugin>{});
    const PluginTime::Turn turn{time, room, set, Kind::tick};
    time.begin();
    clock.time += seconds{1};
    clock.thread += Microseconds{100};
    CHECK_FALSE(time.spent());
    clock.thread += PluginTime::turn_max;
    CHECK(time.spent());
    CHECK(time.end(0) == PluginTime::turn_max + Microseconds{100});
}
