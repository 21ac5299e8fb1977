#include "replication/baseline.hpp"
#include "replication/decode.hpp"
#include "replication/replica.hpp"
#include "room/random_inputs.hpp"
#include "room/stage.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace playhead;
using namespace playhead::test;

namespace {

using Applied = Replica::Applied;

Applied apply(Replica& replica, const Frame& frame) {
    const auto message = decode_server(frame.payload());
    REQUIRE(message);
    if (const auto* snapshot = std::get_if<Snapshot>(&*message)) return replica.apply(*snapshot);
    return replica.apply(std::get<Delta>(*message));
}

bool is_snapshot(const Frame& frame) {
    const auto message = decode_server(frame.payload());
    return message && std::holds_alternative<Snapshot>(*message);
}

void require_same(const Replica& replica, const RoomState& state) {
    REQUIRE(replica.epoch() == state.epoch);
    REQUIRE(replica.version() == state.version);
    REQUIRE(replica.info() == state.info.value());
    REQUIRE(replica.media() == state.media.value());
    REQUIRE(replica.motion() == state.motion.value());
    REQUIRE(replica.viewer_count() == state.viewer_count.value());
    REQUIRE(replica.viewers().size() == state.roster.rows().size());
    for (const auto& [id, row] : state.roster.rows()) REQUIRE(replica.viewers().at(id) == row.value());
    REQUIRE(replica.state_hash() == StateHash::of(state));
}

// A stage whose commits are observed.
struct Observed {
    Stage stage;
    Baseline baseline;
    void commit() {
        stage.room.advance(stage.tick);
        stage.room.commit();
        baseline.observe(stage.room.state(), stage.tick);
        stage.tick = stage.tick + 1;
    }
    const RoomState& state() const { return stage.room.state(); }
    Frame update_from(Version base, std::optional<ServerTime> sent_at = {}) {
        return baseline.update_from(state(), state().epoch, base, sent_at);
    }
};

} // namespace

TEST_CASE("[W9] a snapshot, and a delta from any base, give the room's state") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        RandomInputs inputs(seed);
        Room room{Epoch{5}, {.title = "r", .listed = true}, TickLength{}};
        Baseline baseline;
        std::map<Version, Replica> replicas; // one that stopped listening at each version
        for (int step = 0; step < 60; ++step) {
            const auto batch = inputs.next(room);
            for (const Input& input : batch.inputs) room.apply(input, batch.tick, batch.lead);
            room.advance(batch.tick);
            room.commit();
            baseline.observe(room.state(), batch.tick);
            for (const auto& [base, kept] : replicas) {
                if (base == room.state().version) continue;
                CAPTURE(base.value);
                Replica replica = kept;
                REQUIRE(apply(replica, baseline.update_from(room.state(), Epoch{5}, base, {})) == Applied::updated);
                require_same(replica, room.state());
            }
            Replica newcomer;
            REQUIRE(apply(newcomer, baseline.snapshot(room.state())) == Applied::updated);
            require_same(newcomer, room.state());
            replicas.emplace(room.state().version, newcomer);
        }
    }
}

TEST_CASE("[W12] what cannot be told from a base is told whole") {
    Observed room;
    room.commit();
    const Version now = room.state().version;
    CHECK_FALSE(is_snapshot(room.update_from(Version{1})));
    CHECK(is_snapshot(room.update_from(Version{0})));
    CHECK(is_snapshot(room.update_from(Version{now.value + 1})));
    CHECK(is_snapshot(room.update_from(Version{0xFFFFFFFF})));
    CHECK(is_snapshot(room.baseline.update_from(room.state(), Epoch{8}, now, {})));
    CHECK(is_snapshot(room.baseline.update_from(room.state(), Epoch{0}, Version{0}, {})));
    CHECK(room.baseline.reachable(room.state(), Epoch{7}, now));
    CHECK_FALSE(room.baseline.reachable(room.state(), Epoch{8}, now));
}

TEST_CASE("[W14] a base from before the remembered removals gets a snapshot") {
    Observed room;
    room.commit();
    Replica old;
    apply(old, room.baseline.snapshot(room.state()));
    for (std::uint32_t id = 3; id < 4 + Roster::tombstones_max; ++id) {
        room.stage.join(ViewerId{id});
        room.commit();
        room.stage.apply(Leave{.viewer = ViewerId{id}});
        room.commit();
    }
    const Version floor = room.state().roster.tombstone_floor();
    REQUIRE(old.version() < floor);
    CHECK(is_snapshot(room.update_from(old.version())));
    CHECK(is_snapshot(room.update_from(Version{floor.value - 1})));
    CHECK_FALSE(is_snapshot(room.update_from(floor)));
    CHECK(apply(old, room.update_from(old.version())) == Applied::updated);
    require_same(old, room.state());
}

TEST_CASE("a version is encoded once for everybody with the same base") {
    Observed room;
    room.commit();
    const Version base = room.state().version;
    room.stage.act(ada, SetName{.name = "Grace"});
    room.commit();
    const Frame first = room.update_from(base);
    const Frame second = room.update_from(base);
    CHECK(first.wire().data() == second.wire().data());
    CHECK(room.baseline.deltas_encoded() == 1);
    const Frame snapshot = room.baseline.snapshot(room.state());
    CHECK(room.baseline.snapshot(room.state()).wire().data() == snapshot.wire().data());
    CHECK(room.update_from(Version{0}).wire().data() == snapshot.wire().data());
    CHECK(room.baseline.snapshots_encoded() == 1);

    room.stage.act(ada, SetName{.name = "Hedy"});
    room.commit();
    CHECK(room.update_from(base).wire().data() != first.wire().data());
    CHECK(room.baseline.snapshot(room.state()).wire().data() != snapshot.wire().data());
}

