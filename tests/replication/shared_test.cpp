#include "core/random_value.hpp"
#include "replication/baseline.hpp"
#include "replication/decode.hpp"
#include "replication/encode.hpp"
#include "replication/replica.hpp"
#include "room/room.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace playhead;
using namespace playhead::test;

namespace {

using Applied = Replica::Applied;
constexpr Audience audiences[] = {Audience::everyone, Audience::moderators, Audience::owner};

ServerMessage read(const Frame& frame) {
    auto message = decode_server(frame.payload());
    REQUIRE_MESSAGE(message, message.error().message);
    return *std::move(message);
}

Applied apply(Replica& replica, const Frame& frame) {
    const ServerMessage message = read(frame);
    if (const auto* snapshot = std::get_if<Snapshot>(&message)) return replica.apply(*snapshot);
    return replica.apply(std::get<Delta>(message));
}

bool is_snapshot(const Frame& frame) { return std::holds_alternative<Snapshot>(read(frame)); }

Replica::SharedTables visible(const SharedState& shared, Audience audience) {
    Replica::SharedTables tables;
    for (const auto& [name, table] : shared.tables()) {
        if (table.audience() > audience) continue;
        for (const auto& [key, entry] : table.entries()) tables[name].emplace(key, entry.value());
    }
    return tables;
}

// Everything that plugins can do to what they share, from a seed.
class RandomPlugins {
  public:
    explicit RandomPlugins(std::uint64_t seed) : random_(seed) {}

    void act(SharedState& shared) {
        if (random_.one_in(12)) {
            shared.declare(table(), random_.one_of(audiences));
        } else if (random_.one_in(40)) {
            shared.withdraw(table());
        }
        for (std::uint32_t writes = random_.below(5); writes > 0; --writes) {
            const TableName name = table();
            if (shared.find(name) == nullptr) continue;
            const EntryKey key = any_key();
            Value value = random_value(random_);
            if (value.is_nil() || random_.one_in(3)) {
                shared.remove(name, key);
            } else {
                shared.put(name, key, std::move(value));
            }
        }
    }

  private:
    TableName table() {
        constexpr std::string_view plugins[] = {"chat", "host", "queue"};
        constexpr std::string_view fields[] = {"@plugin", "log"};
        return {.plugin = std::string{random_.one_of(plugins)}, .field = std::string{random_.one_of(fields)}};
    }
    EntryKey any_key() {
        if (random_.one_in(5)) return {};
        if (random_.one_in(3)) return std::string{random_.one_in(2) ? "x" : "y"};
        return random_.between(-2, 4);
    }
    Random random_;
};

// A room whose commits are observed.
struct Observed {
    Room room{Epoch{5}, {}, TickLength{}};
    Baseline baseline;
    Tick tick{1};
    SharedState& shared = room.shared();
    Version version() const { return room.state().version; }
    void commit() {
        room.commit();
        baseline.observe(room.state(), tick);
        tick = tick + 1;
    }
    Frame update_from(Version base, Audience audience = Audience::everyone) {
        return baseline.update_from(room.state(), Epoch{5}, base, {}, audience);
    }
};

const TableName log{.plugin = "chat", .field = "log"};
const TableName muted{.plugin = "chat", .field = "muted"};
const TableName secret{.plugin = "roles", .field = "secret"};
Value integer(std::int64_t number) { return Value{number}; }
EntryKey at(std::int64_t index) { return index; }

} // namespace

