// The whole engine in worlds of all kinds. SEED=n replays one random world; SEEDS=n tries that many.
#include "simulation/swarm.hpp"
#include "simulation/world.hpp"

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

using namespace playhead;
using namespace playhead::simulation;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::uint64_t live(const Scenario& scenario) {
    spdlog::set_level(spdlog::level::off);
    INFO("scenario ", scenario.name, "; replay with SEED=", scenario.seed);
    World world{scenario};
    const std::vector<Complaint> wrong = world.live();
    CHECK(wrong.empty());
    for (const Complaint& complaint : wrong) MESSAGE(in_words(complaint));
    return world.hash();
}

// Enough for every change, and short of a minute.
constexpr std::uint64_t swarm_seeds = 200;

} // namespace

TEST_CASE("a calm world: everyone agrees, and every command is applied once") { live({.name = "calm", .seed = 1}); }

TEST_CASE("connections that break all the time, half of them silently") {
    live({.name = "breaking", .seed = 2, .viewers = 8, .connection_lifetime = seconds{5}, .silent_death = 0.5});
}

TEST_CASE("slow readers are brought up from where they were") {
    live({.name = "slow readers", .seed = 3, .viewers = 8, .slow_readers = 1});
}

TEST_CASE("an engine whose thread stands still now and then") { live({.name = "stalls", .seed = 4, .stalls = 0.8}); }

TEST_CASE("viewers who open second tabs") { live({.name = "tabs", .seed = 5, .second_tabs = 0.3}); }

TEST_CASE("places that are given up as soon as a connection breaks") {
    Scenario scenario{.name = "no grace", .seed = 6, .connection_lifetime = seconds{6}};
    scenario.settings.viewer_grace = seconds{1};
    live(scenario);
}

TEST_CASE("far away viewers on a jittery network") {
    live({.name = "far", .seed = 7, .delay_max = milliseconds{600}, .jitter_max = milliseconds{100}});
}

TEST_CASE("viewers whose ways lose, double and reorder what they may, beside others") {
    live({.name = "lossy", .seed = 16, .viewers = 10, .lossy = 0.7});
}

TEST_CASE("ways that lose half of everything, and break") {
    live({.name = "half lost",
          .seed = 17,
          .viewers = 8,
          .connection_lifetime = seconds{8},
          .silent_death = 0.3,
          .lossy = 1,
          .loss_max = 0.5});
}

TEST_CASE("lossy ways to a wide room with plugins, and roles that change what is seen") {
    Scenario scenario{
        .name = "lossy plugins", .seed = 18, .viewers = 10, .lossy = 0.8, .plugins = true, .mischief = 0.1};
    scenario.settings.fresh_viewers_max = 2;
    live(scenario);
}

TEST_CASE("a room with a plugin: everyone has what their level may see, and nothing else") {
    live({.name = "plugins", .seed = 8, .viewers = 8, .plugins = true});
}

TEST_CASE("plugins, with connections that break and readers that are slow") {
    live({.name = "plugins in trouble",
          .seed = 9,
          .viewers = 8,
          .connection_lifetime = seconds{6},
          .silent_death = 0.3,
          .slow_readers = 0.5,
          .plugins = true});
}

TEST_CASE("plugins that fail, are suspended and come back, and viewers who are kicked") {
    live({.name = "mischief", .seed = 10, .viewers = 8, .plugins = true, .mischief = 0.2});
}

TEST_CASE("a plugin that is replaced by its next version while everybody uses it") {
    live({.name = "reload",
          .seed = 14,
          .viewers = 8,
          .connection_lifetime = seconds{8},
          .plugins = true,
          .reload = true});
}

TEST_CASE("a swarm of worlds: each has features and troubles of its own") {
    if (const char* seed = std::getenv("SEED")) {
        live(swarm(std::strtoull(seed, nullptr, 10)));
        return;
    }
    const char* wanted = std::getenv("SEEDS");
    const std::uint64_t seeds = wanted ? std::strtoull(wanted, nullptr, 10) : swarm_seeds;
    MESSAGE("seeds 1 to ", seeds, "; SEED=n replays one, SEEDS=n tries more");
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) live(swarm(seed));
}

TEST_CASE("the same seed gives the same world, another seed another") {
    const auto hash = [](std::uint64_t seed) {
        return live({.name = "twice",
                     .seed = seed,
                     .duration = seconds{20},
                     .connection_lifetime = seconds{5},
                     .plugins = true,
                     .mischief = 0.1});
    };
    const std::uint64_t first = hash(11);
    CHECK(first == hash(11));
    CHECK(first != hash(12));
}

TEST_CASE("a world does something") {
    World world{{.name = "busy", .seed = 13}};
    CHECK(world.live().empty());
    CHECK(world.commands_said() > 50);
    CHECK(world.commands_applied() > 20);
}

TEST_CASE("a world with a plugin asks it for everything, and it fails, denies and kicks") {
    World world{{.name = "busy plugin", .seed = 15, .viewers = 10, .plugins = true, .mischief = 0.2}};
    const std::vector<Complaint> wrong = world.live();
    CHECK(wrong.empty());
    for (const Complaint& complaint : wrong) MESSAGE(in_words(complaint));
    const PluginFigure& figure = world.plugin_figures().plugins.at("ward@1.0.0");
    for (const char* hook : {"decide playback.seek", "on join", "on leave", "command note", "command staff",
                             "command push", "command shift", "command promote", "command fail", "signal poke"}) {
        CAPTURE(hook);
        const auto found = figure.hooks.find(hook);
        REQUIRE(found != figure.hooks.end());
        CHECK(found->second.calls > 0);
    }
    CHECK(figure.suspensions_total > 0);
    CHECK(world.metrics().kicks_total > 0);
    CHECK(world.commands_refused(ErrorCode::denied) > 0);
    CHECK(world.commands_refused(ErrorCode::plugin_failed) > 0);
}