TEST_CASE("a commit that changed nothing keeps what is encoded") {
    Observed room;
    room.commit();
    const Frame snapshot = room.baseline.snapshot(room.state());
    room.commit();
    CHECK(room.baseline.snapshot(room.state()).wire().data() == snapshot.wire().data());
}

TEST_CASE("[W11] a delta names the tick of its version and carries a stamp only when it is fresh") {
    Observed room;
    room.commit();
    const Version base = room.state().version;
    room.stage.act(ada, SetName{.name = "Grace"});
    const Tick changed = room.stage.tick;
    room.commit();
    room.commit();
    const auto delta = [&](std::optional<ServerTime> sent_at) {
        return std::get<Delta>(*decode_server(room.update_from(base, sent_at).payload()));
    };
    CHECK(delta({}).tick == changed);
    CHECK_FALSE(delta({}).sent_at);
    CHECK(delta(ServerTime{5s}).sent_at == ServerTime{5s});
    CHECK(delta(ServerTime{6s}).sent_at == ServerTime{6s});
    CHECK(delta(ServerTime{5s}).tick == changed);
    CHECK(delta({}).base == base);
    CHECK(delta({}).state_hash == room.baseline.state_hash());
}

TEST_CASE("the frames of one version are bounded") {
    Observed room;
    room.commit();
    const Version base = room.state().version;
    room.stage.act(ada, SetName{.name = "Grace"});
    room.commit();
    for (int stamp = 1; stamp <= 1000; ++stamp) {
        Replica replica;
        CHECK_FALSE(is_snapshot(room.update_from(base, ServerTime{std::chrono::seconds{stamp}})));
    }
    const std::uint64_t encoded = room.baseline.deltas_encoded();
    room.update_from(base, ServerTime{1000s});
    CHECK(room.baseline.deltas_encoded() == encoded);
}

TEST_CASE("a delta holds what changed and nothing else") {
    Observed room;
    room.stage.load(60s);
    room.commit();
    const Version base = room.state().version;
    room.stage.act(ada, Seek{.to = 10s});
    room.commit();
    const auto delta = std::get<Delta>(*decode_server(room.update_from(base).payload()));
    CHECK(delta.fields.motion == room.state().motion.value());
    RoomFields only_motion;
    only_motion.motion = room.state().motion.value();
    CHECK(delta.fields == only_motion);
}

TEST_CASE("[W9] a replica takes duplicates and overlaps, and asks for a snapshot when it has a gap") {
    Observed room;
    room.commit();
    Replica replica;
    CHECK(apply(replica, room.baseline.snapshot(room.state())) == Applied::updated);
    const Version first = room.state().version;
    room.stage.act(ada, SetName{.name = "Grace"});
    room.commit();
    const Frame one = room.update_from(first);
    const Version second = room.state().version;
    room.stage.act(bob, SetName{.name = "Alan"});
    room.commit();
    const Frame two = room.update_from(second);
    const Frame both = room.update_from(first);

    Replica gap = replica;
    CHECK(apply(gap, two) == Applied::needs_snapshot);
    CHECK(gap.version() == first);
    CHECK(apply(replica, one) == Applied::updated);
    CHECK(apply(replica, one) == Applied::unchanged);
    CHECK(apply(replica, both) == Applied::updated);
    CHECK(apply(replica, two) == Applied::unchanged);
    CHECK(apply(replica, room.update_from(room.state().version)) == Applied::unchanged);
    require_same(replica, room.state());
    Replica nothing;
    CHECK(apply(nothing, both) == Applied::needs_snapshot);
}

TEST_CASE("[W9] a delta of another epoch is not applied") {
    Observed room;
    room.commit();
    Replica replica;
    apply(replica, room.baseline.snapshot(room.state()));
    Delta foreign{.epoch = Epoch{8}, .base = replica.version(), .version = Version{99}, .fields = {}};
    CHECK(replica.apply(foreign) == Applied::needs_snapshot);
    require_same(replica, room.state());
}

TEST_CASE("[W10] a replica that disagrees says so") {
    Observed room;
    room.commit();
    auto snapshot = std::get<Snapshot>(*decode_server(room.baseline.snapshot(room.state()).payload()));
    Replica replica;
    CHECK(replica.apply(snapshot) == Applied::updated);
    snapshot.fields.viewers.front().name += "?";
    CHECK(replica.apply(snapshot) == Applied::hash_mismatch);

    const Version base = room.state().version;
    room.stage.act(ada, SetName{.name = "Grace"});
    room.commit();
    CHECK(apply(replica, room.update_from(base)) == Applied::updated); // the row that was wrong was rewritten
    room.stage.act(ada, SetName{.name = "Hedy"});
    const Version next = room.state().version;
    room.commit();
    auto delta = std::get<Delta>(*decode_server(room.update_from(next).payload()));
    delta.state_hash ^= 1;
    CHECK(replica.apply(delta) == Applied::hash_mismatch);
}

TEST_CASE("a room that begins a new history is observed from scratch") {
    Observed room;
    room.commit();
    const Room other{Epoch{9}, RoomInfo{.title = "Other", .listed = false}, TickLength{}};
    room.baseline.observe(other.state(), Tick{1});
    CHECK(room.baseline.state_hash() == StateHash::of(other.state()));
    Replica replica;
    CHECK(apply(replica, room.baseline.update_from(other.state(), Epoch{7}, Version{1}, {})) == Applied::updated);
    require_same(replica, other.state());
}
