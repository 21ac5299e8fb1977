#include "core/random.hpp"
#include "room/shared.hpp"
#include "room/state.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace playhead;
using namespace playhead::test;

namespace {

const TableName log{.plugin = "chat", .field = "log"};
const TableName bans{.plugin = "roles", .field = "bans"};
const EntryKey none{};

EntryKey at(std::int64_t index) { return index; }
EntryKey named(const char* name) { return std::string{name}; }
Value integer(std::int64_t number) { return Value{number}; }
Value text(std::size_t bytes) { return Value{std::string(bytes, 'a')}; }

SharedState with_tables() {
    SharedState shared;
    shared.declare(log, Audience::everyone);
    shared.declare(bans, Audience::moderators);
    return shared;
}

// A state is a value: it can be compared, but only a copy of the engine's own makes the comparison exact.
struct Versions {
    SharedState shared = with_tables();
    Version version{1};
    void commit() {
        if (shared.dirty()) ++version.value;
        shared.commit(version);
    }
};

} // namespace

TEST_CASE("the audience of a viewer follows from its roles, the owner's before the others'") {
    const auto bits = [](auto... roles) { return (std::to_underlying(roles) | ... | 0u); };
    CHECK(audience_of(0) == Audience::everyone);
    CHECK(audience_of(bits(Role::member, Role::muted)) == Audience::everyone);
    CHECK(audience_of(bits(Role::moderator)) == Audience::moderators);
    CHECK(audience_of(bits(Role::host)) == Audience::moderators);
    CHECK(audience_of(bits(Role::cohost, Role::muted)) == Audience::moderators);
    CHECK(audience_of(bits(Role::owner, Role::moderator)) == Audience::owner);
    CHECK(audience_of(bits(Role::owner)) == Audience::owner);
}

TEST_CASE("keys stand in one order: none, integers, text by bytes") {
    Versions room;
    for (const EntryKey& key : {named("b"), at(10), named("B"), none, at(-1), named("")}) {
        room.shared.put(log, key, integer(1));
    }
    std::vector<EntryKey> keys;
    for (const auto& [key, entry] : room.shared.find(log)->entries()) keys.push_back(key);
    CHECK(keys == std::vector<EntryKey>{none, at(-1), at(10), named(""), named("B"), named("b")});
}

TEST_CASE("an entry carries the version at which it changed, and the same value is no change") {
    Versions room;
    room.shared.put(log, at(1), integer(5));
    CHECK(room.shared.dirty());
    room.commit();
    CHECK(room.version == Version{2});
    CHECK(room.shared.find(log)->entries().at(at(1)).changed_at() == Version{2});
    CHECK(room.shared.find(log)->changed_at() == Version{2});

    room.shared.put(log, at(1), integer(5));
    CHECK_FALSE(room.shared.dirty());
    room.shared.put(log, at(2), integer(6));
    room.commit();
    CHECK(room.shared.find(log)->entries().at(at(1)).changed_at() == Version{2});
    CHECK(room.shared.find(log)->entries().at(at(2)).changed_at() == Version{3});
    CHECK(room.shared.find(bans)->changed_at() == Version{0});
}

TEST_CASE("a removal leaves a tombstone, but not of what nobody was told of") {
    Versions room;
    room.shared.put(log, at(1), integer(5));
    room.commit();
    room.shared.remove(log, at(1));
    room.shared.put(log, at(2), integer(6));
    room.shared.remove(log, at(2));
    room.shared.remove(log, at(3));
    CHECK(room.shared.find(log, at(1)) == nullptr);
    room.commit();
    const auto& tombstones = room.shared.find(log)->tombstones();
    REQUIRE(tombstones.size() == 1);
    CHECK(tombstones.front() == Removal{.key = at(1), .removed_at = Version{3}});
    CHECK(room.shared.find(log)->bytes() == 0);
}

TEST_CASE("what goes and comes back within a tick as it was has not changed") {
    Versions room;
    room.shared.put(log, at(1), integer(5));
    room.shared.put(log, at(2), integer(6));
    room.commit();
    const SharedState before = room.shared;
    for (const std::int64_t index : {1, 2}) room.shared.remove(log, at(index));
    CHECK(room.shared.dirty());
    for (const std::int64_t index : {2, 1}) room.shared.put(log, at(index), integer(4 + index));
    CHECK_FALSE(room.shared.dirty());
    CHECK(room.shared == before);

    room.shared.remove(log, at(1));
    room.shared.put(log, at(1), integer(7));
    CHECK(room.shared.dirty());
    room.commit();
    CHECK(room.shared.find(log)->tombstones().empty());
    CHECK(*room.shared.find(log, at(1)) == integer(7));
}

