#include "native/in_process.hpp"
#include "native/simulated_player.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

using namespace playhead;
using client::Phase;
using client::UserIntent;
using client::test::Client;
using client::test::Engine;
using client::test::run;
using client::test::SimulatedPlayer;

namespace {

// A player whose person can be told what to do.
class PersonsPlayer final : public client::Player {
  public:
    explicit PersonsPlayer(SimulatedPlayer& player) : player_(player) {}
    std::vector<UserIntent> intents;

    client::PlayerCapabilities capabilities() const override { return player_.capabilities(); }
    client::PlayerReport report() override { return player_.report(); }
    void play() override { player_.play(); }
    void pause() override { player_.pause(); }
    void seek(double position_ms) override { player_.seek(position_ms); }
    void set_rate(double rate, bool preserves_pitch) override { player_.set_rate(rate, preserves_pitch); }
    bool take_change() override { return player_.take_change(); }
    std::vector<UserIntent> take_intents() override { return std::exchange(intents, {}); }

  private:
    SimulatedPlayer& player_;
};

// The player lives on its client's clock.
void run_with(Engine& engine, Client& client, SimulatedPlayer& player, double for_ms) {
    for (int done_ms = 0; done_ms < for_ms; ++done_ms) {
        player.advance(client.machine->now_ms());
        run(engine, {&client}, 1);
    }
    player.advance(client.machine->now_ms());
}

SimulatedPlayer player_of(const Client& client) {
    SimulatedPlayer player{client::test::mpv, client::test::mpv_says()};
    player.advance(client.machine->now_ms());
    return player;
}

} // namespace

TEST_CASE("an attached player follows the room and its figures are shown to everybody") {
    Engine engine;
    Client client{engine};
    SimulatedPlayer player = player_of(client);
    CHECK_FALSE(client.view().sync);
    client.room->attach_player(player);
    CHECK(client.view().sync);
    run_with(engine, client, player, 3'000);
    client.room->seek(60'000);
    client.room->play();
    run_with(engine, client, player, 4'000);
    REQUIRE(client.view().sync);
    CHECK(client.view().sync->phase == Phase::following);
    CHECK(std::abs(player.true_position_ms() - client.room->position_ms()) < 5);
    const client::ViewerView* me = client.view().viewer(client.view().me);
    REQUIRE(me->drift_ms);
    CHECK(std::abs(*me->drift_ms) < 5);
    CHECK_FALSE(me->away);
    CHECK(*me->delay_ms == doctest::Approx(20).epsilon(0.2));
    CHECK(client.view().media.duration_ms == 3'600'000); // learnt from the player

    client.room->detach_player();
    CHECK_FALSE(client.view().sync);
    run_with(engine, client, player, 3'000);
    CHECK(client.view().viewer(client.view().me)->away);
}

TEST_CASE("what a person does to the player is meant for the room") {
    Engine engine;
    Client client{engine};
    SimulatedPlayer player = player_of(client);
    PersonsPlayer persons{player};
    client.room->attach_player(persons);
    run_with(engine, client, player, 3'000);
    persons.intents = {{.kind = UserIntent::Kind::seek, .position_ms = 42'000}, {.kind = UserIntent::Kind::play}};
    run_with(engine, client, player, 2'000);
    CHECK(client.view().confirmed_motion.playing);
    CHECK(client.room->position_ms() > 42'000);
    const double seen_ms = client.room->position_ms() - 30;
    persons.intents = {{.kind = UserIntent::Kind::rate, .rate = 1.25},
                       {.kind = UserIntent::Kind::pause, .position_ms = seen_ms}};
    run_with(engine, client, player, 1'000);
    CHECK(client.view().confirmed_motion.rate == 1.25);
    CHECK_FALSE(client.view().confirmed_motion.playing);
    CHECK(client.room->position_ms() == doctest::Approx(seen_ms).epsilon(0.0001)); // where its person saw it
    CHECK(player.true_position_ms() == doctest::Approx(seen_ms).epsilon(0.0001));
}
