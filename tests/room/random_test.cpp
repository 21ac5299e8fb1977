#include "room/random_inputs.hpp"
#include "room/stage.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;

namespace {

// What must be true of every room at every commit, whatever happened.
void check_invariants(const Room& room, Tick tick) {
    const RoomState& state = room.state();
    const Motion& motion = state.motion.value();
    CHECK(motion.current.media == state.media.value().instance);
    CHECK(motion.current.anchor_position >= MediaTime{0});
    CHECK(motion.current.rate.permille >= Rate::permille_min);
    CHECK(motion.current.rate.permille <= Rate::permille_max);
    if (motion.pending) {
        CHECK(motion.pending->playing);
        CHECK(motion.pending->media == motion.current.media);
        CHECK(motion.pending->anchor_tick > tick);
        CHECK(motion.pending->anchor_position >= MediaTime{0});
    }
    CHECK(state.viewer_count.value() == state.viewers.size());
    CHECK(state.roster.rows().size() == std::min(state.viewers.size(), Roster::rows_max));
    for (const auto& [id, row] : state.roster.rows()) {
        CHECK(row.value() == state.viewers.at(id));
        CHECK(row.changed_at() <= state.version);
    }
    CHECK(state.roster.tombstones().size() <= Roster::tombstones_max);
    for (const auto& [id, member] : state.viewers) CHECK(member.outcomes.size() <= Member::outcomes_kept);
}

} // namespace

TEST_CASE("the same inputs give the same room, answers and events") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        RandomInputs first_inputs(seed);
        RandomInputs second_inputs(seed);
        Room first{Epoch{1}, {}, TickLength{}};
        Room second{Epoch{1}, {}, TickLength{}};
        for (int step = 0; step < 120; ++step) {
            const auto batch = first_inputs.next(first);
            const auto same_batch = second_inputs.next(second);
            REQUIRE(batch.inputs.size() == same_batch.inputs.size());
            for (std::size_t index = 0; index < batch.inputs.size(); ++index) {
                CHECK(first.apply(batch.inputs[index], batch.tick, batch.lead) ==
                      second.apply(same_batch.inputs[index], same_batch.tick, same_batch.lead));
            }
            first.advance(batch.tick);
            second.advance(batch.tick);
            CHECK(first.commit() == second.commit());
            CHECK(first.take_events() == second.take_events());
            check_invariants(first, batch.tick);
        }
        REQUIRE(first.state() == second.state());
    }
}

TEST_CASE("[R8] sending every command twice changes nothing") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        RandomInputs inputs(seed);
        Room once{Epoch{1}, {}, TickLength{}};
        Room twice{Epoch{1}, {}, TickLength{}};
        for (int step = 0; step < 120; ++step) {
            const auto batch = inputs.next(once);
            for (const Input& input : batch.inputs) {
                const auto outcome = once.apply(input, batch.tick, batch.lead);
                CHECK(twice.apply(input, batch.tick, batch.lead) == outcome);
                const auto* command = std::get_if<Command>(&input);
                if (command != nullptr && command->viewer != ViewerId{0}) {
                    CHECK(twice.apply(input, batch.tick, batch.lead)->verdict == outcome->verdict);
                }
            }
            once.advance(batch.tick);
            twice.advance(batch.tick);
            once.commit();
            twice.commit();
        }
        REQUIRE(once.state() == twice.state());
    }
}
