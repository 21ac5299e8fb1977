#include "native/in_process.hpp"
#include "replication/state_hash.hpp"
#include "simulation/ward.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace client = playhead::client;
namespace simulation = playhead::simulation;
using client::test::Client;
using client::test::Engine;
using client::test::run;
using client::test::Way;
using playhead::sorted_map;
using playhead::Value;

namespace {

constexpr Way quiet{.delay_ms = 20, .lossy = true};

} // namespace

TEST_CASE("over a transport that loses nothing a client acknowledges each state, and is silent when nothing changes") {
    Engine engine;
    Client client{engine, "Ada", quiet};
    run(engine, {&client}, 2'000);
    REQUIRE(client.live());
    CHECK(client.view().carrier == client::Transport::enet);
    REQUIRE_FALSE(client.machine->acknowledged.empty());
    CHECK(client.machine->acknowledged.back().version == engine.state().version);
    CHECK(client.machine->acknowledged.back().epoch == engine.state().epoch);
    const std::size_t before = client.machine->acknowledged.size();
    run(engine, {&client}, 3'000);
    CHECK(client.machine->acknowledged.size() == before);
    client.room->play(client.keep());
    run(engine, {&client}, 1'000);
    CHECK(client.machine->acknowledged.size() > before);
    CHECK(client.machine->acknowledged.back().version == engine.state().version);
    CHECK(client.results.size() == 1);
    CHECK(client.view().hash_mismatches == 0);
}

TEST_CASE("a place is kept over a lost connection without a token in the hello") {
    Engine engine;
    Client client{engine, "Ada", quiet};
    run(engine, {&client}, 2'000);
    const auto me = client.view().me;
    client.machine->cut();
    run(engine, {&client}, 3'000);
    CHECK(client.live());
    CHECK(client.view().me == me);
    CHECK(client.view().hash_mismatches == 0);
}

TEST_CASE("clients on bad networks and a good one agree, whatever is lost, repeated and overtaken") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Engine engine{seed, {}, simulation::ward("1.0.0")};
        const Way bad{.delay_ms = 60,
                      .lossy = true,
                      .loss = 0.05 * static_cast<double>(seed % 6),
                      .duplicates = 0.1,
                      .jitter_ms = 60};
        Client ada{engine, "Ada", bad};
        Client bob{engine, "Bob", bad, engine.room.owner_token};
        Client eve{engine, "Eve"};
        const std::vector<Client*> everybody{&ada, &bob, &eve};
        run(engine, everybody, 4'000);
        for (Client* each : everybody) REQUIRE(each->live());
        for (int i = 0; i < 40; ++i) {
            Client& client = *everybody[static_cast<std::size_t>(engine.random.between(0, 2))];
            switch (engine.random.between(0, 4)) {
            case 0: client.room->play(client.keep()); break;
            case 1: client.room->pause(client.keep()); break;
            case 2: client.room->seek(static_cast<double>(engine.random.between(0, 500'000)), client.keep()); break;
            case 3:
                client.room->command("ward", "note",
                                     sorted_map({{"key", Value{std::string{"a"}}}, {"text", Value{std::to_string(i)}}}),
                                     client.keep());
                break;
            default:
                client.room->command("ward", "push", sorted_map({{"n", Value{std::int64_t{i}}}}), client.keep());
                break;
            }
            run(engine, everybody, static_cast<double>(engine.random.between(10, 400)));
        }
        run(engine, everybody, 5'000);
        std::size_t answered = 0;
        for (Client* each : everybody) {
            CHECK(each->live());
            CHECK(each->view().pending_commands == 0);
            CHECK(each->view().hash_mismatches == 0);
            CHECK(each->view().confirmed_motion == eve.view().confirmed_motion);
            CHECK(each->view().viewer_count == 3);
            CHECK(each->view().plugin("ward")->find("line")->items == eve.view().plugin("ward")->find("line")->items);
            CHECK(std::abs(each->room->position_ms() - eve.room->position_ms()) < 30);
            answered += each->results.size();
        }
        CHECK(answered == 40);
    }
}

TEST_CASE("a delta whose base is ahead of ours is waited out, and asked about only when nothing better comes") {
    // Every second datagram is lost: states come by repetition, hardly ever by being asked for.
    Engine engine{7};
    Client client{engine, "Ada", {.delay_ms = 30, .lossy = true, .loss = 0.5, .jitter_ms = 20}};
    Client other{engine, "Bob"};
    run(engine, {&client, &other}, 10'000);
    REQUIRE(client.live());
    for (int i = 0; i < 20; ++i) {
        other.room->seek(1'000.0 * (i + 1), other.keep());
        run(engine, {&client, &other}, 500);
    }
    run(engine, {&client, &other}, 3'000);
    CHECK(client.room->position_ms() == 20'000);
    CHECK(client.view().hash_mismatches == 0);
    CHECK(client.machine->dialled.size() <= 2);
}
