#include "native/in_process.hpp"
#include "native/simulated_player.hpp"
#include "replication/state_hash.hpp"
#include "simulation/ward.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace client = playhead::client;
namespace simulation = playhead::simulation;
using client::CommandResult;
using client::RoomStatus;
using client::Verdict;
using client::test::Client;
using client::test::Engine;
using client::test::run;
using playhead::MediaInstance;
using playhead::sorted_map;
using playhead::TickLength;
using playhead::Value;

namespace {

Value args(Value::Map entries) { return sorted_map(std::move(entries)); }

} // namespace

TEST_CASE("a client joins, sees the room, and its clock settles on the engine's") {
    Engine engine;
    Client client{engine, "Ada"};
    CHECK(client.view().status == RoomStatus::connecting);
    run(engine, {&client}, 3'000);
    REQUIRE(client.live());
    const client::RoomView& view = client.view();
    CHECK(view.room == "cinema");
    CHECK(view.server == "http://engine:8080");
    CHECK(view.title == "Cinema");
    CHECK(view.carrier == client::Transport::websocket);
    CHECK(view.media.url == "/media/film.mp4");
    CHECK(view.media.instance == 1);
    CHECK(view.viewer_count == 1);
    REQUIRE(view.viewer(view.me) != nullptr);
    CHECK(view.viewer(view.me)->name == "Ada");
    REQUIRE(view.clock);
    CHECK(view.clock->settled);
    CHECK(std::abs(view.clock->offset_ms + 123'456) < 1);
    CHECK(view.clock->rtt_ms == doctest::Approx(40).epsilon(0.05));
    CHECK(view.hash_mismatches == 0);
    CHECK_FALSE(view.problem);
    CHECK(client.changes > 0);
}

TEST_CASE("a command is shown at once, answered, and seen by everybody") {
    Engine engine;
    Client ada{engine, "Ada"};
    Client bob{engine, "Bob"};
    run(engine, {&ada, &bob}, 2'000);
    ada.room->play(ada.keep());
    CHECK(ada.view().motion.playing); // before the room has heard of it
    CHECK_FALSE(ada.view().confirmed_motion.playing);
    CHECK(ada.view().pending_commands == 1);
    run(engine, {&ada, &bob}, 1'000);
    REQUIRE(ada.results.size() == 1);
    CHECK(ada.results[0].verdict == Verdict::applied);
    CHECK(ada.view().pending_commands == 0);
    CHECK(bob.view().motion.playing);
    REQUIRE(bob.events.size() == 1);
    CHECK(bob.events[0].kind == client::EventKind::played);
    CHECK(bob.events[0].viewer == ada.view().me);
    CHECK(std::abs(ada.room->position_ms() - bob.room->position_ms()) < 1);
    CHECK(ada.room->position_ms() > 500);

    bob.room->seek(90'000, bob.keep());
    run(engine, {&ada, &bob}, 1'000);
    bob.room->set_rate(1.5, bob.keep());
    bob.room->pause(bob.keep());
    run(engine, {&ada, &bob}, 1'000);
    CHECK(bob.results.size() == 3);
    CHECK_FALSE(ada.view().motion.playing);
    CHECK(ada.view().motion.rate == 1.5);
    CHECK(ada.room->position_ms() > 90'000);
    CHECK(ada.room->position_ms() == bob.room->position_ms());
    CHECK(engine.state().media.value().instance == MediaInstance{1});
}

TEST_CASE("load, names and until_tick_ms") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    client::LoadRequest load;
    load.url = "https://cdn.example/live.m3u8";
    load.title = "Live";
    load.position_ms = 5'000;
    client.room->load(load, client.keep());
    client.room->set_name("Grace", client.keep());
    run(engine, {&client}, 500);
    CHECK(client.view().media.kind == client::MediaKind::hls);
    CHECK(client.view().media.title == "Live");
    CHECK(client.room->position_ms() == 5'000);
    CHECK(client.view().viewer(client.view().me)->name == "Grace");
    const auto now = engine.timeline.now();
    const auto until = client.room->until_tick_ms(TickLength{}.at(now).number + 20);
    REQUIRE(until);
    CHECK(std::abs(*until - 1'000) < 51);
}

TEST_CASE("what cannot be said is refused on the spot, and the session lives on") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const auto refused_with = [&](client::ErrorCode code) {
        REQUIRE(client.results.size() == 1);
        CHECK(client.results[0].verdict == Verdict::refused);
        CHECK(client.results[0].code == code);
        CHECK_FALSE(client.results[0].message.empty());
        client.results.clear();
    };
    client.room->seek(nan, client.keep());
    refused_with(client::ErrorCode::out_of_range);
    client.room->seek(1e300, client.keep());
    refused_with(client::ErrorCode::out_of_range);
    client.room->set_rate(nan, client.keep());
    refused_with(client::ErrorCode::out_of_range);
    client.room->set_rate(5, client.keep());
    refused_with(client::ErrorCode::out_of_range);
    client::LoadRequest load;
    load.position_ms = -1;
    client.room->load(load, client.keep());
    refused_with(client::ErrorCode::out_of_range);
    load.position_ms = 0;
    load.url = std::string(3'000, 'a');
    client.room->load(load, client.keep());
    refused_with(client::ErrorCode::too_large);
    load.url = "http://\xff";
    client.room->load(load, client.keep());
    refused_with(client::ErrorCode::malformed);
    client.room->command("chat", "say", args({{"text", Value{std::string{"\xff"}}}}), client.keep());
    refused_with(client::ErrorCode::malformed);
    client.room->command("chat", "say", args({{"n", Value{nan}}}), client.keep());
    refused_with(client::ErrorCode::malformed);
    client.room->command(std::string(65, 'a'), "say", {}, client.keep());
    refused_with(client::ErrorCode::unknown_command);
    client.room->signal("chat", "\xff", {});
    client.room->set_name("\xff\xfe", client.keep());
    client.room->scrub(nan);
    run(engine, {&client}, 1'000);
    CHECK(client.live());
    CHECK(client.machine->dialled.size() == 1);
}

TEST_CASE("plugins: state as values, commands with results, events, signals, denials that are taken back") {
    Engine engine{1, {}, simulation::ward("1.0.0")};
    Client client{engine, "Ada"};
    run(engine, {&client}, 2'000);
    REQUIRE(client.view().plugin("ward") != nullptr);
    CHECK(client.view().plugin("ward")->version == "1.0.0");
    client.room->command(
        "ward", "note", args({{"key", Value{std::string{"a"}}}, {"text", Value{std::string{"hello"}}}}), client.keep());
    client.room->command("ward", "push", args({{"n", Value{std::int64_t{42}}}}), client.keep());
    client.room->signal("ward", "poke", args({{"n", Value{std::int64_t{1}}}}));
    run(engine, {&client}, 500);
    REQUIRE(client.results.size() == 2);
    CHECK(client.results[1].verdict == Verdict::applied);
    CHECK(client.results[1].data.get_if<std::int64_t>() != nullptr); // the new item's id
    const client::PluginView& ward = *client.view().plugin("ward");
    REQUIRE(ward.find("notes")->items.size() == 1);
    CHECK(ward.find("notes")->items[0] == client::SharedItem{"a", Value{std::string{"hello"}}});
    CHECK(ward.find("line")->items.at(0).value == Value{std::int64_t{42}});
    CHECK(ward.find("pokes")->value == Value{std::int64_t{1}});
    CHECK(ward.find("here")->items.size() == 1);
    REQUIRE(client.plugin_events.size() == 2);

    // Nobody goes there: shown at once, taken back when the plugin says no.
    client.results.clear();
    client.room->seek(20'500, client.keep());
    CHECK(client.room->position_ms() == 20'500);
    run(engine, {&client}, 500);
    REQUIRE(client.results.size() == 1);
    CHECK(client.results[0].verdict == Verdict::refused);
    CHECK(client.results[0].code == client::ErrorCode::denied);
    CHECK(client.results[0].plugin == "ward");
    CHECK(client.results[0].reason == "closed");
    CHECK(client.results[0].message == "nobody goes there");
    CHECK(*client.results[0].data.find("s") == Value{std::int64_t{10}});
    CHECK(client.room->position_ms() == 0);

    client.results.clear();
    client.room->command("nobody", "knows", {}, client.keep());
    run(engine, {&client}, 500);
    CHECK(client.results.at(0).code == client::ErrorCode::unknown_command);
}

TEST_CASE("an owner's token makes an owner, who sees what is the owner's") {
    Engine engine{1, {}, simulation::ward("1.0.0")};
    Client owner{engine, "Owner", {}, engine.room.owner_token};
    Client guest{engine, "Guest"};
    run(engine, {&owner, &guest}, 2'000);
    CHECK(owner.view().viewer(owner.view().me)->roles.owner);
    owner.room->command("ward", "seal", args({{"n", Value{std::int64_t{5}}}}), owner.keep());
    run(engine, {&owner, &guest}, 500);
    CHECK(owner.view().plugin("ward")->find("seal")->value == Value{std::int64_t{5}});
    const client::SharedField* hidden = guest.view().plugin("ward")->find("seal");
    CHECK((hidden == nullptr || hidden->value.is_nil()));
    CHECK(owner.view().hash_mismatches + guest.view().hash_mismatches == 0);
}

TEST_CASE("a connection that breaks is made anew, in the same place, and what was said meanwhile is done once") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    const auto me = client.view().me;
    client.room->play(client.keep());
    client.machine->cut();
    run(engine, {&client}, 50);
    CHECK(client.view().status == RoomStatus::reconnecting);
    REQUIRE(client.view().problem);
    client.room->seek(30'000, client.keep());
    CHECK(client.results.empty());
    run(engine, {&client}, 3'000);
    CHECK(client.live());
    CHECK(client.view().me == me);
    REQUIRE(client.machine->dialled.size() == 2);
    CHECK_FALSE(client.machine->dialled[1].resume_token.empty());
    REQUIRE(client.results.size() == 2);
    CHECK(client.results[0].verdict == Verdict::applied);
    CHECK(client.results[1].verdict == Verdict::applied);
    CHECK(client.view().motion.playing);
    CHECK(client.room->position_ms() > 30'000);
    CHECK(client.view().hash_mismatches == 0);
}

TEST_CASE("an engine that is silent is given up, and one that is not there is tried again and again") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    client.machine->die();
    client.machine->unreachable = true;
    run(engine, {&client}, 5'000);
    CHECK(client.live()); // not yet
    run(engine, {&client}, 3'000);
    CHECK(client.view().status == RoomStatus::reconnecting);
    client.room->pause(client.keep());
    run(engine, {&client}, 15'000);
    REQUIRE(client.results.size() == 1);
    CHECK(client.results[0].code == client::ErrorCode::unreachable);
    run(engine, {&client}, 15'000);
    CHECK(client.machine->dialled.size() > 2);
    CHECK(client.machine->dialled.size() < 10);
    client.machine->unreachable = false;
    run(engine, {&client}, 25'000);
    CHECK(client.live());
}

TEST_CASE("a wrong link ends it, with the reason; retry tries again") {
    Engine engine;
    Client client{engine, "Ada", {}, "j.cinema.AAAAAAAAAAAAAAAAAAAAAA"};
    run(engine, {&client}, 1'000);
    REQUIRE(client.view().status == RoomStatus::closed);
    CHECK(client.view().problem->code == client::ErrorCode::token_wrong);
    CHECK_FALSE(client.view().problem->retry_at_ms);
    client.room->play(client.keep());
    REQUIRE(client.results.size() == 1);
    CHECK(client.results[0].code == client::ErrorCode::token_wrong);
    client.room->retry();
    CHECK(client.view().status == RoomStatus::connecting);
    run(engine, {&client}, 1'000);
    CHECK(client.view().status == RoomStatus::closed);
    CHECK(client.machine->dialled.size() == 2);
}

TEST_CASE("who leaves is gone at once; its commands are refused and it does not come back") {
    Engine engine;
    Client ada{engine, "Ada"};
    Client bob{engine, "Bob"};
    run(engine, {&ada, &bob}, 2'000);
    ada.room->play(ada.keep());
    ada.room->leave();
    CHECK(ada.view().status == RoomStatus::closed);
    CHECK(ada.view().problem->code == client::ErrorCode::left);
    REQUIRE(ada.results.size() == 1);
    CHECK(ada.results[0].code == client::ErrorCode::left);
    run(engine, {&ada, &bob}, 1'000);
    CHECK(bob.view().viewer_count == 1);
    ada.room->retry();
    run(engine, {&ada, &bob}, 1'000);
    CHECK(ada.view().status == RoomStatus::closed);
}

TEST_CASE("an engine that drains is left in peace for as long as it says") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    engine.shard.drain();
    run(engine, {&client}, 500);
    CHECK(client.view().status == RoomStatus::reconnecting);
    CHECK(client.view().problem->code == client::ErrorCode::draining);
    CHECK(*client.view().problem->retry_at_ms >= client.machine->now_ms() + 400);
}

TEST_CASE("[J16] clients that the engine has no room for yet come back when it says, and keep their places") {
    playhead::SessionSettings settings;
    settings.joins_per_s = 2;
    settings.join_burst = 1;
    settings.join_wait_max = std::chrono::milliseconds{0}; // nobody waits inside
    Engine engine{1, settings};
    std::vector<std::unique_ptr<Client>> owned;
    std::vector<Client*> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(owned.emplace_back(std::make_unique<Client>(engine)).get());
    const auto live = [&] {
        return std::ranges::count_if(clients, [](const Client* client) { return client->live(); });
    };
    run(engine, clients, 200);
    CHECK(live() == 1);
    std::vector<double> told_ms;
    for (const Client* client : clients) {
        if (client->live()) continue;
        REQUIRE(client->view().status == RoomStatus::reconnecting);
        CHECK(client->view().problem->code == client::ErrorCode::rate_limited);
        told_ms.push_back(*client->view().problem->retry_at_ms - client->machine->now_ms());
    }
    // Each later than the one before, by what the bucket takes to fill, and by chance.
    REQUIRE(told_ms.size() == 4);
    CHECK(told_ms.front() > 300);
    CHECK(told_ms.back() - told_ms.front() > 1'250);
    run(engine, clients, 12'000);
    CHECK(live() == 5);

    std::vector<std::uint32_t> before;
    for (const Client* client : clients) before.push_back(client->view().me);
    for (const Client* client : clients) client->machine->cut();
    run(engine, clients, 300);
    CHECK(live() < 5);
    for (Client* client : clients) client->room->retry(); // not sooner than they were told
    run(engine, clients, 100);
    CHECK(live() < 5);
    run(engine, clients, 12'000);
    CHECK(live() == 5);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        CHECK(clients[i]->view().me == before[i]);
        CHECK(clients[i]->machine->dialled.size() < 12);
    }
    CHECK(engine.state().viewers.size() == 5);
}

TEST_CASE("a machine that slept estimates the clock afresh") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 3'000);
    REQUIRE(client.view().clock->settled);
    run(engine, {}, 10'000); // nobody polls, and the steady clock stands still
    client.machine->slept_ms = 10'000;
    client.machine->clock_offset_ms -= 10'000;
    run(engine, {&client}, 1'500);
    CHECK(client.machine->dialled.size() == 1);
    REQUIRE(client.view().clock);
    CHECK(std::abs(client.view().clock->offset_ms + 113'456) < 1);
}

TEST_CASE("a listener may do anything with the room, also leave it, and be removed") {
    Engine engine;
    Client client{engine};
    std::size_t heard = 0;
    client::ListenerId listener = 0;
    listener = client.room->on_event([&](const client::RoomEvent& event) {
        ++heard;
        if (event.kind == client::EventKind::played)
            client.room->pause([&](const CommandResult&) { client.room->leave(); });
        client.room->remove_listener(listener);
    });
    run(engine, {&client}, 2'000);
    client.room->play();
    run(engine, {&client}, 1'000);
    CHECK(heard == 1);
    CHECK(client.view().status == RoomStatus::closed);
}

TEST_CASE("scrubbing sends few seeks, always the last, and its answer can be asked for before and after") {
    Engine engine;
    Client client{engine};
    run(engine, {&client}, 2'000);
    for (int i = 0; i <= 100; ++i) {
        client.room->scrub(i * 1'000);
        run(engine, {&client}, 10);
    }
    client.room->end_scrub(client.keep());
    run(engine, {&client}, 500);
    CHECK(client.room->position_ms() == 100'000);
    CHECK(client.view().confirmed_motion.current.position_ms == 100'000);
    REQUIRE(client.results.size() == 1);
    CHECK(client.results[0].verdict == Verdict::applied);
    std::size_t seeks = 0;
    for (const auto& event : client.events) seeks += event.kind == client::EventKind::sought ? 1 : 0;
    CHECK(seeks >= 3);
    CHECK(seeks <= 5);
    client.room->end_scrub(client.keep()); // nothing was scrubbed
    CHECK(client.results.size() == 2);
    client.room->scrub(5'000);
    run(engine, {&client}, 500);
    client.room->end_scrub(client.keep());
    CHECK(client.results.size() == 3);
}
