#include "contract/enet_end.hpp"
#include "net/loopback/loopback.hpp"
#include "net/recorder.hpp"
#include "net/relay/two_shards.hpp"
#include "net/websocket/connection.hpp"
#include "net/websocket/send_ring.hpp"
#include "net/websocket/websocket_client.hpp"
#include "session/connection.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

// What every Connection keeps to, whatever carries its bytes: session/connection.hpp as tests. Each transport brings an
// End: the far side, and a way to let things happen.
using namespace playhead;
using enet::test::EnetEnd;
using playhead::testing::Recorder;
using websocket::test::bytes_of;

namespace {

class LoopbackEnd {
  public:
    explicit LoopbackEnd(std::size_t capacity_bytes = 32 * 1024) : pair_(make_loopback(capacity_bytes)) {}

    std::unique_ptr<Connection>& connection() { return pair_.engine; }
    void say(const Bytes& message) { pair_.peer->send(message); }
    // Everything due happens; a peer that reads has read.
    void settle() {
        if (reading)
            for (const Frame& frame : pair_.peer->receive())
                heard_.emplace_back(frame.payload().begin(), frame.payload().end());
        pair_.peer->settle();
    }
    template <class Done>
    bool run_until(Done done) {
        for (int turns = 0; turns < 10 && !done(); ++turns) settle();
        return done();
    }
    void vanish() { pair_.peer->vanish(); }
    void answer_close() {}
    std::vector<Bytes> heard() const { return heard_; }
    bool sees_end() const { return pair_.peer->closed(); }

    bool reading = true;

  private:
    LoopbackPair pair_;
    std::vector<Bytes> heard_;
};

template <class Link, bool with_ring = false>
class WebSocketEndOver {
  public:
    WebSocketEndOver() {
        shared_->close_time_max = std::chrono::milliseconds{50};
        if (with_ring) shared_->ring = websocket::SendRing::make().value();
        gather();
    }

    std::unique_ptr<Connection>& connection() { return link_.connection; }
    void say(const Bytes& message) { link_.write(websocket::test::binary(message)); }
    void settle() {
        link_.reading = reading;
        gathering_.reset();
        link_.settle();
        link_.read();
        gather();
    }
    template <class Done>
    bool run_until(Done done) {
        link_.reading = reading;
        return link_.run_until([&] {
            gather(); // submits, and begins anew
            return done();
        });
    }
    void vanish() { link_.hang_up(); }
    void answer_close() { link_.write(websocket::test::close_frame(1000)); }
    std::vector<Bytes> heard() const { return link_.messages(); }
    bool sees_end() const { return link_.end_seen || link_.reset_seen; }

    bool reading = true;

  private:
    void gather() {
        gathering_.reset();
        gathering_.emplace(shared_->ring.get());
    }

    std::unique_ptr<websocket::Shared> shared_ = std::make_unique<websocket::Shared>();
    Link link_{*shared_};
    std::optional<websocket::Gathering> gathering_;
};
using WebSocketEnd = WebSocketEndOver<websocket::test::Link>;
using GatheringWebSocketEnd = WebSocketEndOver<websocket::test::Link, true>;
using SecureWebSocketEnd = WebSocketEndOver<websocket::test::SecureLink>;

// Another transport's connection, which another shard writes for.
template <class End>
class RelayedEnd {
  public:
    RelayedEnd() : relayed_(shards_.relayed(std::move(end_.connection()))) {}

    std::unique_ptr<Connection>& connection() { return relayed_; }
    void say(const Bytes& message) {
        shards_.turn(); // opened there, if it is not yet
        end_.say(message);
    }
    void settle() {
        end_.reading = reading;
        shards_.turn();
        end_.settle();
        shards_.turn();
    }
    template <class Done>
    bool run_until(Done done) {
        end_.reading = reading;
        return end_.run_until([&] {
            shards_.turn();
            return done();
        });
    }
    void vanish() {
        shards_.turn();
        end_.vanish();
    }
    void answer_close() { end_.answer_close(); }
    std::vector<Bytes> heard() const { return end_.heard(); }
    bool sees_end() const { return end_.sees_end(); }

    bool reading = true;

