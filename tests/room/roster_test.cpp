#include "room/stage.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;

TEST_CASE("[R11] names are cleaned, cut and never empty") {
    struct Row {
        std::string wanted;
        std::string shown;
    };
    for (const Row& row :
         {Row{"Ada", "Ada"}, Row{"  Ada  ", "Ada"}, Row{"", "Guest 1"}, Row{"\xE2\x80\x8B\n", "Guest 1"},
          Row{"<script>alert(1)</script>", "<script>alert(1)</script>"},
          Row{"\xE2\x80\xAE"
              "evil",
              "evil"},
          Row{std::string(40, 'x'), std::string(32, 'x')}, Row{"\xFF\xFE", "Guest 1"}}) {
        CAPTURE(row.wanted);
        CHECK(shown_name(row.wanted, ada) == row.shown);
        Stage stage;
        CHECK(stage.act(ada, SetName{.name = row.wanted}).verdict == Verdict::applied);
        CHECK(stage.row(ada).name == row.shown);
        stage.join(ViewerId{3}, row.wanted);
        CHECK(stage.row(ViewerId{3}).name == (row.shown == "Guest 1" ? "Guest 3" : row.shown));
    }
}

TEST_CASE("[R12] a room counts everyone and shows the first two hundred") {
    Stage stage;
    for (std::uint32_t id = 3; id <= 250; ++id) stage.join(ViewerId{id});
    CHECK(stage.room.state().viewer_count.value() == 250);
    const auto& rows = stage.room.state().roster.rows();
    CHECK(rows.size() == Roster::rows_max);
    CHECK(rows.rbegin()->first == ViewerId{200});
}

TEST_CASE("[R12] whoever has waited longest takes the place of a row that leaves") {
    Stage stage;
    for (std::uint32_t id = 3; id <= 203; ++id) stage.join(ViewerId{id}, "N" + std::to_string(id));
    stage.apply(Leave{.viewer = ViewerId{202}});
    CHECK_FALSE(stage.room.state().roster.rows().contains(ViewerId{202}));
    stage.apply(Leave{.viewer = bob});
    CHECK(stage.row(ViewerId{201}).name == "N201");
    stage.apply(Leave{.viewer = ada});
    CHECK(stage.row(ViewerId{203}).name == "N203");
    stage.apply(Leave{.viewer = ViewerId{3}});
    CHECK(stage.room.state().roster.rows().size() == 199);
    CHECK(stage.room.state().viewer_count.value() == 199);
}

TEST_CASE("[R12] what happens to those who are not shown is shown when they are") {
    Stage stage;
    for (std::uint32_t id = 3; id <= 201; ++id) stage.join(ViewerId{id});
    const Version before = stage.room.commit();
    stage.act(ViewerId{201}, SetName{.name = "Late"});
    stage.apply(Disconnect{.viewer = ViewerId{201}});
    CHECK(stage.room.commit() == before);
    stage.apply(Leave{.viewer = ada});
    CHECK(stage.row(ViewerId{201}) == ViewerRow{.id = ViewerId{201}, .name = "Late", .roles = 0, .connected = false});
}

TEST_CASE("[R12] a lost viewer keeps its row and its count until it leaves") {
    Stage stage;
    stage.apply(Disconnect{.viewer = ada});
    CHECK_FALSE(stage.row(ada).connected);
    CHECK(stage.room.state().viewer_count.value() == 2);
    stage.apply(Reconnect{.viewer = ada});
    CHECK(stage.row(ada).connected);
    stage.apply(Leave{.viewer = ada});
    CHECK(stage.room.state().viewer_count.value() == 1);
    CHECK_FALSE(stage.room.state().viewers.contains(ada));
}

TEST_CASE("[R14] what is said about someone who is not here changes nothing") {
    Stage stage;
    stage.room.commit();
    const RoomState before = stage.room.state();
    for (const Input& input :
         {Input{Reconnect{.viewer = ViewerId{9}}}, Input{Disconnect{.viewer = ViewerId{9}}},
          Input{Leave{.viewer = ViewerId{9}}}, Input{Leave{.viewer = engine}},
          Input{Join{.viewer = ada, .name = "Other", .roles = 1}}, Input{Reconnect{.viewer = ada}}}) {
        CHECK_FALSE(stage.apply(input).has_value());
        CHECK(stage.room.state() == before);
    }
}

