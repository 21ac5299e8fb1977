#include "room/permission.hpp"
#include "room/stage.hpp"
#include "room/state.hpp"

#include <doctest/doctest.h>

using namespace playhead;
using namespace playhead::test;

namespace {

template <class... Roles>
std::uint32_t bits(Roles... roles) {
    return (std::to_underlying(roles) | ... | 0u);
}

PermissionRule only(std::uint32_t roles, std::string reason = "only some") {
    return {.roles = roles, .except = 0, .reason = std::move(reason)};
}

void permit(SharedState& shared, const std::string& plugin, const std::string& permission, const PermissionRule& rule) {
    const TableName table{.plugin = plugin, .field = std::string{permissions_field}};
    shared.declare(table, Audience::everyone);
    shared.put(table, permission, to_value(rule));
}

bool may(const SharedState& shared, std::string_view permission, std::uint32_t roles) {
    return !denied(shared, permission, roles);
}

} // namespace

TEST_CASE("a rule allows who has one of its roles and none of its exceptions") {
    struct Row {
        std::uint32_t roles, except, viewer;
        bool allowed;
    };
    const std::uint32_t anyone = bits(Role::anyone);
    const Row rows[] = {
        {bits(Role::host), 0, bits(Role::host), true},
        {bits(Role::host), 0, bits(Role::host, Role::member), true},
        {bits(Role::host), 0, bits(Role::cohost), false},
        {bits(Role::host), 0, 0, false},
        {bits(Role::host, Role::owner), 0, bits(Role::owner), true},
        {anyone, 0, 0, true},
        {anyone, bits(Role::muted), 0, true},
        {anyone, bits(Role::muted), bits(Role::muted, Role::owner), false},
        {0, 0, bits(Role::owner), false},
        {bits(Role::host), bits(Role::muted), bits(Role::host, Role::muted), false},
        // In the exceptions it would name everybody; no viewer has it, so it excepts nobody.
        {anyone, anyone, 0, true},
        {bits(Role::host), 0, anyone, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.roles);
        CAPTURE(row.viewer);
        CHECK(PermissionRule{.roles = row.roles, .except = row.except, .reason = {}}.allows(row.viewer) == row.allowed);
    }
}

TEST_CASE("a rule survives being replicated, and what is no rule binds nobody") {
    const PermissionRule rule{.roles = bits(Role::anyone), .except = bits(Role::muted), .reason = "not while muted"};
    CHECK(permission_rule(to_value(rule)) == rule);
    CHECK(canonical_fault(to_value(rule)) == std::nullopt);
    const Value integer{std::int64_t{1}};
    const Value text{std::string{"x"}};
    const Value no_rules[] = {
        Value{},
        integer,
        Value{Value::Map{}},
        Value{Value::Map{{"except", integer}, {"roles", integer}}},
        Value{Value::Map{{"except", text}, {"reason", text}, {"roles", integer}}},
        Value{Value::Map{{"except", integer}, {"reason", integer}, {"roles", integer}}},
        Value{Value::Map{{"except", integer}, {"reason", text}, {"roles", Value{std::int64_t{-1}}}}},
        Value{Value::Map{{"except", integer}, {"reason", text}, {"roles", Value{std::int64_t{1} << 32}}}},
    };
    for (const Value& value : no_rules) CHECK(permission_rule(value) == std::nullopt);

    SharedState shared;
    const TableName table{.plugin = "p", .field = std::string{permissions_field}};
    shared.declare(table, Audience::everyone);
    shared.put(table, std::string{"playback.pause"}, integer);
    CHECK(may(shared, "playback.pause", 0));
}

TEST_CASE("what no rule names is allowed; a rule covers its dotted children and nothing that only begins alike") {
    SharedState shared;
    CHECK(may(shared, "playback.pause", 0));
    permit(shared, "roles", "playback", only(bits(Role::host), "only the host"));
    CHECK_FALSE(may(shared, "playback", 0));
    CHECK_FALSE(may(shared, "playback.pause", 0));
    CHECK_FALSE(may(shared, "playback.pause.now", 0));
    CHECK(may(shared, "playback.pause", bits(Role::host)));
    CHECK(may(shared, "playbacks", 0));
    CHECK(may(shared, "play", 0));
    CHECK(may(shared, "chat.say", 0));
    CHECK(may(shared, "", 0));
    CHECK(may(shared, ".playback", 0));
    CHECK(denied(shared, "playback.pause", 0) ==
          PermissionDenial{.plugin = "roles", .permission = "playback", .reason = "only the host"});
}

TEST_CASE("every rule of every plugin must allow; the first that does not is named") {
    SharedState shared;
    permit(shared, "b", "playback.seek", only(bits(Role::host), "b says"));
    permit(shared, "a", "playback", only(bits(Role::anyone), "never"));
    permit(shared, "a", "playback.seek", only(bits(Role::member), "a says"));
    CHECK(denied(shared, "playback.seek", 0)->reason == "a says");
    CHECK(denied(shared, "playback.seek", bits(Role::member))->reason == "b says");
    CHECK(denied(shared, "playback.seek", bits(Role::host))->plugin == "a");
    CHECK(may(shared, "playback.seek", bits(Role::host, Role::member)));
    CHECK(may(shared, "playback.play", 0));
}

TEST_CASE("[P3] a viewer without the permission is refused before anything happens, and told whose rule it is") {
    Stage stage;
    stage.load();
    permit(stage.room.shared(), "roles", "playback", only(bits(Role::host), "only the host"));
    const Outcome refused = stage.act(ada, Play{});
    CHECK(refused.verdict == Verdict::refused);
    CHECK(refused.error == Error{.code = ErrorCode::denied, .message = "only the host"});
    CHECK(refused.plugin == "roles");
    CHECK(refused.reason == "permission");
    CHECK(*refused.data.find("permission") == Value{std::string{"playback"}});
    CHECK_FALSE(stage.motion().intent().playing);
    CHECK(stage.room.take_events().empty());

    for (const Action& action :
         {Action{Pause{}}, Action{Seek{}}, Action{SetRate{}}, Action{Load{.url = "/media/other.mp4"}}}) {
        CHECK(stage.act(ada, action).error.code == ErrorCode::denied);
    }
    CHECK(stage.act(ada, SetName{.name = "Grace"}).verdict == Verdict::applied);

    stage.room.set_roles(ada, bits(Role::host), 0);
    CHECK(stage.act(ada, Play{}).verdict == Verdict::applied);
}

TEST_CASE("[P3] rules bind neither the engine nor plugins") {
    Stage stage;
    stage.load();
    stage.step();
    permit(stage.room.shared(), "roles", "playback", only(0, "nobody"));
    CHECK(stage.act(engine, Play{}).verdict == Verdict::applied);
    Command by_plugin = stage.command(engine, Pause{}, {});
    by_plugin.plugin = "queue";
    CHECK(stage.apply(by_plugin)->verdict == Verdict::applied);
    const auto events = stage.room.take_events();
    REQUIRE(events.size() == 2);
    CHECK(events.front().plugin.empty());
    CHECK(events.back().plugin == "queue");
}

TEST_CASE("a denied command does not take the register") {
    Stage stage;
    stage.load();
    const ServerTime early = stage.now();
    stage.step(1s);
    permit(stage.room.shared(), "roles", "playback.play", only(bits(Role::host)));
    CHECK(stage.act(ada, Play{}).error.code == ErrorCode::denied);
    CHECK(stage.act(bob, Seek{.to = 5s}, {.issued = early}).verdict == Verdict::applied);
}
