#include "lib/session/connection.hpp"
#include "native/hostile_engine.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

namespace client = playhead::client;
using client::ErrorCode;
using client::RoomStatus;
using client::test::honest_snapshot;
using client::test::honest_welcome;
using client::test::Victim;
using playhead::Beacon;
using playhead::Bytes;
using playhead::Delta;
using playhead::Epoch;
using playhead::Snapshot;
using playhead::Version;
using playhead::ViewerId;
using playhead::Welcome;

namespace {

Delta delta_to(std::uint32_t base, std::uint32_t version) {
    Delta delta;
    delta.epoch = Epoch{3};
    delta.base = Version{base};
    delta.version = Version{version};
    return delta;
}

bool closed_or_trying(const Victim& victim, ErrorCode code) {
    const client::RoomView& view = victim.room->view();
    return (view.status == RoomStatus::closed || view.status == RoomStatus::reconnecting) && view.problem &&
           view.problem->code == code;
}

} // namespace

TEST_CASE("an honest beginning is believed") {
    Victim victim;
    victim.join();
    CHECK(victim.room->view().status == RoomStatus::live);
    CHECK(victim.room->view().me == 7);
}

TEST_CASE("bytes that are no message are put up with a few times, then the connection is over") {
    Victim victim;
    victim.join();
    for (std::uint32_t i = 0; i < client::Connection::malformed_max; ++i) {
        victim.engine->say(Bytes(30, std::byte{0x55}));
        victim.poll();
        CHECK(victim.room->view().status == RoomStatus::live);
    }
    victim.engine->tell(client::Unreadable{"a text message"});
    victim.poll();
    CHECK(closed_or_trying(victim, ErrorCode::malformed));
}