TEST_CASE("the room knows since when a viewer is here, however often it is cut off meanwhile") {
    Stage stage;
    stage.step(1s);
    const Tick joined = stage.tick;
    stage.join(ViewerId{3});
    stage.step(1s);
    stage.apply(Disconnect{.viewer = ViewerId{3}});
    stage.apply(Reconnect{.viewer = ViewerId{3}});
    CHECK(stage.room.state().viewers.at(ViewerId{3}).joined_at == joined);
}

TEST_CASE("roles come with the join") {
    Stage stage;
    stage.apply(Join{.viewer = ViewerId{3}, .name = "Owner", .roles = static_cast<std::uint32_t>(Role::owner)});
    CHECK(stage.row(ViewerId{3}).roles == 1);
    CHECK(stage.row(ada).roles == 0);
}

TEST_CASE("removals are remembered for a bounded span, then the floor rises") {
    Stage stage;
    stage.room.commit();
    for (std::uint32_t id = 3; id < 3 + Roster::tombstones_max; ++id) {
        stage.join(ViewerId{id});
        stage.room.commit();
        stage.apply(Leave{.viewer = ViewerId{id}});
        stage.room.commit();
    }
    const Roster& roster = stage.room.state().roster;
    CHECK(roster.tombstones().size() == Roster::tombstones_max);
    CHECK(roster.tombstone_floor() == Version{0});
    const Version oldest = roster.tombstones().front().removed_at;
    stage.apply(Leave{.viewer = bob});
    stage.room.commit();
    CHECK(roster.tombstones().size() == Roster::tombstones_max);
    CHECK(roster.tombstone_floor() == oldest);
}

TEST_CASE("who came and went between two commits leaves no trace") {
    Stage stage;
    const Version before = stage.room.commit();
    for (std::uint32_t id = 3; id < 1003; ++id) {
        stage.join(ViewerId{id});
        stage.apply(Leave{.viewer = ViewerId{id}});
    }
    stage.room.commit();
    CHECK(stage.room.state().roster.tombstones().empty());
    CHECK(stage.room.state().viewers.size() == 2);
    CHECK(stage.room.state().viewer_count.value() == 2);
    CHECK(stage.room.state().version.value <= before.value + 1);
}

TEST_CASE("[R12] whoever leads a wide room is shown, in the place of the newest who does not") {
    Stage stage;
    for (std::uint32_t id = 3; id <= 250; ++id) stage.join(ViewerId{id});
    const auto& rows = stage.room.state().roster.rows();
    stage.room.set_roles(ViewerId{240}, std::to_underlying(Role::host), 0);
    CHECK(stage.row(ViewerId{240}).roles == std::to_underlying(Role::host));
    CHECK_FALSE(rows.contains(ViewerId{200}));
    stage.room.set_roles(ViewerId{241}, std::to_underlying(Role::muted), 0);
    CHECK_FALSE(rows.contains(ViewerId{241}));
    stage.apply(Join{.viewer = ViewerId{251}, .name = "Owner", .roles = std::to_underlying(Role::owner)});
    CHECK(stage.row(ViewerId{251}).name == "Owner");
    CHECK_FALSE(rows.contains(ViewerId{199}));
    CHECK(rows.size() == Roster::rows_max);

    stage.apply(Leave{.viewer = ViewerId{240}});
    CHECK(rows.contains(ViewerId{199}));
    stage.apply(Leave{.viewer = ada});
    CHECK(rows.contains(ViewerId{200}));
    CHECK_FALSE(rows.contains(ViewerId{201}));
}

TEST_CASE("[R12] where everyone who is shown leads, there is no place for one more") {
    Stage stage;
    for (std::uint32_t id = 3; id <= 201; ++id) stage.join(ViewerId{id});
    for (std::uint32_t id = 1; id <= 201; ++id) stage.room.set_roles(ViewerId{id}, std::to_underlying(Role::cohost), 0);
    CHECK_FALSE(stage.room.state().roster.rows().contains(ViewerId{201}));
    CHECK(stage.room.state().viewers.at(ViewerId{201}).roles == std::to_underlying(Role::cohost));
}