  private:
    End end_;
    relay::test::TwoShards shards_;
    std::unique_ptr<Connection> relayed_;
};

Bytes message(std::size_t size, std::size_t number) { return Bytes(size, static_cast<std::byte>(number % 251)); }

// Calls the connection with the recorder watching that nobody is called back meanwhile.
template <class Call>
auto watched(Recorder& events, Call call) {
    struct Flag {
        bool& flag;
        explicit Flag(bool& which) : flag(which) { flag = true; }
        ~Flag() { flag = false; }
    } flag{events.calling};
    return call();
}

bool send(Connection& connection, Recorder& events, const std::vector<Bytes>& messages) {
    std::vector<Frame> frames;
    for (const Bytes& one : messages) frames.emplace_back(one);
    return watched(events, [&] { return connection.send(frames); });
}

// Sends to a peer that does not read until the connection says that it is enough; the messages sent.
template <class End>
std::vector<Bytes> fill(End& end, Recorder& events) {
    end.reading = false;
    std::vector<Bytes> sent;
    while (sent.size() < 5000) {
        sent.push_back(message(8000, sent.size()));
        const bool all_went = send(*end.connection(), events, {sent.back()});
        end.settle();
        events.drained = 0;
        if (!all_went && end.connection()->bytes_waiting() > 0) return sent;
    }
    FAIL("nothing is ever enough");
    return sent;
}

} // namespace

#define TEST_CASE_EACH(name)                                                                                           \
    TEST_CASE_TEMPLATE(name, End, LoopbackEnd, WebSocketEnd, SecureWebSocketEnd, EnetEnd, GatheringWebSocketEnd,       \
                       RelayedEnd<LoopbackEnd>, RelayedEnd<WebSocketEnd>)

TEST_CASE_EACH("messages arrive whole and in order, both ways") {
    Recorder events;
    End end;
    watched(events, [&] { end.connection()->start(events); });
    std::vector<Bytes> out;
    std::vector<Bytes> in;
    for (const std::size_t size : {1UZ, 125UZ, 126UZ, 1000UZ, 2000UZ, 2UZ}) {
        out.push_back(message(size, size + 1));
        in.push_back(message(size, size + 2));
        CHECK(send(*end.connection(), events, {out.back()}));
        end.say(in.back());
        CHECK(end.run_until([&] { return end.heard().size() == out.size(); }));
    }
    CHECK(end.run_until([&] { return end.heard().size() == out.size() && events.messages.size() == in.size(); }));
    CHECK(end.heard() == out);
    CHECK(events.messages == in);
}

TEST_CASE_EACH("the frames of one send arrive in their order, and none is no send at all") {
    Recorder events;
    End end;
    end.connection()->start(events);
    const std::vector<Bytes> tick{bytes_of("welcome"), bytes_of("snapshot"), bytes_of("reply")};
    CHECK(send(*end.connection(), events, {}));
    CHECK(send(*end.connection(), events, tick));
    CHECK(end.run_until([&] { return end.heard().size() == 3; }));
    CHECK(end.heard() == tick);
}

TEST_CASE_EACH("a peer that does not read is felt, and told about once when it reads again") {
    Recorder events;
    End end;
    end.connection()->start(events);
    std::vector<Bytes> sent = fill(end, events);
    CHECK(end.connection()->bytes_waiting() > 0);
    end.settle();
    CHECK(events.drained == 0);
    end.reading = true;
    CHECK(end.run_until([&] { return events.drained > 0; }));
    CHECK(end.connection()->bytes_waiting() == 0);
    sent.push_back(bytes_of("and on it goes"));
    CHECK(send(*end.connection(), events, {sent.back()}));
    CHECK(end.run_until([&] { return end.heard().size() == sent.size(); }));
    CHECK(end.heard() == sent);
    CHECK(events.drained == 1);
    CHECK(events.closed.empty());
}

TEST_CASE_EACH("answers may be sent from on_message and from on_drained") {
    Recorder events;
    End end;
    end.connection()->start(events);
    events.then = [&] { send(*end.connection(), events, {bytes_of("answer")}); };
    end.say(bytes_of("question"));
    CHECK(end.run_until([&] { return end.heard().size() == 1; }));
    const auto sent = fill(end, events);
    end.reading = true;
    CHECK(end.run_until([&] { return end.heard().size() >= sent.size() + 2; }));
    CHECK(end.heard().back() == bytes_of("answer"));
}

