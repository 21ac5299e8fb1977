#include "replication/replica.hpp"
#include "replication/state_hash.hpp"
#include "room/random_inputs.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace playhead;
using namespace playhead::test;
using namespace std::chrono_literals;

TEST_CASE("[W10] every field of every item counts in its hash") {
    std::set<std::uint32_t> hashes;
    std::size_t items = 0;
    const auto add = [&](std::uint32_t hash) {
        hashes.insert(hash);
        ++items;
    };
    add(item_hash(RoomInfo{}));
    add(item_hash(RoomInfo{.title = "x", .listed = false}));
    add(item_hash(RoomInfo{.title = "", .listed = true}));
    add(item_hash(Media{}));
    add(item_hash(Media{.instance = MediaInstance{1}}));
    add(item_hash(Media{.kind = MediaKind::file}));
    add(item_hash(Media{.url = "x"}));
    add(item_hash(Media{.title = "x"}));
    add(item_hash(Media{.duration = 1us}));
    add(item_hash(Motion{}));
    for (const Playhead& playhead :
         {Playhead{.media = MediaInstance{1}}, Playhead{.anchor_position = 1us}, Playhead{.anchor_tick = Tick{1}},
          Playhead{.rate = Rate{999}}, Playhead{.playing = true}}) {
        add(item_hash(Motion{.current = playhead, .pending = {}}));
        add(item_hash(Motion{.current = {}, .pending = playhead}));
    }
    add(item_hash(Motion{.current = {}, .pending = Playhead{}}));
    for (const std::uint32_t count : {0u, 1u, 256u}) add(viewer_count_hash(count));
    add(item_hash(ViewerRow{}));
    add(item_hash(ViewerRow{.id = ViewerId{1}}));
    add(item_hash(ViewerRow{.name = "x"}));
    add(item_hash(ViewerRow{.roles = 1}));
    add(item_hash(ViewerRow{.connected = false}));
    add(item_hash(TableName{}, {}, Value{}));
    CHECK(hashes.size() == items);
}

TEST_CASE("[W10] a state before any value has the hash of its default items") {
    const std::uint32_t expected =
        item_hash(RoomInfo{}) + item_hash(Media{}) + item_hash(Motion{}) + viewer_count_hash(0);
    CHECK(StateHash{}.value() == expected);
    CHECK(StateHash::of(RoomState{}) == expected);
    CHECK(Replica{}.state_hash() == expected);
}

TEST_CASE("[W10] the hash that is kept equals the hash from scratch after every commit") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        RandomInputs inputs(seed);
        Room room{Epoch{1}, {.title = "r", .listed = true}, TickLength{}};
        StateHash every_commit;
        StateHash some_commits;
        Version every_version{0};
        Version some_version{0};
        Random random(seed);
        for (int step = 0; step < 150; ++step) {
            const auto batch = inputs.next(room);
            for (const Input& input : batch.inputs) room.apply(input, batch.tick, batch.lead);
            room.advance(batch.tick);
            room.commit();
            every_commit.feed(room.state(), every_version);
            every_version = room.state().version;
            REQUIRE(every_commit.value() == StateHash::of(room.state()));
            if (random.one_in(5)) {
                some_commits.feed(room.state(), some_version);
                some_version = room.state().version;
                REQUIRE(some_commits.value() == StateHash::of(room.state()));
            }
        }
    }
}

TEST_CASE("[W10] a hash that missed more removals than are remembered starts from scratch") {
    Room room{Epoch{1}, {}, TickLength{}};
    room.apply(Join{.viewer = ViewerId{1}, .name = "stays", .roles = 0}, Tick{1}, Lead{});
    room.apply(Join{.viewer = ViewerId{2}, .name = "goes", .roles = 0}, Tick{1}, Lead{});
    room.commit();
    StateHash hash;
    hash.feed(room.state(), Version{0});
    const Version fed = room.state().version;
    room.apply(Leave{.viewer = ViewerId{2}}, Tick{2}, Lead{});
    room.commit();
    for (std::uint32_t id = 3; id < 3 + Roster::tombstones_max; ++id) {
        room.apply(Join{.viewer = ViewerId{id}, .name = "x", .roles = 0}, Tick{3}, Lead{});
        room.commit();
        room.apply(Leave{.viewer = ViewerId{id}}, Tick{3}, Lead{});
        room.commit();
    }
    REQUIRE(fed < room.state().roster.tombstone_floor());
    hash.feed(room.state(), fed);
    CHECK(hash.value() == StateHash::of(room.state()));
}
