#include "net/loopback/loopback.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace playhead;

namespace {

// Writes down what a connection tells its session.
struct Heard final : ConnectionEvents {
    void on_message(ByteView message) override { said.push_back("message " + std::to_string(message.size())); }
    void on_drained() override { said.push_back("drained"); }
    void on_closed(const Error& error) override { said.push_back("closed " + std::string{name_of(error.code)}); }
    std::vector<std::string> said;
};

Frame frame(std::size_t bytes) { return Frame{Bytes(bytes, std::byte{1})}; }

using Story = std::vector<std::string>;

} // namespace

TEST_CASE("messages pass both ways, in order and whole") {
    Heard heard;
    LoopbackPair pair = make_loopback();
    pair.engine->start(heard);
    CHECK(pair.peer->send(Bytes(3)));
    CHECK(pair.peer->send(Bytes(0)));
    CHECK(heard.said == Story{"message 3", "message 0"});
    const std::vector<Frame> frames{frame(5), frame(7)};
    CHECK(pair.engine->send(frames));
    const auto received = pair.peer->receive();
    REQUIRE(received.size() == 2);
    CHECK(received[0].payload().size() == 5);
    CHECK(received[1].payload().size() == 7);
    CHECK(pair.peer->receive().empty());
}

TEST_CASE("a full connection says so, and says when it has drained, from the reader's call") {
    Heard heard;
    LoopbackPair pair = make_loopback(100);
    pair.engine->start(heard);
    const Frame large = frame(60);
    CHECK(pair.engine->send({&large, 1}));
    CHECK(pair.engine->bytes_waiting() == 0);
    CHECK_FALSE(pair.engine->send({&large, 1}));
    CHECK(pair.engine->bytes_waiting() == 2 * large.wire().size() - 100);
    CHECK(heard.said.empty());
    CHECK(pair.peer->receive(1).size() == 1);
    CHECK(heard.said == Story{"drained"});
    CHECK(pair.engine->bytes_waiting() == 0);
    CHECK(pair.peer->receive().size() == 1);
    CHECK(heard.said == Story{"drained"});
}

TEST_CASE("a peer that vanishes is noticed once") {
    Heard heard;
    LoopbackPair pair = make_loopback();
    pair.engine->start(heard);
    pair.peer->vanish();
    pair.peer.reset();
    CHECK(heard.said == Story{"closed none"});
}

TEST_CASE("what was sent before a close still arrives, then the close with its reason") {
    Heard heard;
    LoopbackPair pair = make_loopback();
    pair.engine->start(heard);
    const Frame goodbye = frame(9);
    pair.engine->send({&goodbye, 1});
    pair.engine->close(ErrorCode::slow, "too slow");
    CHECK(heard.said.empty()); // never from inside close()
    CHECK_FALSE(pair.peer->closed());
    CHECK(pair.peer->receive().size() == 1);
    CHECK(pair.peer->closed());
    CHECK(pair.peer->close_reason() == Error{ErrorCode::slow, "too slow"});
    CHECK(heard.said == Story{"closed none"});
    CHECK_FALSE(pair.peer->send(Bytes(1)));
}

TEST_CASE("a close ends even if nobody reads") {
    Heard heard;
    LoopbackPair pair = make_loopback(10);
    pair.engine->start(heard);
    const Frame large = frame(60);
    CHECK_FALSE(pair.engine->send({&large, 1}));
    pair.engine->close(ErrorCode::draining, "going down");
    pair.peer->settle();
    CHECK(heard.said == Story{"closed none"});
}

TEST_CASE("an engine's end that is destroyed closes the connection without a word to its session") {
    Heard heard;
    LoopbackPair pair = make_loopback();
    pair.engine->start(heard);
    pair.engine.reset();
    CHECK(pair.peer->closed());
    CHECK_FALSE(pair.peer->send(Bytes(1)));
    CHECK(heard.said.empty());
}
