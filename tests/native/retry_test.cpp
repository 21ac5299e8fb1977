#include "lib/session/resyncs.hpp"
#include "lib/session/retry.hpp"

#include <doctest/doctest.h>

using namespace playhead::client;

namespace {

Decision after(ErrorCode code, const Attempts& attempts = {.failures = 1}, double random = 0.5) {
    return after_ending({.code = code, .message = "why"}, attempts, random);
}

} // namespace

TEST_CASE("a lost connection is tried again, later and later, by chance") {
    CHECK(after(ErrorCode::unreachable, {.failures = 1}).delay_ms == 125);
    CHECK(after(ErrorCode::unreachable, {.failures = 3}).delay_ms == 500);
    CHECK(after(ErrorCode::unreachable, {.failures = 100}).delay_ms == 5'000);
    CHECK(after(ErrorCode::unreachable, {.failures = 100}, 0).delay_ms == 0);
    CHECK_FALSE(after(ErrorCode::unreachable).forget);
}

TEST_CASE("what would end the same way is not tried again") {
    for (const auto code :
         {ErrorCode::token_wrong, ErrorCode::token_missing, ErrorCode::room_unknown, ErrorCode::banned,
          ErrorCode::kicked, ErrorCode::replaced, ErrorCode::room_closed, ErrorCode::unsupported_protocol}) {
        CAPTURE(name_of(code));
        CHECK_FALSE(after(code).again);
    }
}

TEST_CASE("a place that is gone is forgotten, and the link tried at once, but not for ever") {
    const Attempts resumed{.failures = 1, .resumed = true, .has_join_token = true};
    CHECK(after(ErrorCode::token_stale, resumed) == Decision{.again = true, .forget = true});
    CHECK_FALSE(after(ErrorCode::token_stale, {.failures = 1, .resumed = true}).again);
    CHECK_FALSE(after(ErrorCode::token_stale, {.failures = faults_max, .resumed = true, .has_join_token = true}).again);
}

TEST_CASE("a connect token that was too old is no reason to give up: the next attempt has another") {
    CHECK(after(ErrorCode::token_stale, {.failures = 1, .has_join_token = true, .connect_token = true}).again);
    CHECK(after(ErrorCode::token_wrong, {.failures = 2, .has_join_token = true, .connect_token = true}).again);
    CHECK_FALSE(after(ErrorCode::token_wrong, {.failures = 3, .has_join_token = true, .connect_token = true}).again);
}

TEST_CASE("a fault may be chance, three in a row are not") {
    CHECK(after(ErrorCode::malformed, {.failures = 2}).again);
    CHECK_FALSE(after(ErrorCode::malformed, {.failures = 3}).again);
}

TEST_CASE("never sooner than the engine says, and a place that is not kept is forgotten") {
    const Ending draining{.code = ErrorCode::draining, .message = "", .resumable = false, .retry_ms = 1'000};
    const Decision decision = after_ending(draining, {.failures = 1}, 0.5);
    CHECK(decision == Decision{.again = true, .delay_ms = 1'125, .floor_ms = 1'000, .forget = true});
}

TEST_CASE("[J16] told to come back, it does: not sooner, by chance later, as the same viewer") {
    const Ending busy{.code = ErrorCode::rate_limited, .message = "", .resumable = true, .retry_ms = 4'000};
    const Attempts first{.failures = 1, .resumed = true, .has_join_token = true};
    CHECK(after_ending(busy, first, 0) == Decision{.again = true, .delay_ms = 4'000, .floor_ms = 4'000});
    const Decision last = after_ending(busy, first, 0.999);
    CHECK(last.delay_ms > 4'200);
    CHECK(last.delay_ms < 4'250);
    CHECK(after_ending(busy, {.failures = 50}, 0.5).again);
}

TEST_CASE("close codes and disconnects say what goodbyes say") {
    CHECK(ending_of_close(4018).code == ErrorCode::slow);
    CHECK(ending_of_close(1001).code == ErrorCode::draining);
    CHECK(ending_of_close(1009).code == ErrorCode::too_large);
    CHECK(ending_of_close(1006).code == ErrorCode::unreachable);
    CHECK(ending_of_close(4999).code == ErrorCode::internal);
    CHECK(ending_of_close(4'000'000'000U).code == ErrorCode::unreachable);
    CHECK(ending_of_disconnect(19).code == ErrorCode::idle);
    CHECK(ending_of_disconnect(0).code == ErrorCode::unreachable);
    CHECK(ending_of_disconnect(0xffff'ffff).code == ErrorCode::unreachable);
}

TEST_CASE("a snapshot is asked for at once, but never in a storm") {
    Resyncs resyncs;
    CHECK(resyncs.wanted(true, 0));
    CHECK_FALSE(resyncs.wanted(true, 500)); // the answer is on its way: the same fault
    CHECK(resyncs.mismatches() == 1);
    resyncs.answered();
    CHECK_FALSE(resyncs.wanted(true, 900));
    CHECK(resyncs.mismatches() == 2);
    CHECK(resyncs.wanted(true, 1'000)); // in a row: the gap doubles
    resyncs.answered();
    CHECK_FALSE(resyncs.wanted(false, 2'900));
    CHECK(resyncs.wanted(false, 3'000));
}
