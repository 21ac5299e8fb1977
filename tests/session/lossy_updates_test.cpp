// The decision alone: what a peer that may lose updates is sent next.
#include "session/lossy_updates.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using Next = LossyUpdates::Next;

namespace {

constexpr Epoch epoch{7};
constexpr Microseconds tick{50'000};

Version v(std::uint32_t number) { return Version{number}; }

// One that holds version 10.
LossyUpdates in_step() {
    LossyUpdates updates{1000};
    updates.sent_snapshot(epoch, v(10));
    updates.acknowledge(epoch, v(10));
    return updates;
}

} // namespace

TEST_CASE("whoever holds nothing gets a snapshot, and is then left in peace until something changes") {
    LossyUpdates updates{1000};
    CHECK_FALSE(updates.unsettled());
    CHECK(updates.next(v(10), false, {}) == Next::snapshot);
    updates.sent_snapshot(epoch, v(10));
    CHECK_FALSE(updates.unsettled()); // it arrives whatever happens
    CHECK(updates.next(v(10), false, {}) == Next::nothing);
    CHECK(updates.next(v(10), true, {}) == Next::nothing);
    CHECK(updates.base() == v(10));
}

TEST_CASE("[E5] a delta is said again every tick until it is acknowledged, ten times at most, then all of it once") {
    LossyUpdates updates = in_step();
    ServerTime now{};
    for (int saying = 0; saying < LossyUpdates::sayings_max; ++saying) {
        CHECK(updates.next(v(11), false, now) == Next::delta);
        updates.said(v(11), now);
        CHECK(updates.unsettled());
        CHECK(updates.next(v(11), false, now + Microseconds{10'000}) == Next::nothing); // not more often than ticks
        now += tick;
    }
    CHECK(updates.next(v(11), false, now) == Next::snapshot);
    updates.sent_snapshot(epoch, v(11));
    CHECK_FALSE(updates.unsettled());
    CHECK(updates.next(v(11), false, now + tick) == Next::nothing);
}

TEST_CASE("[E5] an acknowledged delta is not said again, and the next leads on from it") {
    LossyUpdates updates = in_step();
    updates.said(v(11), {});
    CHECK_FALSE(updates.acknowledge(epoch, v(11)));
    CHECK_FALSE(updates.unsettled());
    CHECK(updates.next(v(11), false, ServerTime{tick}) == Next::nothing);
    CHECK(updates.base() == v(11));
    CHECK(updates.next(v(12), false, ServerTime{tick}) == Next::delta);
}

TEST_CASE("a newer change is said at once and ten times of its own, still from what is known to be held") {
    LossyUpdates updates = in_step();
    for (int i = 0; i < 5; ++i) updates.said(v(11), {});
    CHECK(updates.next(v(12), false, {}) == Next::delta);
    updates.said(v(12), {});
    CHECK(updates.base() == v(10));
    for (int i = 1; i < LossyUpdates::sayings_max; ++i) {
        CHECK(updates.next(v(12), false, ServerTime{tick}) == Next::delta);
        updates.said(v(12), {});
    }
    CHECK(updates.next(v(12), false, ServerTime{tick}) == Next::snapshot);
}

TEST_CASE("[S2] before what must find the state in place, it goes reliably, once") {
    LossyUpdates updates = in_step();
    CHECK(updates.next(v(10), true, {}) == Next::nothing); // it is in place
    CHECK(updates.next(v(11), true, {}) == Next::reliable_delta);
    updates.said(v(11), {});
    CHECK(updates.next(v(11), true, {}) == Next::reliable_delta); // that one may be lost
    updates.sent_reliably(v(11));
    CHECK(updates.next(v(11), true, {}) == Next::nothing);
    CHECK_FALSE(updates.unsettled());
    CHECK(updates.base() == v(10)); // until it says that it has it
}

TEST_CASE(
    "[E6] what a peer cannot hold is not believed: not sent yet, older, of another history, or before a snapshot") {
    LossyUpdates updates = in_step();
    updates.said(v(12), {});
    for (const std::uint32_t lie : {13U, 9U, 10U, 0U, 0xFFFF'FFFFU}) {
        CHECK_FALSE(updates.acknowledge(epoch, v(lie)));
        CHECK(updates.base() == v(10));
        CHECK(updates.unsettled());
    }
    CHECK_FALSE(updates.acknowledge(Epoch{8}, v(12)));
    CHECK(updates.base() == v(10));
    updates.acknowledge(epoch, v(11)); // it may have been sent, and harms only whoever says it
    CHECK(updates.base() == v(11));
    updates.sent_snapshot(epoch, v(13));
    updates.acknowledge(epoch, v(12)); // said before the snapshot had come
    CHECK(updates.base() == v(13));
}

TEST_CASE("[E5] there is one snapshot under way at a time: a peer far off is not flooded with them") {
    LossyUpdates updates{1000};
    updates.sent_snapshot(epoch, v(10));
    ServerTime now{};
    for (int saying = 0; saying < LossyUpdates::sayings_max; ++saying) {
        CHECK(updates.next(v(11), false, now) == Next::delta);
        updates.said(v(11), now);
        now += tick;
    }
    CHECK(updates.next(v(11), false, now) == Next::nothing);
    CHECK_FALSE(updates.unsettled()); // and the room need not run for it
    // The snapshot is there after all: now the delta can be of use.
    CHECK(updates.acknowledge(epoch, v(10)));
    CHECK(updates.unsettled());
    CHECK(updates.next(v(11), false, now) == Next::delta);
}

TEST_CASE("what a returning peer claims counts as acknowledged, and what is forgotten no more") {
    LossyUpdates updates{1000};
    updates.claim(epoch, v(10));
    CHECK(updates.next(v(10), false, {}) == Next::nothing);
    CHECK(updates.next(v(12), false, {}) == Next::delta);
    updates.forget();
    CHECK(updates.next(v(12), true, {}) == Next::snapshot);
    CHECK_FALSE(updates.acknowledge(epoch, v(12)));
    CHECK_FALSE(updates.unsettled());
    LossyUpdates fresh{1000};
    fresh.claim({}, {});
    CHECK(fresh.next(v(1), true, {}) == Next::snapshot);
}
