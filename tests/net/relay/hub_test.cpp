#include "net/loopback/loopback.hpp"
#include "net/recorder.hpp"
#include "net/relay/two_shards.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

// What a relayed connection keeps to is in tests/contract; here is what is hubs' own.
using namespace playhead;
using playhead::testing::Recorder;
using relay::test::TwoShards;

namespace {

Frame frame_of(std::string_view text) { return Frame{std::as_bytes(std::span{text})}; }

std::string text_of(const Frame& frame) {
    std::string text;
    for (const std::byte byte : frame.payload()) text += static_cast<char>(byte);
    return text;
}

struct Viewer {
    Viewer(TwoShards& shards, std::size_t capacity = 1'000'000) {
        auto pair = make_loopback(capacity);
        peer = std::move(pair.peer);
        connection = shards.relayed(std::move(pair.engine));
        connection->start(events);
    }
    bool send(const Frame& frame) { return connection->send({&frame, 1}); }
    std::vector<std::string> heard() {
        std::vector<std::string> texts;
        for (const Frame& frame : peer->receive()) texts.push_back(text_of(frame));
        return texts;
    }

    Recorder events;
    std::unique_ptr<LoopbackPeer> peer;
    std::unique_ptr<Connection> connection;
};

} // namespace

TEST_CASE("one shard writes for another: frames are shared, not copied, and the home knows how far it is") {
    TwoShards shards;
    std::vector<std::unique_ptr<Viewer>> viewers;
    for (int i = 0; i < 50; ++i) viewers.push_back(std::make_unique<Viewer>(shards));
    shards.turn();
    CHECK_FALSE(shards.home().behind());
    shards.caught_up = 0;
    const Frame news = frame_of("news");
    for (const auto& viewer : viewers) CHECK(viewer->send(news));
    CHECK(shards.home().behind()); // before it is handed over, too
    shards.writes = false;
    shards.turn();
    CHECK(shards.home().behind());
    CHECK(shards.caught_up == 0);
    shards.writes = true;
    shards.turn();
    CHECK_FALSE(shards.home().behind());
    CHECK(shards.caught_up == 1);
    for (const auto& viewer : viewers) {
        const auto frames = viewer->peer->receive();
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].wire().data() == news.wire().data());
    }
    CHECK_FALSE(shards.relay().behind());
}

TEST_CASE("writing for another shard ends with its time, and goes on where it was") {
    TwoShards shards;
    std::vector<std::unique_ptr<Viewer>> viewers;
    for (int i = 0; i < 100; ++i) viewers.push_back(std::make_unique<Viewer>(shards));
    shards.turn();
    for (const auto& viewer : viewers) viewer->send(frame_of("one"));
    for (const auto& viewer : viewers) viewer->send(frame_of("two"));
    shards.writes = false;
    shards.turn();
    shards.clock.per_look = Microseconds{100};
    CHECK(shards.relay().write(shards.clock.time + Microseconds{500}));
    const auto heard = [&] {
        std::size_t count = 0;
        for (const auto& viewer : viewers) count += viewer->peer->receive().size();
        return count;
    };
    const std::size_t first = heard();
    CHECK(first > 0);
    CHECK(first < 100);
    std::size_t all = first;
    int slices = 1;
    while (shards.relay().write(shards.clock.time + Microseconds{500})) {
        all += heard();
        ++slices;
    }
    CHECK(slices > 3);
    CHECK(all + heard() == 200);
}

TEST_CASE("what is sent before the home knows that a socket is full waits in order, up to a limit") {
    TwoShards shards;
    SUBCASE("and goes when it has drained") {
        Viewer ann{shards, 100};
        shards.turn();
        const std::string big(200, 'x');
        CHECK(ann.send(frame_of(big)));
        CHECK(ann.send(frame_of("second"))); // nobody knows yet
        CHECK(ann.send(frame_of("third")));
        shards.turn();
        CHECK(ann.connection->bytes_waiting() > 0);
        CHECK_FALSE(ann.send(frame_of("fourth"))); // now it is known
        shards.turn();
        CHECK(ann.events.drained == 0);
        std::vector<std::string> heard = ann.heard();
        shards.turn();
        for (const std::string& text : ann.heard()) heard.push_back(text);
        CHECK(heard == std::vector<std::string>{big, "second", "third", "fourth"});
        CHECK(ann.events.drained == 1);
        CHECK(ann.connection->bytes_waiting() == 0);
    }
    SUBCASE("and is closed beyond it") {
        Viewer ann{shards, 100};
        shards.turn();
        for (int i = 0; i < 30; ++i) CHECK(ann.send(frame_of(std::string(50'000, 'x'))));
        shards.turn();
        ann.peer->settle();
        shards.turn();
        CHECK(ann.peer->close_reason().code == ErrorCode::slow);
        CHECK(ann.events.closed.size() == 1);
    }
}

TEST_CASE("numbers are given again, and nobody hears what was meant for who had them before") {
    TwoShards shards;
    for (int round = 0; round < 20; ++round) {
        auto ann = std::make_unique<Viewer>(shards);
        auto bob = std::make_unique<Viewer>(shards);
        shards.turn();
        const auto peer_of_ann = std::move(ann->peer);
        ann->send(frame_of("last words"));
        if (round % 2 == 0) peer_of_ann->vanish(); // both ends at once
        ann->connection.reset();
        Viewer cleo{shards};
        if (round % 3 == 0) shards.turn();
        Viewer dora{shards};
        shards.turn();
        bob->send(frame_of("bob"));
        cleo.send(frame_of("cleo"));
        dora.send(frame_of("dora"));
        bob->peer->send(std::as_bytes(std::span{std::string_view{"from bob"}}));
        shards.turn();
        CHECK(bob->heard() == std::vector<std::string>{"bob"});
        CHECK(cleo.heard() == std::vector<std::string>{"cleo"});
        CHECK(dora.heard() == std::vector<std::string>{"dora"});
        CHECK(bob->events.messages.size() == 1);
        CHECK(cleo.events.messages.empty());
        CHECK(cleo.events.closed.empty());
        CHECK(dora.events.closed.empty());
    }
}

TEST_CASE("a socket that is dead before it is opened is reported as closed") {
    TwoShards shards;
    Recorder events;
    const auto connection = shards.home().connection(1, "gone", [] { return nullptr; });
    connection->start(events);
    const Frame frame = frame_of("lost");
    CHECK(connection->send({&frame, 1}));
    shards.turn();
    CHECK(events.closed.size() == 1);
    CHECK_FALSE(shards.home().behind());
}
