#include "net/websocket/send_ring.hpp"
#include "net/websocket/websocket_client.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

// What holds for every connection holds with a ring, too: tests/contract. Here is what is the ring's own.
using namespace playhead;
using websocket::Gathering;
using websocket::SendRing;
using websocket::Shared;
using websocket::test::bytes_of;
using websocket::test::Link;
using websocket::test::Recorder;

namespace {

Frame frame_of(std::string_view text) { return Frame{bytes_of(text)}; }

struct Room {
    explicit Room(std::size_t viewers) {
        shared->ring = SendRing::make().value();
        for (std::size_t i = 0; i < viewers; ++i) {
            links.push_back(std::make_unique<Link>(*shared));
            links.back()->connection->start(events.emplace_back());
        }
    }
    bool send(std::size_t to, const std::vector<Frame>& frames) { return links[to]->connection->send(frames); }
    std::vector<Bytes> heard(std::size_t viewer) {
        links[viewer]->settle();
        links[viewer]->read();
        return links[viewer]->messages();
    }
    SendRing& ring() { return *shared->ring; }

    std::unique_ptr<Shared> shared = std::make_unique<Shared>();
    std::deque<Recorder> events;
    std::vector<std::unique_ptr<Link>> links;
};

} // namespace

TEST_CASE("a batch of sends is one system call, and everybody gets what is his in order") {
    Room room{40};
    const Frame news = frame_of("news");
    {
        const Gathering gathering{&room.ring()};
        for (std::size_t i = 0; i < 40; ++i) {
            if (i == 7)
                CHECK(room.send(i, {frame_of("welcome"), news, frame_of("reply")}));
            else
                CHECK(room.send(i, {news}));
        }
        CHECK(room.shared->counters.writes == 0);
        CHECK(room.heard(0).empty());
    }
    CHECK(room.ring().submissions() == 1);
    CHECK(room.shared->counters.writes == 40);
    for (std::size_t i = 0; i < 40; ++i) {
        const auto heard = room.heard(i);
        if (i == 7)
            CHECK(heard == std::vector{bytes_of("welcome"), bytes_of("news"), bytes_of("reply")});
        else
            CHECK(heard == std::vector<Bytes>{bytes_of("news")});
    }
    // Outside of a gathering a send goes at once.
    CHECK(room.send(0, {frame_of("now")}));
    CHECK(room.heard(0).size() == 2);
    CHECK(room.ring().submissions() == 1);
}

TEST_CASE("a batch that is full goes; a second send to the same connection comes behind the first") {
    Room room{3};
    const Gathering gathering{&room.ring()};
    std::vector<Bytes> sent;
    for (std::size_t n = 0; n < 8; ++n) { // no more than the kernel takes at once
        sent.push_back(bytes_of("number " + std::to_string(n)));
        for (std::size_t i = 0; i < 3; ++i) CHECK(room.send(i, {Frame{sent.back()}}));
    }
    CHECK(room.ring().submissions() == 7);
    room.ring().submit();
    for (std::size_t i = 0; i < 3; ++i) CHECK(room.heard(i) == sent);

    Room wide{SendRing::batch + 10};
    const Gathering also{&wide.ring()};
    for (std::size_t i = 0; i < wide.links.size(); ++i) wide.send(i, {frame_of("news")});
    CHECK(wide.ring().submissions() == 1);
    CHECK(wide.heard(SendRing::batch - 1).size() == 1);
    CHECK(wide.heard(SendRing::batch).empty());
}

TEST_CASE("in one batch a full connection keeps its rest, a dead one ends, and neither is the others' business") {
    Room room{3};
    room.links[0]->reading = false;
    int sent = 0;
    bool took = true;
    while (took && sent < 1000) {
        const Gathering gathering{&room.ring()};
        took = room.send(0, {Frame{Bytes(8000, std::byte{1})}});
        ++sent;
    }
    CHECK_FALSE(took); // told with the first send after the one that did not fit
    CHECK(room.links[0]->connection->bytes_waiting() > 0);
    room.links[1]->reset();
    for (int n = 0; n < 2; ++n) {
        const Gathering gathering{&room.ring()};
        room.send(1, {frame_of("to nobody")});
        CHECK(room.send(2, {frame_of("hello")}));
    }
    CHECK(room.heard(2).size() == 2);
    CHECK(room.links[1]->run_until([&] { return room.events[1].closed.size() == 1; }));
    room.links[0]->reading = true;
    CHECK(room.links[0]->run_until([&] { return room.events[0].drained == 1; }));
    CHECK(room.links[0]->run_until([&] { return room.links[0]->messages().size() == static_cast<std::size_t>(sent); }));
}

TEST_CASE("a connection that is closed or destroyed before its batch goes still says what it was given") {
    Room room{2};
    {
        const Gathering gathering{&room.ring()};
        room.send(0, {frame_of("last words")});
        room.send(1, {frame_of("last words")});
        room.links[0]->connection->close(ErrorCode::draining, "restart");
        room.links[1]->connection.reset();
    }
    CHECK(room.heard(0) == std::vector<Bytes>{bytes_of("last words")});
    CHECK(room.links[0]->close_code());
    CHECK(room.links[1]->run_until([&] { return room.links[1]->end_seen; }));
    CHECK(room.heard(1) == std::vector<Bytes>{bytes_of("last words")});
}