TEST_CASE("the newest removals are remembered, of all tables together, and the floor says from where on") {
    Versions room;
    const auto remove_one = [&](const TableName& table, std::int64_t index) {
        room.shared.put(table, at(index), integer(1));
        room.commit();
        room.shared.remove(table, at(index));
        room.commit();
    };
    for (std::size_t count = 0; count < SharedState::tombstones_max; ++count) {
        remove_one(count % 2 == 0 ? log : bans, static_cast<std::int64_t>(count));
    }
    CHECK(room.shared.tombstone_floor() == Version{0});
    const Version first = room.shared.find(log)->tombstones().front().removed_at;
    remove_one(log, 1'000);
    CHECK(room.shared.tombstone_floor() == first);
    CHECK(room.shared.find(log)->tombstones().size() + room.shared.find(bans)->tombstones().size() ==
          SharedState::tombstones_max);
}

TEST_CASE("a commit that removes more than can be remembered forgets all of it, not a part") {
    Versions room;
    const std::size_t count = SharedState::tombstones_max + 1;
    for (std::size_t index = 0; index < count; ++index) {
        room.shared.put(log, at(static_cast<std::int64_t>(index)), integer(1));
    }
    room.commit();
    for (std::size_t index = 0; index < count; ++index) room.shared.remove(log, at(static_cast<std::int64_t>(index)));
    room.commit();
    CHECK(room.shared.find(log)->tombstones().empty());
    CHECK(room.shared.tombstone_floor() == room.version);
}

TEST_CASE("a table that is withdrawn, or shown to others than before, raises the floor; a new one does not") {
    Versions room;
    room.shared.put(log, at(1), integer(1));
    room.commit();
    room.shared.declare(log, Audience::everyone);
    room.shared.declare({.plugin = "queue", .field = "items"}, Audience::everyone);
    CHECK_FALSE(room.shared.dirty());

    room.shared.declare(log, Audience::owner);
    CHECK(room.shared.dirty());
    room.commit();
    CHECK(room.shared.find(log)->audience() == Audience::owner);
    CHECK(room.shared.tombstone_floor() == room.version);

    room.shared.withdraw(log);
    room.shared.withdraw(log);
    room.commit();
    CHECK(room.shared.find(log) == nullptr);
    CHECK(room.shared.tombstone_floor() == room.version);
    CHECK(room.shared.bytes_of("chat") == 0);
}

TEST_CASE("bytes are counted by table, plugin and room, as bytes_for() tells them before a write") {
    Versions room;
    room.shared.declare({.plugin = "chat", .field = "@plugin"}, Audience::everyone);
    room.shared.declare({.plugin = "chats", .field = "x"}, Audience::everyone);
    room.shared.put(log, at(1), text(100));
    room.shared.put({.plugin = "chat", .field = "@plugin"}, none, text(10));
    room.shared.put({.plugin = "chats", .field = "x"}, named("key"), text(1));
    const std::size_t line = SharedState::bytes_for(at(1), text(100));
    const std::size_t about = SharedState::bytes_for(none, text(10));
    CHECK(room.shared.find(log)->bytes() == line);
    CHECK(room.shared.bytes_of("chat") == line + about);
    CHECK(room.shared.bytes() == line + about + SharedState::bytes_for(named("key"), text(1)));
    room.shared.put(log, at(1), text(50));
    CHECK(room.shared.find(log)->bytes() == line - 50);
}

TEST_CASE("rolled back writes leave the state exactly as it was: values, dirty flags, removals and sums") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Versions room;
        const auto any_write = [&](std::vector<SharedUndo>* undo) {
            const TableName& table = random.one_in(3) ? bans : log;
            const EntryKey key = random.one_in(8) ? none : at(random.below(6));
            if (undo != nullptr) undo->push_back(room.shared.before(table, key));
            if (random.one_in(3)) return room.shared.remove(table, key);
            room.shared.put(table, key, random.one_in(4) ? text(random.below(30)) : integer(random.below(3)));
        };
        for (int tick = 0; tick < 10; ++tick) {
            for (std::uint32_t writes = random.below(6); writes > 0; --writes) any_write(nullptr);
            const SharedState before = room.shared;
            std::vector<SharedUndo> undo;
            for (std::uint32_t writes = random.below(12); writes > 0; --writes) any_write(&undo);
            while (!undo.empty()) {
                room.shared.restore(std::move(undo.back()));
                undo.pop_back();
            }
            REQUIRE(room.shared == before);
            room.commit();
        }
    }
}

TEST_CASE("whether a table is dirty, and its sums, are what its entries say, whatever happens") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Versions room;
        SharedState committed = room.shared;
        for (int step = 0; step < 100; ++step) {
            const EntryKey key = at(random.below(8));
            if (random.one_in(3)) {
                room.shared.remove(log, key);
            } else {
                room.shared.put(log, key, text(random.below(4)));
            }
            const SharedTable& table = *room.shared.find(log);
            std::size_t bytes = 0;
            bool dirty_entry = false;
            for (const auto& [name, entry] : table.entries()) {
                bytes += SharedState::bytes_for(name, entry.value());
                dirty_entry = dirty_entry || entry.dirty();
            }
            REQUIRE(table.bytes() == bytes);
            if (dirty_entry) REQUIRE(table.dirty());
            if (!table.dirty()) REQUIRE(room.shared == committed);
            if (!random.one_in(2)) continue;
            room.commit();
            committed = room.shared;
        }
    }
}

TEST_CASE("the state is dirty when one of its tables is, or one was withdrawn, whatever happens") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        Versions room;
        bool withdrawn = false;
        for (int step = 0; step < 100; ++step) {
            CAPTURE(step);
            const TableName& table = random.one_in(2) ? bans : log;
            const EntryKey key = at(random.below(4));
            SharedUndo undo = room.shared.before(table, key);
            if (random.one_in(20)) {
                room.shared.withdraw(table);
                room.shared.declare(table, Audience::everyone);
                withdrawn = true;
            } else {
                if (random.one_in(3)) {
                    room.shared.remove(table, key);
                } else {
                    room.shared.put(table, key, integer(random.below(2)));
                }
                if (random.one_in(4)) room.shared.restore(std::move(undo));
            }
            if (random.one_in(3)) {
                room.commit();
                withdrawn = false;
            }
            const bool dirty_table =
                std::ranges::any_of(room.shared.tables(), [](const auto& named) { return named.second.dirty(); });
            REQUIRE(room.shared.dirty() == (dirty_table || withdrawn));
        }
    }
}