TEST_CASE("an engine that breaks the rules every time is given up") {
    Victim victim;
    for (int i = 0; i < 10 && victim.room->view().status != RoomStatus::closed; ++i) {
        victim.engine->say(honest_snapshot()); // before any welcome
        victim.poll(5'000);
        victim.poll(5'000);
    }
    CHECK(victim.room->view().status == RoomStatus::closed);
    CHECK(victim.room->view().problem->code == ErrorCode::malformed);
    CHECK(victim.engine->dialled == 3);
}

TEST_CASE("a welcome twice, or to another room, or in another protocol") {
    for (int kind = 0; kind < 3; ++kind) {
        CAPTURE(kind);
        Victim victim;
        Welcome welcome = honest_welcome();
        if (kind == 1) welcome.room = "elsewhere";
        if (kind == 2) welcome.protocol = 2;
        for (int i = 0; i < 6; ++i) victim.engine->say(welcome);
        victim.poll();
        CHECK(closed_or_trying(victim, ErrorCode::malformed));
    }
}

TEST_CASE("a message longer than any is not looked at") {
    Victim victim;
    victim.join();
    for (std::uint32_t i = 0; i <= client::Connection::malformed_max; ++i) victim.engine->say(Bytes(300 * 1024));
    victim.poll();
    CHECK(closed_or_trying(victim, ErrorCode::malformed));
}

TEST_CASE("a wrong hash is counted and asked about, not in a storm, and the state is shown all the same") {
    Victim victim;
    victim.join();
    const std::size_t heard = victim.engine->messages_heard;
    for (std::uint32_t version = 11; version < 111; ++version) {
        Delta delta = delta_to(version - 1, version);
        delta.state_hash = 1;
        victim.engine->say(delta);
    }
    victim.poll();
    CHECK(victim.room->view().hash_mismatches == 1);
    CHECK(victim.room->view().status == RoomStatus::live);
    CHECK(victim.engine->messages_heard <= heard + 2); // a resync, a ping
    Beacon beacon;
    beacon.version = Version{110};
    beacon.state_hash = 2;
    for (int i = 0; i < 100; ++i) victim.engine->say(beacon);
    victim.poll();
    CHECK(victim.engine->messages_heard <= heard + 4);
}

TEST_CASE("deltas of other epochs, from the future and from the past change nothing") {
    Victim victim;
    victim.join();
    Delta other = delta_to(10, 11);
    other.epoch = Epoch{4};
    other.fields.viewer_count = 99;
    victim.engine->say(other);
    Delta future = delta_to(4'000'000'000, 4'000'000'001);
    future.fields.viewer_count = 99;
    victim.engine->say(future);
    Delta past = delta_to(1, 9);
    past.fields.viewer_count = 99;
    victim.engine->say(past);
    victim.poll();
    CHECK(victim.room->view().viewer_count == 1);
    CHECK(victim.room->view().status == RoomStatus::live);
}

TEST_CASE("over ENet what does not fit is waited out for half a second before it is asked about") {
    Victim victim{true};
    victim.join();
    const std::size_t heard = victim.engine->messages_heard;
    victim.engine->say(delta_to(12, 13));
    victim.poll();
    const std::size_t pings = 3;
    victim.poll(client::Session::patience_ms - 100);
    const std::size_t before = victim.engine->messages_heard;
    CHECK(before <= heard + pings);
    victim.poll(200);
    CHECK(victim.engine->messages_heard > before);
}

TEST_CASE("over ENet states, beacons and pongs may come before the welcome, and are nothing yet") {
    Victim victim{true};
    victim.engine->say(delta_to(10, 11));
    victim.engine->say(Beacon{});
    victim.engine->say(playhead::Pong{});
    victim.engine->say(playhead::PluginEvent{});
    victim.poll();
    CHECK(victim.room->view().status == RoomStatus::joining);
    victim.join();
    CHECK(victim.room->view().status == RoomStatus::live);
    CHECK(victim.engine->dialled == 1);
}

TEST_CASE("a state that grows without end is not kept") {
    Victim victim;
    victim.join();
    std::uint32_t version = 10;
    for (int i = 0; i < 100 && victim.engine->dialled == 1; ++i) {
        Delta rows = delta_to(version, version + 1);
        ++version;
        for (std::uint32_t row = 0; row < 100; ++row)
            rows.fields.viewers.push_back({ViewerId{1'000 + version * 100 + row}, "x", 0, true});
        victim.engine->say(rows);
        victim.poll(1);
        CHECK(victim.room->view().viewers.size() <= client::Session::rows_max);
        if (victim.room->view().status != RoomStatus::live) break;
    }
    CHECK(closed_or_trying(victim, ErrorCode::malformed));

    Victim other;
    other.join();
    version = 10;
    for (int i = 0; i < 1'000; ++i) {
        Delta entries = delta_to(version, version + 1);
        ++version;
        for (std::int64_t entry = 0; entry < 10; ++entry)
            entries.fields.shared.push_back({{"p", "log"}, {i * 10 + entry}, playhead::Value{std::string(2'000, 'x')}});
        other.engine->say(entries);
        other.poll(1);
        if (other.room->view().status != RoomStatus::live) break;
    }
    CHECK(closed_or_trying(other, ErrorCode::malformed));
}

TEST_CASE("times, ticks and intervals beyond reason hurt nobody") {
    Victim victim;
    Welcome welcome = honest_welcome();
    welcome.tick_length = playhead::Microseconds{1};
    welcome.report_interval_ms = 0;
    welcome.ping_interval_ms = 0;
    welcome.server_time = playhead::ServerTime{playhead::time_max};
    victim.engine->say(welcome);
    Snapshot snapshot = honest_snapshot();
    snapshot.fields.motion->current.anchor_tick.number = std::numeric_limits<std::uint32_t>::max();
    snapshot.fields.motion->current.playing = true;
    victim.engine->say(snapshot);
    victim.poll();
    for (int i = 0; i < 200; ++i) victim.poll(10);
    CHECK(victim.engine->messages_heard < 300);
    victim.room->play();
    victim.room->seek(1'000);
    victim.room->pause();
    victim.poll();
    CHECK(victim.room->position_ms() >= 0);
    CHECK(victim.room->until_tick_ms(0));
    CHECK(victim.room->view().pending_commands == 3);
}

TEST_CASE("an engine that never stops talking does not stop the loop") {
    Victim victim;
    victim.join();
    for (int i = 0; i < 5'000; ++i) victim.engine->say(Beacon{});
    victim.poll();
    victim.poll();
    CHECK(victim.room->view().status == RoomStatus::live);
}

TEST_CASE("answers to what was never asked, and goodbyes, are taken calmly") {
    Victim victim;
    victim.join();
    victim.engine->say(playhead::Reply{.sequence = 77});
    playhead::Pong pong;
    pong.t0_us = std::numeric_limits<std::int64_t>::min();
    victim.engine->say(pong);
    victim.poll();
    CHECK(victim.room->view().status == RoomStatus::live);
    playhead::Goodbye goodbye;
    goodbye.error = {playhead::ErrorCode::banned, "out", 4'000'000'000U};
    victim.engine->say(goodbye);
    victim.engine->say(honest_snapshot()); // nothing follows a goodbye
    victim.poll();
    CHECK(victim.room->view().status == RoomStatus::closed);
    CHECK(victim.room->view().problem->message == "out");
    CHECK(victim.engine->dialled == 1);
}
