#include "told.hpp"

#include <doctest/doctest.h>

using namespace playhead::load;
using namespace std::chrono_literals;

namespace {

Options engine_with(std::size_t rooms) {
    Options options;
    options.rooms.resize(rooms);
    return options;
}

void refuses(std::string_view line, const Options& options, std::string_view words) {
    const auto told = parse_told(line, options);
    CAPTURE(line);
    REQUIRE_FALSE(told.has_value());
    CAPTURE(told.error());
    CHECK(told.error().find(words) != std::string::npos);
}

} // namespace

TEST_CASE("a line says what is to be done") {
    const Options engine = engine_with(1);
    CHECK(parse_told("burst 20 10 0", engine) == Told{told::Burst{20, 10, 0}});
    CHECK(parse_told("play", engine) == Told{told::Play{}});
    CHECK(parse_told("act 300", engine) == Told{told::Act{300s}});
    CHECK(parse_told("  idle   10 ", engine) == Told{told::Idle{10s}});
    CHECK(parse_told("reconnect", engine) == Told{told::Reconnect{}});
}

TEST_CASE("a line that says nothing of the kind is repeated, with what there is") {
    const Options engine = engine_with(1);
    for (const auto line : {"dance", "burst 20 10", "burst 0 1 0", "burst 1 1001 0", "burst 1 1 0 0", "act", "act 0",
                            "act 3601", "act 3s", "idle -1", "play loudly", "reconnect 3", "   "})
        refuses(line, engine, "expected burst COUNT MESSAGES BYTES");
    refuses("dance", engine, "'dance' is no command");
}

TEST_CASE("an engine's messages are as long as they are, a benchmark's server is told") {
    Options server;
    server.dialect = Dialect::ws;
    CHECK(parse_told("burst 1 1 64", server) == Told{told::Burst{1, 1, 64}});
    refuses("burst 1 1 0", server, "is no command");
    refuses("burst 1 1 65537", server, "is no command");
    refuses("burst 1 1 64", engine_with(1), "is no command");
}

TEST_CASE("what only an engine knows is not asked of others") {
    Options server;
    server.dialect = Dialect::socketio;
    for (const auto line : {"play", "act 3"}) refuses(line, server, "is for rooms of an engine");
    for (const auto line : {"idle 3", "reconnect"}) CHECK(parse_told(line, server).has_value());
}

TEST_CASE("what the first viewer does is heard in its room only") {
    const Options many = engine_with(3);
    for (const auto line : {"burst 1 1 0", "play"}) refuses(line, many, "the other 2");
    for (const auto line : {"act 3", "idle 3", "reconnect"}) CHECK(parse_told(line, many).has_value());
}
