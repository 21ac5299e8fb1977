#include "lib/room/plugin_view.hpp"
#include "room/permission.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace playhead;
using client::permission_of;
using client::plugin_views;
using client::SharedItem;

namespace {

Value text(const char* words) { return Value{std::string{words}}; }
Value number(std::int64_t value) { return Value{value}; }

Value about(Value::Map fields) {
    return sorted_map({{"version", text("1.2.0")},
                       {"hash", text("5f0c11aa")},
                       {"suspended", Value{false}},
                       {"fields", sorted_map(std::move(fields))}});
}

Value rule(std::uint32_t roles, std::uint32_t except, const char* reason) {
    return to_value(PermissionRule{roles, except, reason});
}

} // namespace

TEST_CASE("each declared field is shown in the shape of its kind, whether anything is in it or not") {
    Replica::SharedTables shared;
    shared[{"p", "@plugin"}][{}] = about({{"title", text("value")},
                                          {"count", text("counter")},
                                          {"empty", text("counter")},
                                          {"names", text("map")},
                                          {"here", text("set")},
                                          {"items", text("list")},
                                          {"log", text("ring")},
                                          {"nothing", text("list")}});
    shared[{"p", "title"}][{}] = text("Hello");
    shared[{"p", "count"}][{}] = number(5);
    shared[{"p", "names"}] = {{EntryKey{std::string{"b"}}, number(2)},
                              {EntryKey{std::int64_t{7}}, number(1)},
                              {EntryKey{std::string{"a"}}, number(3)}};
    shared[{"p", "here"}] = {{EntryKey{std::int64_t{4}}, Value{true}}};
    shared[{"p", "items"}] = {{EntryKey{}, Value{Value::List{number(9), number(3), number(8)}}},
                              {EntryKey{std::int64_t{3}}, text("three")},
                              {EntryKey{std::int64_t{9}}, text("nine")}};
    shared[{"p", "log"}] = {{EntryKey{std::int64_t{12}}, text("new")}, {EntryKey{std::int64_t{11}}, text("old")}};

    const auto views = plugin_views(shared);
    REQUIRE(views.contains("p"));
    const client::PluginView& view = views.at("p");
    CHECK(view.version == "1.2.0");
    CHECK(view.code_hash == "5f0c11aa");
    CHECK_FALSE(view.suspended);
    CHECK(view.find("title")->value == text("Hello"));
    CHECK(view.find("count")->value == number(5));
    CHECK(view.find("empty")->value == number(0));
    CHECK(view.find("names")->items ==
          std::vector<SharedItem>{{std::int64_t{7}, number(1)}, {"a", number(3)}, {"b", number(2)}});
    CHECK(view.find("here")->items == std::vector<SharedItem>{{std::int64_t{4}, Value{true}}});
    CHECK(view.find("items")->items ==
          std::vector<SharedItem>{{std::int64_t{9}, text("nine")}, {std::int64_t{3}, text("three")}});
    CHECK(view.find("log")->items ==
          std::vector<SharedItem>{{std::int64_t{11}, text("old")}, {std::int64_t{12}, text("new")}});
    CHECK(view.find("nothing")->items.empty());
    CHECK(view.find("undeclared") == nullptr);
}

TEST_CASE("what an engine would never share is shown as nothing") {
    Replica::SharedTables shared;
    shared[{"p", "orphan"}][{}] = number(1);
    shared[{"q", "@plugin"}][{}] = text("not a map");
    shared[{"r", "@plugin"}][{}] =
        sorted_map({{"version", number(1)}, {"fields", sorted_map({{"a", number(1)}, {"b", text("list")}})}});
    shared[{"r", "b"}][{}] = Value{Value::List{text("x"), number(99), Value{true}}};
    const auto views = plugin_views(shared);
    CHECK_FALSE(views.contains("p"));
    CHECK(views.at("q").state.empty());
    CHECK(views.at("r").version.empty());
    CHECK(views.at("r").find("b")->items.empty());
}

TEST_CASE("[P4] every rule for the permission, or for what it is part of, must allow") {
    constexpr std::uint32_t anyone = 0x8000'0000;
    constexpr std::uint32_t host = 4;
    constexpr std::uint32_t muted = 32;
    Replica::SharedTables shared;
    CHECK(permission_of(shared, "playback.pause", 0).allowed);
    shared[{"host", "@permissions"}] = {{EntryKey{std::string{"playback"}}, rule(host, 0, "only the host")}};
    shared[{"chat", "@permissions"}] = {{EntryKey{std::string{"chat.say"}}, rule(anyone, muted, "you are muted")},
                                        {EntryKey{std::string{"broken"}}, number(1)},
                                        {EntryKey{std::int64_t{1}}, rule(0, 0, "no name")}};
    CHECK(permission_of(shared, "playback.pause", 0) == client::Permission{false, "host", "only the host"});
    CHECK(permission_of(shared, "playback", 0).allowed == false);
    CHECK(permission_of(shared, "playbacks", 0).allowed);
    CHECK(permission_of(shared, "playback.pause", host).allowed);
    CHECK(permission_of(shared, "chat.say", 0).allowed);
    CHECK(permission_of(shared, "chat.say", muted) == client::Permission{false, "chat", "you are muted"});
    CHECK(permission_of(shared, "chat.edit", muted).allowed);
    CHECK(permission_of(shared, "broken", 0).allowed);
}