TEST_CASE("[P1] snapshots and deltas from any base give each audience exactly what it may see") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        RandomPlugins plugins(seed);
        Observed observed;
        std::map<std::pair<Version, Audience>, Replica> kept;
        for (int step = 0; step < 40; ++step) {
            plugins.act(observed.shared);
            observed.commit();
            const RoomState& state = observed.room.state();
            const auto require_same = [&](const Replica& replica, Audience audience) {
                REQUIRE(replica.shared() == visible(state.shared, audience));
                REQUIRE(replica.version() == state.version);
                REQUIRE(replica.state_hash() == StateHash::of(state, audience));
                REQUIRE(observed.baseline.state_hash(audience) == replica.state_hash());
            };
            for (const auto& [from, before] : kept) {
                CAPTURE(from.first.value);
                if (from.first == state.version) continue;
                Replica replica = before;
                REQUIRE(apply(replica, observed.update_from(from.first, from.second)) == Applied::updated);
                require_same(replica, from.second);
            }
            for (const Audience audience : audiences) {
                Replica newcomer;
                REQUIRE(apply(newcomer, observed.baseline.snapshot(state, audience)) == Applied::updated);
                require_same(newcomer, audience);
                kept.insert_or_assign({state.version, audience}, std::move(newcomer));
            }
        }
    }
}

TEST_CASE("[P1] a delta holds the entries that changed and nothing of tables that did not") {
    Observed observed;
    observed.shared.declare(log, Audience::everyone);
    observed.shared.declare(muted, Audience::everyone);
    for (std::int64_t index = 1; index <= 3; ++index) {
        observed.shared.put(log, at(index), integer(index));
        observed.shared.put(muted, at(index), integer(index));
    }
    observed.commit();
    const Version base = observed.version();
    observed.shared.put(log, at(2), integer(20));
    observed.shared.put(log, at(3), integer(3)); // the same
    observed.shared.remove(log, at(1));
    observed.commit();
    const auto delta = std::get<Delta>(read(observed.update_from(base)));
    CHECK(delta.fields.shared == std::vector<SharedEntry>{{.table = log, .key = at(2), .value = integer(20)},
                                                          {.table = log, .key = at(1), .value = {}}});
}

TEST_CASE("[P1] a key that came and went more than once is removed once") {
    Observed observed;
    observed.shared.declare(log, Audience::everyone);
    observed.shared.put(log, at(1), integer(1));
    observed.commit();
    const Version base = observed.version();
    for (int round = 0; round < 3; ++round) {
        observed.shared.remove(log, at(1));
        observed.commit();
        observed.shared.put(log, at(1), integer(round));
        observed.commit();
    }
    CHECK(std::get<Delta>(read(observed.update_from(base))).fields.shared.size() == 1);
    observed.shared.remove(log, at(1));
    observed.commit();
    const auto delta = std::get<Delta>(read(observed.update_from(base)));
    CHECK(delta.fields.shared == std::vector<SharedEntry>{{.table = log, .key = at(1), .value = {}}});
}

TEST_CASE("[P1] a base from before removals that are forgotten gets a snapshot, of any table") {
    Observed observed;
    observed.shared.declare(log, Audience::everyone);
    observed.shared.put(log, at(0), integer(0));
    observed.commit();
    const Version base = observed.version();
    for (std::size_t index = 0; index <= SharedState::tombstones_max; ++index) {
        observed.shared.put(log, at(1), integer(1));
        observed.commit();
        observed.shared.remove(log, at(1));
        observed.commit();
    }
    CHECK(is_snapshot(observed.update_from(base)));
    CHECK_FALSE(is_snapshot(observed.update_from(observed.room.state().shared.tombstone_floor())));
    CHECK_FALSE(observed.baseline.reachable(observed.room.state(), Epoch{5}, base));
}

TEST_CASE("[P1] a table that is withdrawn or changes its audience is gone from who may not see it") {
    for (const bool withdrawn : {true, false}) {
        CAPTURE(withdrawn);
        Observed observed;
        observed.shared.declare(log, Audience::everyone);
        observed.shared.put(log, at(1), integer(1));
        observed.commit();
        Replica replica;
        apply(replica, observed.baseline.snapshot(observed.room.state()));
        if (withdrawn) {
            observed.shared.withdraw(log);
        } else {
            observed.shared.declare(log, Audience::moderators);
        }
        observed.commit();
        CHECK(is_snapshot(observed.update_from(replica.version())));
        CHECK(apply(replica, observed.update_from(replica.version())) == Applied::updated);
        CHECK(replica.shared().empty());
    }
}

