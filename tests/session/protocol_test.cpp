#include "session/protocol.hpp"
#include "session/support.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Phase = Protocol::Phase;

namespace {

const SessionSettings settings;
constexpr ServerTime start{seconds{100}};

Protocol joined() {
    Protocol protocol{settings, start};
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    REQUIRE(std::holds_alternative<decision::Admit>(protocol.on_message(ClientMessage{hello}, start)));
    protocol.admitted(ViewerId{7}, start);
    return protocol;
}

Decision say(Protocol& protocol, ClientMessage message, ServerTime now) {
    return protocol.on_message(std::move(message), now);
}

ClientCommand play(std::uint32_t sequence, ServerTime issued) {
    return command(sequence, Play{}, MediaInstance{1}, issued);
}

} // namespace

TEST_CASE("a session's phases are a story") {
    Protocol protocol{settings, start};
    CHECK(protocol.phase() == Phase::awaiting_hello);
    Hello hello;
    hello.protocol_min = hello.protocol_max = 1;
    CHECK(std::holds_alternative<decision::Admit>(say(protocol, hello, start)));
    CHECK(protocol.phase() == Phase::awaiting_hello); // until the tokens have been looked at
    protocol.admitted(ViewerId{7}, start);
    CHECK(protocol.phase() == Phase::joined);
    CHECK(protocol.viewer() == ViewerId{7});
    CHECK(std::holds_alternative<decision::Observe>(say(protocol, Report{}, start)));
    CHECK(std::holds_alternative<decision::SendSnapshot>(say(protocol, Resync{}, start)));
    CHECK(std::holds_alternative<decision::AnswerPing>(say(protocol, Ping{}, start)));
    CHECK(std::holds_alternative<decision::Enqueue>(say(protocol, play(1, start), start)));
    CHECK(std::holds_alternative<decision::Depart>(say(protocol, Bye{}, start)));
    CHECK(protocol.phase() == Phase::closing);
    for (const ClientMessage& late : {ClientMessage{hello}, ClientMessage{Ping{}}, ClientMessage{play(2, start)}})
        CHECK(std::holds_alternative<decision::Ignore>(say(protocol, late, start)));
}

TEST_CASE("what could not be decoded closes with the decoder's own words") {
    Protocol protocol = joined();
    const Decision decision = protocol.on_message(std::unexpected(Error{ErrorCode::too_large, "17000 bytes"}), start);
    CHECK(std::get<decision::Close>(decision).error == Error{ErrorCode::too_large, "17000 bytes"});
    CHECK(protocol.phase() == Phase::closing);
}