TEST_CASE_EACH("close() comes behind what was sent, ends in on_closed() without blame, and twice is once") {
    Recorder events;
    End end;
    end.connection()->start(events);
    send(*end.connection(), events, {bytes_of("goodbye")});
    watched(events, [&] {
        end.connection()->close(ErrorCode::draining, "restart");
        end.connection()->close(ErrorCode::idle, "again");
    });
    CHECK(events.closed.empty());
    end.settle();
    end.answer_close();
    CHECK(end.run_until([&] { return !events.closed.empty(); }));
    CHECK(events.closed.size() == 1);
    CHECK(events.closed[0].code == ErrorCode::none);
    CHECK(end.run_until([&] { return end.sees_end(); }));
    CHECK(end.heard() == std::vector<Bytes>{bytes_of("goodbye")});
}

TEST_CASE_EACH("close() ends in bounded time though the peer neither reads nor answers") {
    Recorder events;
    End end;
    end.connection()->start(events);
    fill(end, events);
    watched(events, [&] { end.connection()->close(ErrorCode::slow, "too slow"); });
    CHECK(end.run_until([&] { return !events.closed.empty(); }));
    CHECK(events.drained == 0);
}

TEST_CASE_EACH("after close() nothing is heard and nothing is said any more") {
    Recorder events;
    End end;
    end.connection()->start(events);
    watched(events, [&] { end.connection()->close(ErrorCode::none, ""); });
    CHECK(send(*end.connection(), events, {bytes_of("late")}));
    end.say(bytes_of("late too"));
    end.settle();
    end.answer_close();
    CHECK(end.run_until([&] { return !events.closed.empty(); }));
    CHECK(send(*end.connection(), events, {bytes_of("very late")}));
    watched(events, [&] { end.connection()->close(ErrorCode::none, ""); });
    end.settle();
    CHECK(events.messages.empty());
    CHECK(end.heard().empty());
    CHECK(events.closed.size() == 1);
}

TEST_CASE_EACH("a peer that vanishes is reported once, without blame, and what is sent then is dropped") {
    Recorder events;
    End end;
    end.connection()->start(events);
    end.vanish();
    CHECK(end.run_until([&] { return !events.closed.empty(); }));
    CHECK(events.closed[0].code == ErrorCode::none);
    for (int i = 0; i < 5; ++i) send(*end.connection(), events, {message(5000, 1)});
    end.settle();
    CHECK(events.closed.size() == 1);
    CHECK(events.drained == 0);
}

TEST_CASE_EACH("a peer that vanishes with bytes waiting for it is reported too") {
    Recorder events;
    End end;
    end.connection()->start(events);
    fill(end, events);
    end.vanish();
    CHECK(end.run_until([&] { return !events.closed.empty(); }));
    CHECK(events.drained == 0);
}

TEST_CASE_EACH("the owner may destroy the connection inside any callback") {
    Recorder events;
    End end;
    end.connection()->start(events);
    SUBCASE("on_message, with more messages behind") {
        events.then = [&] { end.connection().reset(); };
        end.say(bytes_of("one"));
        end.say(bytes_of("two"));
        CHECK(end.run_until([&] { return end.sees_end(); }));
        CHECK(events.messages.size() == 1);
    }
    SUBCASE("on_drained") {
        fill(end, events);
        events.then = [&] { end.connection().reset(); };
        end.reading = true;
        CHECK(end.run_until([&] { return events.drained == 1; }));
        CHECK(end.run_until([&] { return end.sees_end(); }));
    }
    SUBCASE("on_closed, after the peer has gone") {
        events.then = [&] { end.connection().reset(); };
        end.vanish();
        CHECK(end.run_until([&] { return !events.closed.empty(); }));
    }
    SUBCASE("on_closed, after close()") {
        events.then = [&] { end.connection().reset(); };
        end.connection()->close(ErrorCode::none, "");
        end.settle();
        end.answer_close();
        CHECK(end.run_until([&] { return !events.closed.empty(); }));
    }
    end.settle();
    CHECK(end.connection() == nullptr);
}

TEST_CASE_EACH("destroying a connection ends it for the peer, whatever was under way") {
    Recorder events;
    End end;
    SUBCASE("nothing: it was never started") {}
    SUBCASE("nothing") { end.connection()->start(events); }
    SUBCASE("frames wait") {
        end.connection()->start(events);
        fill(end, events);
    }
    SUBCASE("it is closing") {
        end.connection()->start(events);
        end.connection()->close(ErrorCode::none, "");
    }
    end.connection().reset();
    end.reading = true;
    CHECK(end.run_until([&] { return end.sees_end(); }));
    end.settle();
    CHECK(events.closed.empty());
    CHECK(events.drained == 0);
}

TEST_CASE_EACH("the peer has a name for the log") {
    End end;
    CHECK_FALSE(end.connection()->peer().empty());
}