TEST_CASE("[P2] audiences that see the same share their frames") {
    Observed observed;
    observed.shared.declare(log, Audience::everyone);
    observed.shared.put(log, at(1), integer(1));
    observed.commit();
    const Version first = observed.version();
    const auto frame = [&](Audience audience) {
        return observed.baseline.snapshot(observed.room.state(), audience).wire().data();
    };
    CHECK(observed.baseline.level(Audience::owner) == Audience::everyone);
    CHECK(frame(Audience::owner) == frame(Audience::everyone));
    CHECK(observed.baseline.snapshots_encoded() == 1);

    observed.shared.declare(secret, Audience::moderators);
    observed.shared.put(secret, {}, integer(7));
    observed.commit();
    CHECK(observed.baseline.level(Audience::everyone) == Audience::everyone);
    CHECK(observed.baseline.level(Audience::moderators) == Audience::moderators);
    CHECK(observed.baseline.level(Audience::owner) == Audience::moderators);
    CHECK(frame(Audience::owner) == frame(Audience::moderators));
    CHECK(frame(Audience::owner) != frame(Audience::everyone));
    CHECK(observed.baseline.snapshots_encoded() == 3);
    CHECK(observed.update_from(first, Audience::owner).wire().data() ==
          observed.update_from(first, Audience::moderators).wire().data());
    CHECK(observed.baseline.deltas_encoded() == 1);
    CHECK(std::get<Delta>(read(observed.update_from(first))).fields.shared.empty());
    CHECK(observed.baseline.state_hash() != observed.baseline.state_hash(Audience::owner));
}

TEST_CASE("a room without plugins is sent as before, byte for byte") {
    Observed without;
    Observed declared;
    declared.shared.declare(log, Audience::everyone);
    without.commit();
    declared.commit();
    CHECK(std::ranges::equal(without.baseline.snapshot(without.room.state()).wire(),
                             declared.baseline.snapshot(declared.room.state()).wire()));
    CHECK(StateHash::of(without.room.state()) == without.baseline.state_hash());
}

