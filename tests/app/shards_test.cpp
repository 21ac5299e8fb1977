#include "app/shards.hpp"

#include <doctest/doctest.h>

#include <future>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <thread>

using namespace playhead;

namespace {

struct Engine {
    explicit Engine(std::size_t count, SessionSettings settings = {})
        : shards(count, settings, TickLength{}, run, clock, random) {}

    SteadyClock clock;
    SystemRandom random;
    EngineRun run{77, {}};
    Shards shards;
};

RoomRequest room_named(const std::string& id) {
    RoomRequest request;
    request.id = *RoomId::parse(id);
    request.listed = true;
    return request;
}

template <class Answer, class Question>
std::vector<Answer> ask_all(Shards& shards, Question question) {
    std::promise<std::vector<Answer>> all;
    shards.gather<Answer>(
        [question](ShardThread& thread, http::Reply<Answer> done) {
            thread.post([question, done = std::move(done)](Shard& shard) mutable { done(question(shard)); });
        },
        [&all](std::vector<Answer> answers) { all.set_value(std::move(answers)); });
    return all.get_future().get();
}

} // namespace

TEST_CASE("a room's shard follows from its name, and rooms spread over all shards") {
    Engine engine{4};
    std::map<const ShardThread*, int> rooms;
    for (int number = 0; number < 2000; ++number) {
        const RoomId id = random_room_id(engine.random);
        ++rooms[&engine.shards.of(id)];
        CHECK(&engine.shards.of(id) == &engine.shards.of(*RoomId::parse(id.text())));
    }
    CHECK(rooms.size() == 4);
    for (const auto& [thread, count] : rooms) CHECK(std::abs(count - 500) < 120);
    // Names that people think of, too.
    std::set<const ShardThread*> seen;
    for (int number = 0; number < 32; ++number)
        seen.insert(&engine.shards.of(*RoomId::parse("room" + std::to_string(number))));
    CHECK(seen.size() == 4);
}

TEST_CASE("what all shards say comes back once, in their order, each from its own thread") {
    Engine engine{3};
    std::vector<int> expected;
    engine.shards.each([&](ShardThread& thread) {
        const int rooms = 1 + static_cast<int>(expected.size());
        for (int number = 0; number < rooms; ++number)
            CHECK(thread.shard().create(room_named("r" + std::to_string(expected.size()) + std::to_string(number))));
        expected.push_back(rooms);
    });
    engine.shards.start();
    CHECK(ask_all<int>(engine.shards, [](Shard& shard) { return static_cast<int>(shard.listed_rooms().size()); }) ==
          expected);
    const auto threads = ask_all<std::thread::id>(engine.shards, [](Shard&) { return std::this_thread::get_id(); });
    CHECK(std::set(threads.begin(), threads.end()).size() == 3);

    std::promise<std::vector<ShardFigures>> figures;
    engine.shards.gather<ShardFigures>(
        [](ShardThread& thread, http::Reply<ShardFigures> done) { thread.figures(std::move(done)); },
        [&](std::vector<ShardFigures> all) { figures.set_value(std::move(all)); });
    ShardFigures sum;
    for (const ShardFigures& one : figures.get_future().get()) sum += one;
    CHECK(sum.metrics.rooms == 6);

    std::promise<void> drained;
    engine.shards.drain([&] { drained.set_value(); });
    drained.get_future().get();
}

TEST_CASE("the limit of rooms is shared out, rounded up") {
    SessionSettings settings;
    settings.rooms_max = 3;
    Engine engine{2, settings};
    engine.shards.each([](ShardThread& thread) {
        CHECK(thread.shard().create(RoomRequest{}));
        CHECK(thread.shard().create(RoomRequest{}));
        CHECK_FALSE(thread.shard().create(RoomRequest{}));
    });
}

TEST_CASE("each shard has a port of its own for native clients") {
    Engine engine{3};
    enet::Settings settings;
    settings.host = "127.0.0.1";
    settings.port = 0;
    engine.shards.listen(settings);
    std::set<std::uint16_t> ports;
    engine.shards.each([&](ShardThread& thread) { ports.insert(thread.enet()->port); });
    CHECK(ports.size() == 3);

    settings.port = 65'534;
    Engine high{3};
    CHECK_THROWS_AS(high.shards.listen(settings), std::runtime_error);
}
