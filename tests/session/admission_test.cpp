// More come than a shard lets in: who waits, for how long, in which order, and who is told to come back.
#include "session/admission_pace.hpp"
#include "session/room_host.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr ServerTime start{seconds{100}};

// One a tick, two at once; nobody waits for longer than a second, which is twenty of them.
SessionSettings one_a_tick() {
    SessionSettings settings;
    settings.joins_per_s = 20;
    settings.join_burst = 2;
    settings.join_wait_max = seconds{1};
    return settings;
}

int taken_at_once(AdmissionPace& pace, ServerTime now) {
    int taken = 0;
    while (pace.take(now)) ++taken;
    return taken;
}

std::vector<Peer> say_hello(Stage& stage, int count, const std::string& name = "Ann") {
    std::vector<Peer> peers;
    for (int i = 0; i < count; ++i) {
        peers.push_back(stage.connect());
        peers.back().say(stage.hello(name));
    }
    return peers;
}

bool welcomed(Peer& peer) {
    return std::ranges::any_of(peer.hear(),
                               [](const ServerMessage& message) { return std::holds_alternative<Welcome>(message); });
}

int welcomed(std::vector<Peer>& peers) {
    return static_cast<int>(std::ranges::count_if(peers, [](Peer& peer) { return welcomed(peer); }));
}

const Metrics& metrics(Stage& stage) { return stage.shard.metrics(); }

// Whoever was welcomed with each of the next ticks, as indices into `peers`, until nobody is any more.
std::vector<std::size_t> welcomes(Stage& stage, std::vector<Peer>& peers, int ticks) {
    std::vector<std::size_t> order;
    for (int i = 0; i < ticks; ++i) {
        stage.tick();
        for (std::size_t at = 0; at < peers.size(); ++at)
            if (welcomed(peers[at])) order.push_back(at);
    }
    return order;
}

} // namespace

TEST_CASE("a shard lets in a burst at once, and so many a second") {
    SessionSettings settings;
    settings.joins_per_s = 1000;
    settings.join_burst = 300;
    AdmissionPace pace{settings, TickLength{}};
    CHECK(pace.waiting_max() == 4000);
    CHECK(taken_at_once(pace, start) == 300);
    int later = 0;
    for (int tick = 1; tick <= 40; ++tick) {
        pace.tick_took(milliseconds{5});
        later += taken_at_once(pace, start + milliseconds{50} * tick);
    }
    CHECK(later == 2000);
}

TEST_CASE("who waits for ticks has all that flows in, however small the burst") {
    SessionSettings settings;
    settings.joins_per_s = 1000;
    settings.join_burst = 1;
    AdmissionPace pace{settings, TickLength{}};
    int taken = 0;
    for (int tick = 0; tick < 20; ++tick) {
        pace.tick_took(milliseconds{1});
        taken += taken_at_once(pace, start + milliseconds{50} * tick);
    }
    CHECK(taken == 1000);
}

TEST_CASE("a tick that took long lets fewer in with the next, and it goes up again when ticks are short") {
    SessionSettings settings;
    settings.joins_per_s = 100'000;
    settings.join_burst = 400;
    AdmissionPace pace{settings, TickLength{}};
    ServerTime now = start;
    const auto tick = [&](milliseconds took) {
        pace.tick_took(took);
        now += seconds{1};
        return taken_at_once(pace, now);
    };
    const int most = taken_at_once(pace, now);
    CHECK(most == 5000); // what flows in during a tick is more than the burst
    CHECK(tick(milliseconds{26}) == 2500);
    CHECK(tick(milliseconds{60}) == 1250);
    CHECK(tick(milliseconds{25}) == 2500);
    CHECK(tick(milliseconds{25}) == 5000);
    for (int i = 0; i < 20; ++i) tick(milliseconds{100});
    CHECK(tick(milliseconds{100}) == static_cast<int>(AdmissionPace::tick_max_least));
    CHECK(tick(milliseconds{1}) == 2 * static_cast<int>(AdmissionPace::tick_max_least));
}

TEST_CASE("what counts is who came in, not who might have: a long tick of a few lets fewer in") {
    SessionSettings settings;
    AdmissionPace pace{settings, TickLength{}};
    for (int i = 0; i < 40; ++i) REQUIRE(pace.take(start));
    pace.tick_took(milliseconds{30});
    CHECK(taken_at_once(pace, start) == 20);
}