TEST_CASE("as much as plugins may share fits the largest message, from nothing and from the oldest base") {
    Observed observed;
    observed.shared.declare(log, Audience::everyone);
    const auto fill = [&](std::int64_t first, const Value& value, std::size_t key_bytes) {
        for (std::int64_t index = first;; ++index) {
            std::string key = std::to_string(index);
            key.resize(key_bytes, 'k');
            if (observed.shared.bytes() + SharedState::bytes_for(key, value) > SharedState::bytes_max) return;
            observed.shared.put(log, key, value);
        }
    };
    std::string longest_name;
    for (std::size_t count = 0; count < SetName::name_characters_max; ++count) longest_name += "\xF0\x9F\x8E\xAC";
    for (std::uint32_t id = 1; id <= Roster::rows_max; ++id) {
        observed.room.apply(Join{.viewer = ViewerId{id}, .name = longest_name, .roles = 63}, observed.tick, Lead{});
    }
    for (std::int64_t index = 0; index < static_cast<std::int64_t>(SharedState::tombstones_max); ++index) {
        std::string key = "gone" + std::to_string(index);
        key.resize(SharedState::key_bytes_max, 'k');
        observed.shared.put(log, key, Value{true});
    }
    observed.commit();
    const Version base{1};
    const auto entries = observed.shared.find(log)->entries();
    for (const auto& [key, entry] : entries) observed.shared.remove(log, key);

    SUBCASE("in as many entries as there can be") { fill(100'000, Value{true}, 6); }
    SUBCASE("in large ones") { fill(100'000, Value{std::string(value_bytes_max - 64, 'x')}, 6); }
    SUBCASE("in ones of long keys") { fill(100'000, Value{true}, SharedState::key_bytes_max); }
    observed.commit();
    for (const Frame& frame : {observed.baseline.snapshot(observed.room.state()), observed.update_from(base)}) {
        CHECK(frame.payload().size() < server_message_bytes_max);
        Replica replica;
        if (!is_snapshot(frame)) continue;
        CHECK(apply(replica, frame) == Applied::updated);
        CHECK(replica.shared() == visible(observed.room.state().shared, Audience::everyone));
    }
    CHECK_FALSE(is_snapshot(observed.update_from(base)));
}

TEST_CASE("[W3] shared entries that say nothing, or two things, are refused") {
    const auto refusal = [](const SharedEntry& entry) {
        Delta delta{.base = Version{1}, .version = Version{2}, .fields = {}};
        delta.fields.shared = {entry};
        const auto decoded = decode_server(encode(ServerMessage{delta}).payload());
        return decoded ? ErrorCode::none : decoded.error().code;
    };
    CHECK(refusal({.table = log, .key = {}, .value = integer(1)}) == ErrorCode::none);
    CHECK(refusal({.table = {.plugin = "", .field = "x"}, .key = {}, .value = integer(1)}) == ErrorCode::malformed);
    CHECK(refusal({.table = {.plugin = "x", .field = ""}, .key = {}, .value = integer(1)}) == ErrorCode::malformed);
    CHECK(refusal({.table = {.plugin = "\xFF", .field = "x"}, .key = {}, .value = {}}) == ErrorCode::malformed);
    CHECK(refusal({.table = {.plugin = std::string(65, 'x'), .field = "x"}, .key = {}, .value = {}}) ==
          ErrorCode::too_large);
    CHECK(refusal({.table = log, .key = std::string(129, 'x'), .value = {}}) == ErrorCode::too_large);
    CHECK(refusal({.table = log, .key = std::string{"\xFF"}, .value = {}}) == ErrorCode::malformed);
    CHECK(refusal({.table = log, .key = {}, .value = Value{std::string{"\xFF"}}}) == ErrorCode::malformed);
}

TEST_CASE("[W8] a snapshot removes no entry") {
    Observed observed;
    observed.commit();
    auto snapshot = std::get<Snapshot>(read(observed.baseline.snapshot(observed.room.state())));
    snapshot.fields.shared = {{.table = log, .key = {}, .value = {}}};
    CHECK(decode_server(encode(ServerMessage{snapshot}).payload()).error().code == ErrorCode::malformed);
}

TEST_CASE("[W10] table, field, kind of key, key, kind of value and value all count in an entry's hash") {
    const std::uint32_t hashes[] = {
        item_hash(log, {}, integer(1)),
        item_hash({.plugin = "chatl", .field = "og"}, {}, integer(1)),
        item_hash({.plugin = "chat", .field = "lo"}, {}, integer(1)),
        item_hash(log, at(0), integer(1)),
        item_hash(log, at(-1), integer(1)),
        item_hash(log, std::string{}, integer(1)),
        item_hash(log, std::string{"0"}, integer(1)),
        item_hash(log, {}, integer(0)),
        item_hash(log, {}, Value{}),
        item_hash(log, {}, Value{false}),
        item_hash(log, {}, Value{true}),
        item_hash(log, {}, Value{0.5}),
        item_hash(log, {}, Value{std::string{}}),
        item_hash(log, {}, Value{Value::List{}}),
        item_hash(log, {}, Value{Value::Map{}}),
        item_hash(log, {}, Value{Value::List{Value{}}}),
        item_hash(log, {}, Value{Value::List{Value{Value::List{}}}}),
        item_hash(log, {}, Value{Value::Map{{"", Value{}}}}),
        item_hash(log, {}, Value{Value::Map{{"a", Value{}}}}),
    };
    std::vector<std::uint32_t> sorted(std::begin(hashes), std::end(hashes));
    std::ranges::sort(sorted);
    CHECK(std::ranges::adjacent_find(sorted) == sorted.end());
}