TEST_CASE("[T2] nobody wins from the future, and nobody rewrites more of the past than a slow network explains") {
    Protocol protocol = joined();
    struct Case {
        Microseconds issued, stamped; // relative to arrival
    };
    std::uint32_t sequence = 0;
    for (const Case& one : {Case{seconds{1}, seconds{0}}, Case{seconds{0}, seconds{0}},
                            Case{milliseconds{-200}, milliseconds{-200}}, Case{milliseconds{-500}, milliseconds{-500}},
                            Case{milliseconds{-501}, milliseconds{-500}}, Case{seconds{-90'000}, milliseconds{-500}}}) {
        ClientCommand said = play(++sequence, start + one.issued);
        said.issued_logical = 3;
        said.position_seen = MediaTime{5};
        const Command stamped = std::get<decision::Enqueue>(say(protocol, said, start)).command;
        CHECK(stamped.issued == Stamp{start + one.stamped, 3, ViewerId{7}});
        CHECK(stamped.viewer == ViewerId{7});
        CHECK(stamped.sequence == sequence);
        CHECK(stamped.position_seen == MediaTime{5});
    }
}

TEST_CASE("[S6] commands over budget are answered with when to try again") {
    Protocol protocol = joined();
    std::uint32_t sequence = 0;
    for (int i = 0; i < settings.command_burst; ++i)
        CHECK(std::holds_alternative<decision::Enqueue>(say(protocol, play(++sequence, start), start)));
    const auto refused = std::get<decision::Refuse>(say(protocol, play(++sequence, start), start)).reply;
    CHECK(refused.sequence == sequence);
    CHECK(refused.verdict == Verdict::refused);
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_ms == 100);
    const ServerTime just_before = start + milliseconds{refused.error.retry_ms - 1};
    CHECK(std::holds_alternative<decision::Refuse>(say(protocol, play(++sequence, start), just_before)));
    const ServerTime then = start + milliseconds{refused.error.retry_ms};
    CHECK(std::holds_alternative<decision::Enqueue>(say(protocol, play(++sequence, start), then)));
    CHECK(std::holds_alternative<decision::Refuse>(say(protocol, play(++sequence, start), then)));
}

TEST_CASE("[S6] reports, pings and resyncs over budget are dropped, each by its own budget") {
    Protocol protocol = joined();
    for (std::uint32_t i = 0; i < Protocol::report_budget.burst; ++i) say(protocol, Report{}, start);
    CHECK(std::holds_alternative<decision::Ignore>(say(protocol, Report{}, start)));
    CHECK(std::holds_alternative<decision::AnswerPing>(say(protocol, Ping{}, start)));
    for (std::uint32_t i = 1; i < Protocol::ping_budget.burst; ++i) say(protocol, Ping{}, start);
    CHECK(std::holds_alternative<decision::Ignore>(say(protocol, Ping{}, start)));
    for (std::uint32_t i = 0; i < Protocol::resync_budget.burst; ++i)
        CHECK(std::holds_alternative<decision::SendSnapshot>(say(protocol, Resync{}, start)));
    CHECK(std::holds_alternative<decision::Ignore>(say(protocol, Resync{}, start)));
    CHECK(std::holds_alternative<decision::Observe>(say(protocol, Report{}, start + seconds{1})));
}

TEST_CASE("[S6] the pace that a client is asked for is never over budget, a long stall delivered at once neither") {
    Protocol protocol = joined();
    for (int i = 0; i < 150; ++i) CHECK_FALSE(std::holds_alternative<decision::Ignore>(say(protocol, Ping{}, start)));
    for (int i = 0; i < 6000; ++i) { // ten a second for ten minutes
        const ServerTime now = start + seconds{20} + milliseconds{100} * i;
        CHECK(std::holds_alternative<decision::AnswerPing>(say(protocol, Ping{}, now)));
        if (i % 10 == 0) CHECK(std::holds_alternative<decision::Observe>(say(protocol, Report{}, now)));
    }
}

TEST_CASE("[S6] a flood ends the session") {
    Protocol protocol = joined();
    int messages = 0;
    Decision last;
    do {
        last = say(protocol, Ping{}, start);
        REQUIRE(++messages < 1000);
    } while (!std::holds_alternative<decision::Close>(last));
    CHECK(messages == 301); // 200 answered, 100 dropped
    const auto& close = std::get<decision::Close>(last);
    CHECK(close.error.code == ErrorCode::rate_limited);
    CHECK(close.error.retry_ms == Protocol::abuse_retry_ms);
    CHECK(close.resumable);
}

TEST_CASE("[S7] [J1] silence ends a session, sooner before hello than after") {
    Protocol fresh{settings, start};
    CHECK_FALSE(fresh.on_time(start + settings.hello_timeout));
    CHECK(fresh.on_time(start + settings.hello_timeout + milliseconds{1})->error.code == ErrorCode::hello_expected);
    Protocol protocol = joined();
    CHECK_FALSE(protocol.on_time(start + settings.silence_timeout));
    say(protocol, Report{}, start + seconds{20});
    CHECK_FALSE(protocol.on_time(start + seconds{50}));
    const auto close = protocol.on_time(start + seconds{51});
    REQUIRE(close);
    CHECK(close->error.code == ErrorCode::idle);
    CHECK(close->resumable);
    CHECK_FALSE(protocol.on_time(start + seconds{90})); // said once
}