TEST_CASE("those who are sent away are told different times, as fast as the bucket fills, and none beyond a minute") {
    SessionSettings settings;
    settings.joins_per_s = 10;
    settings.join_wait_max = milliseconds{500};
    AdmissionPace pace{settings, TickLength{}};
    CHECK(pace.retry_ms(start) == 600);
    CHECK(pace.retry_ms(start) == 700);
    CHECK(pace.retry_ms(start + milliseconds{50}) == 750);
    CHECK(pace.retry_ms(start + seconds{10}) == 600); // all of those are over
    std::uint32_t last = 0;
    for (int i = 0; i < 10'000; ++i) last = pace.retry_ms(start + seconds{10});
    CHECK(last == 60'000);
}

TEST_CASE("[J16] who comes beyond the burst waits for a later tick, in the order of arrival, and hears no error") {
    Stage stage{one_a_tick()};
    stage.tick();
    auto peers = say_hello(stage, 6);
    CHECK(metrics(stage).viewers == 2);
    CHECK(metrics(stage).hellos_waiting == 4);
    CHECK(welcomes(stage, peers, 1) == std::vector<std::size_t>{0, 1, 2});
    CHECK(welcomes(stage, peers, 1) == std::vector<std::size_t>{3});
    CHECK(welcomes(stage, peers, 1) == std::vector<std::size_t>{4});
    CHECK(welcomes(stage, peers, 1) == std::vector<std::size_t>{5});
    CHECK(metrics(stage).hellos_waiting == 0);
    CHECK(metrics(stage).hello_wait.count() == 4);
    CHECK(metrics(stage).hello_wait.sum() == milliseconds{50 + 100 + 150 + 200});
    CHECK(metrics(stage).hellos_turned_away_total == 0);
    CHECK(stage.state().viewers.size() == 6);
    CHECK(metrics(stage).sessions_opened_total == 6);
}

TEST_CASE("[J16] who would wait too long is told when to come back, and then gets in with the token it had") {
    Stage stage{one_a_tick()};
    stage.tick();
    auto patient = say_hello(stage, 22);
    CHECK(metrics(stage).hellos_waiting == 20);
    const auto issued = stage.shard.issue(
        stage.room.id, {.token = stage.room.join_token, .resume_token = {}, .device = {}, .address = "203.0.113.7"});
    Hello with_token = stage.hello("Zoe");
    with_token.join_token = issued.value().connect_token;
    std::uint32_t told = 0;
    for (int i = 0; i < 5; ++i) {
        Peer late = stage.connect();
        late.say(with_token);
        const auto goodbye = late.hear_one<Goodbye>();
        REQUIRE(goodbye);
        CHECK(goodbye->error.code == ErrorCode::rate_limited);
        CHECK(goodbye->resumable);
        CHECK(goodbye->error.retry_ms > std::max(told, 1000U));
        told = goodbye->error.retry_ms;
        CHECK(late.line().close_code == ErrorCode::rate_limited);
    }
    CHECK(metrics(stage).hellos_turned_away_total == 5);
    CHECK(metrics(stage).sessions_refused_total == 5);
    CHECK(welcomes(stage, patient, 20).size() == 22);
    stage.pass(milliseconds{told});
    Peer again = stage.connect();
    again.say(with_token);
    stage.tick();
    CHECK(welcomed(again));
}

TEST_CASE("[J16] bad tokens are refused at once and take nobody's turn") {
    Stage stage{one_a_tick()};
    stage.tick();
    auto peers = say_hello(stage, 3);
    Peer thief = stage.connect();
    Hello wrong = stage.hello();
    wrong.join_token = "j.den.AAAAAAAAAAAAAAAAAAAAAA";
    thief.say(wrong);
    CHECK(thief.hear_one<Goodbye>()->error.code == ErrorCode::token_wrong);
    CHECK(metrics(stage).hellos_waiting == 1);

    // So is a connect token that another hello has used.
    const std::string token =
        stage.shard
            .issue(stage.room.id,
                   {.token = stage.room.join_token, .resume_token = {}, .device = {}, .address = "203.0.113.7"})
            .value()
            .connect_token;
    stage.pass(seconds{1});
    Hello good = stage.hello();
    good.join_token = token;
    for (int i = 0; i < 2; ++i) {
        peers.push_back(stage.connect());
        peers.back().say(good);
    }
    CHECK(peers.back().hear_one<Goodbye>()->error.code == ErrorCode::token_stale);
    CHECK(metrics(stage).hellos_waiting == 0);
}

TEST_CASE("[J16] a connect token that two wait with lets one of them in") {
    Stage stage{one_a_tick()};
    stage.tick();
    const std::string token =
        stage.shard
            .issue(stage.room.id,
                   {.token = stage.room.join_token, .resume_token = {}, .device = {}, .address = "203.0.113.7"})
            .value()
            .connect_token;
    say_hello(stage, 2);
    Hello hello = stage.hello();
    hello.join_token = token;
    Peer first = stage.connect();
    first.say(hello);
    Peer second = stage.connect();
    second.say(hello);
    CHECK(metrics(stage).hellos_waiting == 2);
    stage.tick(3);
    CHECK(welcomed(first));
    CHECK(second.hear_one<Goodbye>()->error.code == ErrorCode::token_stale);
}

TEST_CASE("[J16] who comes back is not starved by newcomers, nor are they by it") {
    Stage stage{one_a_tick()};
    stage.tick();
    std::vector<Hello> returning;
    for (int i = 0; i < 6; ++i) {
        Peer peer = stage.join();
        Hello hello = stage.hello();
        hello.resume_token = peer.hear_one<Welcome>()->resume_token;
        returning.push_back(hello);
        peer.vanish();
    }
    stage.pass(seconds{1});
    auto peers = say_hello(stage, 2 + 12); // two come in, twelve wait
    for (const Hello& hello : returning) {
        peers.push_back(stage.connect());
        peers.back().say(hello);
    }
    stage.tick(); // the two, and the first in line
    REQUIRE(welcomed(peers) == 3);
    const auto order = welcomes(stage, peers, 17);
    REQUIRE(order.size() == 17);
    // Six come back and at most two newcomers between them.
    const auto back = std::ranges::count_if(order.begin(), order.begin() + 7, [](std::size_t at) { return at >= 14; });
    CHECK(back >= 5);
    CHECK(back < 7);
    CHECK(std::ranges::is_sorted(order | std::views::filter([](std::size_t at) { return at < 14; })));
    CHECK(metrics(stage).sessions_resumed_total == 6);
}

TEST_CASE("[J16] newcomers who have waited through a crowd that comes back are told when to try again") {
    Stage stage{one_a_tick()};
    stage.tick();
    std::vector<Hello> returning;
    for (int i = 0; i < 14; ++i) {
        Peer peer = stage.join();
        Hello hello = stage.hello();
        hello.resume_token = peer.hear_one<Welcome>()->resume_token;
        returning.push_back(hello);
        peer.vanish();
    }
    stage.pass(seconds{1});
    auto newcomers = say_hello(stage, 2 + 12);
    std::vector<Peer> back;
    for (const Hello& hello : returning) {
        back.push_back(stage.connect());
        back.back().say(hello);
    }
    stage.tick(20);
    CHECK(welcomed(back) == 14);
    stage.tick(2);
    CHECK(metrics(stage).hellos_waiting == 0);
    CHECK(metrics(stage).hellos_turned_away_total > 0);
    int in = 0;
    std::uint64_t away = 0;
    for (Peer& peer : newcomers) {
        for (const ServerMessage& message : peer.hear()) {
            in += std::holds_alternative<Welcome>(message);
            if (const auto* goodbye = std::get_if<Goodbye>(&message)) {
                ++away;
                CHECK(goodbye->error.code == ErrorCode::rate_limited);
                CHECK(goodbye->error.retry_ms > 1000);
            }
        }
    }
    CHECK(in + static_cast<int>(away) == 14);
    CHECK(away == metrics(stage).hellos_turned_away_total);
}

TEST_CASE("[J16] rooms take turns: a crowd before one does not hold up another") {
    Stage stage{one_a_tick()};
    stage.tick();
    const auto small = stage.shard.create({.id = room_id("small")}).value();
    auto crowd = say_hello(stage, 2 + 15);
    Peer bob = stage.connect(small.id);
    Hello hello = stage.hello("Bob");
    hello.room = "small";
    hello.join_token = small.join_token;
    bob.say(hello);
    stage.tick(2);
    CHECK(welcomed(bob));
    CHECK(welcomed(crowd) == 3);
}

TEST_CASE("[J16] whoever waits is heard no more than that it gives up") {
    Stage stage{one_a_tick()};
    stage.tick();
    auto peers = say_hello(stage, 2 + 5);
    Peer& leaving = peers[2];
    leaving.say(Bye{});
    CHECK(leaving.line().closing);
    Peer& gone = peers[3];
    gone.vanish();
    Peer& twice = peers[4];
    twice.say(stage.hello());
    CHECK(twice.hear_one<Goodbye>()->error.code == ErrorCode::hello_repeated);
    Peer& eager = peers[5];
    for (int i = 0; i < 50; ++i) eager.say(Ping{i});
    eager.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    CHECK(eager.line().sends == 0);
    Peer& flooding = peers[6];
    for (int i = 0; i < 200; ++i) flooding.say(Ping{i});
    CHECK(flooding.hear_one<Goodbye>()->error.code == ErrorCode::rate_limited);
    CHECK(metrics(stage).hellos_waiting == 1);
    stage.tick();
    CHECK(welcomed(eager));
    CHECK_FALSE(stage.state().motion.value().intent().playing);
    eager.say(command(1, Play{}, MediaInstance{1}, stage.clock.time));
    stage.tick();
    CHECK(eager.hear_one<Reply>()->verdict == Verdict::applied);
    CHECK(metrics(stage).viewers == 3);
    CHECK(metrics(stage).hellos_waiting == 0);
}

TEST_CASE("[J16] waiting costs a viewer none of the time that it may be silent") {
    SessionSettings settings = one_a_tick();
    settings.join_wait_max = seconds{8};
    settings.silence_timeout = seconds{5};
    Stage stage{settings};
    stage.tick();
    auto peers = say_hello(stage, 2 + 150);
    stage.pass(milliseconds{7600}); // the last have come in after 7.5 s
    CHECK_FALSE(peers.back().closed());
    CHECK(welcomed(peers.back()));
    stage.pass(seconds{4});
    CHECK_FALSE(peers.back().closed());
    stage.pass(seconds{3});
    CHECK(peers.back().line().close_code == ErrorCode::idle);
}

TEST_CASE("[J16] what has changed while somebody waited is looked at again") {
    SessionSettings settings = one_a_tick();
    settings.viewers_per_room_max = 3;
    Stage stage{settings};
    stage.tick();
    auto peers = say_hello(stage, 4); // the third waits for the last place, and the fourth, who was told of none
    stage.tick(3);
    CHECK(welcomed(peers) == 3);
    CHECK(peers[3].line().close_code == ErrorCode::room_full);
}

TEST_CASE("[S12] [J16] who waits when the engine goes down is told so") {
    Stage stage{one_a_tick()};
    stage.tick();
    auto peers = say_hello(stage, 2 + 3);
    stage.shard.drain();
    for (std::size_t at = 2; at < peers.size(); ++at) {
        const auto goodbye = peers[at].hear_one<Goodbye>();
        REQUIRE(goodbye);
        CHECK(goodbye->error.code == ErrorCode::draining);
    }
    CHECK(metrics(stage).hellos_waiting == 0);
    stage.tick(2);
    CHECK(stage.shard.drained());
}

TEST_CASE("[J16] a room whose plugins cannot hear of more waits for them, and no other room does") {
    Stage stage{plugins({{"slow_door", "shared = { heard = { kind = 'counter' } }",
                          "P:on('join', function() local n = 0 for i = 1, 60000 do n = n + i end "
                          "P.shared.heard:add(1) end)"}})};
    const auto other = stage.shard.create({.id = room_id("other")}).value();
    stage.tick();
    auto crowd = say_hello(stage, 120);
    CHECK(metrics(stage).viewers == RoomHost::joins_max_first);
    Peer bob = stage.connect(other.id);
    Hello hello = stage.hello("Bob");
    hello.room = "other";
    hello.join_token = other.join_token;
    bob.say(hello);
    stage.tick();
    CHECK(welcomed(bob));
    const auto heard = [&] {
        const Value* count = stage.state().shared.find(TableName{"slow_door", "heard"}, EntryKey{});
        return count ? *count->get_if<std::int64_t>() : 0;
    };
    int most_behind = 0;
    for (int i = 0; i < 60; ++i) {
        stage.tick();
        most_behind =
            std::max(most_behind, static_cast<int>(stage.state().viewers.size() - static_cast<std::size_t>(heard())));
    }
    CHECK(most_behind <= static_cast<int>(RoomHost::joins_max_first));
    CHECK(stage.state().viewers.size() == 120);
    CHECK(heard() == 120);
    CHECK(metrics(stage).hellos_turned_away_total == 0);
    CHECK(welcomed(crowd) == 120);
}

TEST_CASE("[J16] ten thousand in ten seconds are let in without being turned away, and share their snapshots") {
    Stage stage;
    stage.tick();
    const std::uint64_t before = metrics(stage).snapshots_encoded_total;
    std::vector<Peer> peers;
    for (int tick = 0; tick < 200; ++tick) {
        for (Peer& peer : say_hello(stage, 50, "")) peers.push_back(peer);
        stage.tick();
        for (Peer& peer : peers) peer.line().frames.clear();
    }
    CHECK(stage.state().viewers.size() == 10'000);
    CHECK(metrics(stage).hello_wait.count() == 0);
    CHECK(metrics(stage).hellos_turned_away_total == 0);
    CHECK(metrics(stage).snapshots_encoded_total - before <= 200);
}

TEST_CASE("[J7] a crowd that does not come back gives its places up over several ticks") {
    SessionSettings settings;
    settings.joins_per_s = 100'000;
    Stage stage{settings};
    auto peers = say_hello(stage, 1200);
    stage.tick(2);
    for (Peer& peer : peers) peer.vanish();
    stage.pass(settings.viewer_grace - milliseconds{200});
    REQUIRE(stage.state().viewers.size() == 1200);
    std::size_t most = 0;
    for (int i = 0; i < 20; ++i) {
        const std::size_t present = stage.state().viewers.size();
        stage.tick();
        most = std::max(most, present - stage.state().viewers.size());
    }
    CHECK(most == RoomHost::leaves_per_tick_max);
    CHECK(stage.state().viewers.empty());
}
