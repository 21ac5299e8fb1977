#include "app/config.hpp"
#include "app/config_table.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace playhead;
using namespace std::chrono_literals;

namespace {

Config good(const std::string& source) {
    CAPTURE(source);
    try {
        return parse_config(source, "dir/test.lua");
    } catch (const ConfigError& error) {
        FAIL(error.what());
    }
    return {};
}

// What is said about a script; fails if nothing is.
std::string refusal(const std::string& source) {
    CAPTURE(source);
    try {
        static_cast<void>(parse_config(source, "test.lua"));
    } catch (const ConfigError& error) {
        return error.what();
    }
    FAIL("the script was accepted");
    return {};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string file_content(const std::filesystem::path& path) {
    std::ostringstream content;
    content << std::ifstream{path}.rdbuf();
    return content.str();
}

} // namespace

TEST_CASE("an empty table gives the defaults") {
    const Config config = good("return {}");
    CHECK(config.http.host == "127.0.0.1");
    CHECK(config.http.port == 8080);
    CHECK(config.tick_length.value == 50ms);
    CHECK(config.log_level == "info");
    CHECK(config.rooms.empty());
    CHECK(config.http.web_root.empty());
    CHECK_FALSE(config.sessions.connect_tokens_only);
}

TEST_CASE("every kind of setting is read") {
    const Config config = good(R"(return {
      listen = "[::1]:0", web_root = "web", media_folder = "/srv/media", tick_rate_hz = 10.0, log_level = "debug",
      allowed_origins = { "https://example.org", "http://localhost:5173" }, connect_tokens_only = true,
      limits = { viewer_grace_s = 2 * 60, report_interval_ms = 500, slow_bytes_max = 1 << 20, fan_out_slice_us = 900,
                 http_connections_max = 7, header_timeout_s = 3, rooms_created_per_minute = 5, commands_per_s = 3,
                 joins_per_minute = 9 },
      rooms = {
        { id = "one", title = "Erster", listed = true, media = { url = "/media/a.mp4", title = "A" } },
        { id = "two", media = { kind = "hls", url = "https://example.org/x.m3u8" } },
      },
    })");
    CHECK(config.http.host == "::1");
    CHECK(config.http.port == 0);
    CHECK(config.http.web_root == std::filesystem::absolute("dir/web"));
    CHECK(config.http.media_folder == "/srv/media");
    CHECK(config.tick_length.value == 100ms);
    CHECK(config.log_level == "debug");
    CHECK(config.http.allowed_origins == std::vector<std::string>{"https://example.org", "http://localhost:5173"});
    CHECK(config.sessions.viewer_grace == 120s);
    CHECK(config.sessions.report_interval == 500ms);
    CHECK(config.sessions.slow_bytes_max == 1 << 20);
    CHECK(config.sessions.fan_out_slice == 900us);
    CHECK(config.sessions.commands_per_s == 3);
    CHECK(config.http.connections_max == 7);
    CHECK(config.http.header_timeout == 3s);
    CHECK(config.http.rooms_created_per_minute == 5);
    CHECK(config.http.joins_per_minute == 9);
    CHECK(config.sessions.connect_tokens_only);
    REQUIRE(config.rooms.size() == 2);
    CHECK(config.rooms[0].id->text() == "one");
    CHECK(config.rooms[0].listed);
    CHECK(config.rooms[0].permanent);
    CHECK(config.rooms[0].media->url == "/media/a.mp4");
    CHECK(config.rooms[0].media->kind == MediaKind::file);
    CHECK_FALSE(config.rooms[1].listed);
    CHECK(config.rooms[1].media->kind == MediaKind::hls);
}

TEST_CASE("an unknown key names the nearest one") {
    CHECK(refusal("return { lisen = '1.2.3.4:1' }") == "test.lua: lisen: there is no such key; did you mean listen?");
    CHECK(refusal("return { limits = { viewer_grace = 1 } }") ==
          "test.lua: limits.viewer_grace: there is no such key; did you mean limits.viewer_grace_s?");
    CHECK(refusal("return { limits = { viewer_grase_s = 1 } }") ==
          "test.lua: limits.viewer_grase_s: there is no such key; did you mean limits.viewer_grace_s?");
    CHECK(refusal("return { rooms_max = 1 }") ==
          "test.lua: rooms_max: there is no such key; did you mean limits.rooms_max?");
    CHECK(refusal("return { limits = { listen = 1 } }") ==
          "test.lua: limits.listen: there is no such key; did you mean listen?");
    CHECK(refusal("return { rooms = { { id = 'a', titel = 'x' } } }") ==
          "test.lua: rooms[1].titel: there is no such key; did you mean rooms[].title?");
    CHECK(refusal("return { rooms = { { id = 'a', media = { url = '/a.mp4', knid = 'x' } } } }") ==
          "test.lua: rooms[1].media.knid: there is no such key; did you mean rooms[].media.kind?");
    CHECK(refusal("return { entirely_different_thing = 1 }") ==
          "test.lua: entirely_different_thing: there is no such key");
}

TEST_CASE("a wrong type names what was expected and what was there") {
    CHECK(refusal("return { listen = 8080 }") == "test.lua: listen: expected \"HOST:PORT\", not 8080");
    CHECK(refusal("return { tick_rate_hz = 'fast' }") ==
          "test.lua: tick_rate_hz: expected an integer from 1 to 100 (per second), not \"fast\"");
    CHECK(refusal("return { limits = { viewer_grace_s = '60' } }") ==
          "test.lua: limits.viewer_grace_s: expected an integer from 1 to 86400 (seconds), not \"60\"");
    CHECK(refusal("return { limits = 5 }") == "test.lua: limits: expected a table of settings, not 5");
    CHECK(refusal("return { limits = { 1, 2 } }") == "test.lua: limits: expected a table of settings, not a list");
    CHECK(contains(refusal("return { rooms = 'demo' }"), "rooms: expected a list of rooms"));
    CHECK(contains(refusal("return { rooms = { id = 'demo' } }"), "rooms: expected a list of rooms"));
    CHECK(refusal("return { rooms = { 'demo' } }") == "test.lua: rooms[1]: expected a table of settings, not \"demo\"");
    CHECK(refusal("return { rooms = { { id = 'a', listed = 'yes' } } }") ==
          "test.lua: rooms[1].listed: expected true or false, not \"yes\"");
    CHECK(contains(refusal("return { web_root = true }"), "web_root: expected a folder's path"));
    CHECK(contains(refusal("return { web_root = 'a\\0b' }"), "web_root: expected a folder's path"));
    CHECK(
        contains(refusal("return { allowed_origins = 'https://a.b' }"), "allowed_origins: expected a list of origins"));
    CHECK(contains(refusal("return { log_level = 'loud' }"),
                   "log_level: expected one of \"trace\", \"debug\", \"info\", "
                   "\"warn\", \"error\", \"critical\", \"off\", not \"loud\""));
    CHECK(contains(refusal("return { rooms = { { id = 'a', title = '\\xff' } } }"),
                   "rooms[1].title: expected text in UTF-8"));
    CHECK(refusal("return { limits = function() end }") ==
          "test.lua: limits is or holds a function, which is not data");
}

TEST_CASE("a number out of range, or no number at all, names the range") {
    const std::string rate = "test.lua: tick_rate_hz: expected an integer from 1 to 100 (per second), not ";
    CHECK(refusal("return { tick_rate_hz = 0 }") == rate + "0");
    CHECK(refusal("return { tick_rate_hz = 101 }") == rate + "101");
    CHECK(refusal("return { tick_rate_hz = -20 }") == rate + "-20");
    CHECK(refusal("return { tick_rate_hz = 12.5 }") == rate + "12.5");
    CHECK(refusal("return { tick_rate_hz = 0/0 }") == rate + "(0/0)");
    CHECK(refusal("return { tick_rate_hz = 1/0 }") == rate + "(1/0)");
    CHECK(refusal("return { tick_rate_hz = 1e300 }") == rate + "1e+300");
    CHECK(refusal("return { tick_rate_hz = {} }") == rate + "an empty table");
    CHECK(contains(refusal("return { limits = { rooms_max = math.mininteger } }"),
                   "from 1 to 1000000, not math.mininteger"));
    CHECK(
        contains(refusal("return { limits = { commands_per_s = 65537 } }"), "from 1 to 1000 (per second), not 65537"));
}

TEST_CASE("addresses, origins, ids and media are checked by what they mean") {
    for (const char* address : {"", "8080", ":8080", "localhost", "localhost:", "localhost:http", "localhost:65536",
                                "localhost:-1", "::1:8080", "[::1]"}) {
        CAPTURE(address);
        CHECK(contains(refusal("return { listen = '" + std::string{address} + "' }"), "test.lua: listen: "));
    }
    for (const char* origin : {"example.org", "https://", "https://example.org/", "https://Example.org", "*", "null",
                               "ftp://example.org", "https://a b"}) {
        CAPTURE(origin);
        CHECK(contains(refusal("return { allowed_origins = { '" + std::string{origin} + "' } }"),
                       "allowed_origins: expected origins such as"));
    }
    for (const char* id : {"", "a b", "a/b", "../x", "\xc3\xa4"}) {
        CAPTURE(id);
        CHECK(
            contains(refusal("return { rooms = { { id = '" + std::string{id} + "' } } }"), "rooms[1].id: a room id "));
    }
    CHECK(contains(refusal("return { rooms = { { id = ('x'):rep(65) } } }"), "at most 64 characters, not 65"));
    CHECK(contains(refusal("return { rooms = { { title = 'no id' } } }"), "rooms[1].id: missing"));
    CHECK(contains(refusal("return { rooms = { { id = 'a' }, { id = 'a' } } }"),
                   "rooms[2].id: there is a room \"a\" already"));
    CHECK(contains(refusal("return { rooms = { { id = 'a', media = { url = 'ftp://x' } } } }"), "rooms[1].media: "));
    CHECK(contains(refusal("return { rooms = { { id = 'a', media = {} } } }"), "rooms[1].media: "));
    CHECK(contains(refusal("return { rooms = { { id = 'a', media = { kind = 'vhs', url = '/a' } } } }"),
                   "rooms[1].media.kind: expected one of \"file\", \"hls\""));
    CHECK(contains(refusal("return { rooms = { { id = 'a', title = ('x'):rep(201) } } }"),
                   "expected text of at most 200 bytes, not \"xxx"));
}

TEST_CASE("settings that do not go together are refused") {
    CHECK(refusal("return { limits = { silence_timeout_s = 5, report_interval_ms = 2000 } }") ==
          "test.lua: limits.silence_timeout_s: must be at least three times limits.report_interval_ms");
    CHECK(contains(refusal("return { limits = { rooms_max = 1 }, rooms = { { id = 'a' }, { id = 'b' } } }"),
                   "rooms: has 2 rooms, more than limits.rooms_max"));
}

TEST_CASE("all mistakes are told at once, one a line") {
    const std::string text =
        refusal("return { lisen = 1, tick_rate_hz = 0, limits = { rooms_max = 'x', foo_bar_baz = 1 } }");
    CHECK(std::ranges::count(text, '\n') == 3);
    CHECK(contains(text, "test.lua: lisen"));
    CHECK(contains(text, "test.lua: tick_rate_hz"));
    CHECK(contains(text, "test.lua: limits.rooms_max"));
    CHECK(contains(text, "test.lua: limits.foo_bar_baz"));
}

TEST_CASE("scripts that loop, fail, return nonsense or are no Lua are refused with their place") {
    CHECK(contains(refusal("while true do end"), "test.lua:1: the script has used up its 200000 instructions"));
    CHECK(contains(refusal("local s = 'x' while true do s = s .. s end"), "needs more memory than it may have"));
    CHECK(refusal("\nerror('on purpose')") == "test.lua:2: on purpose");
    CHECK(refusal("return {") == "test.lua:1: unexpected symbol near <eof>");
    CHECK(refusal("return os.getenv('HOME')") == "test.lua:1: attempt to index a nil value (global 'os')");
    CHECK(contains(refusal("\x1bLuaS"), "attempt to load a binary chunk"));
    CHECK(contains(refusal(""), "expected the script to return a table of settings"));
    CHECK(refusal("return 42") == "test.lua: the script: expected a table of settings, not 42");
    CHECK(refusal("return { 1, 2, 3 }") == "test.lua: the script: expected a table of settings, not a list");
    CHECK(contains(refusal("return { [1.5] = 2 }"), "a key that is a number"));
    CHECK(contains(refusal("local t = {} t.limits = t return t"), "nested deeper"));
}

TEST_CASE("recording is a folder, or a table that has one") {
    CHECK_FALSE(good("return {}").recording);
    CHECK_FALSE(good("return { record = '' }").recording);
    const Config usual = good("return { record = 'var/recordings' }");
    REQUIRE(usual.recording);
    CHECK(usual.recording->folder == std::filesystem::absolute("dir/var/recordings"));
    CHECK(usual.recording->all);
    CHECK(usual.recording->names_and_chat);
    const Config config = good(
        "return { record = { folder = '/tmp/r', all = false, names_and_chat = false, part_mib = 2, folder_mib = 9 } }");
    CHECK(config.recording ==
          RecordingSettings{.folder = "/tmp/r", .all = false, .names_and_chat = false, .part_mib = 2, .folder_mib = 9});
    CHECK(contains(effective_config(config), "part_mib = 2"));
    CHECK(contains(refusal("return { record = {} }"), "record.folder: is missing"));
    CHECK(contains(refusal("return { record = true }"), "record: expected a table of settings, not true"));
    CHECK(contains(refusal("return { record = { folder = 'r', part_mib = 0 } }"), "record.part_mib: expected"));
    CHECK(contains(refusal("return { record = { folder = 'r', chat = false } }"), "record.chat"));
}

TEST_CASE("native clients may come over ENet if there is a table for it: IPv4, sealed unless said otherwise") {
    CHECK_FALSE(good("return {}").enet);
    const Config usual = good("return { enet = {} }");
    REQUIRE(usual.enet);
    CHECK(usual.enet->host == "0.0.0.0");
    CHECK(usual.enet->port == 8081);
    CHECK(usual.enet->sealed);
    const Config config = good("return { enet = { listen = '127.0.0.1:0', sealed = false, peers_max = 10 } }");
    REQUIRE(config.enet);
    CHECK(config.enet->host == "127.0.0.1");
    CHECK(config.enet->port == 0);
    CHECK_FALSE(config.enet->sealed);
    CHECK(config.enet->peers_max == 10);
    CHECK(contains(effective_config(config), "listen = \"127.0.0.1:0\""));
    CHECK(effective_config(parse_config(effective_config(config), "x.lua")) == effective_config(config));
    CHECK(refusal("return { enet = true }") == "test.lua: enet: expected a table of settings, not true");
    CHECK(contains(refusal("return { enet = { listen = '[::]:8081' } }"), "enet.listen: expected an IPv4 address"));
    CHECK(
        contains(refusal("return { enet = { listen = 'localhost:8081' } }"), "enet.listen: expected an IPv4 address"));
    CHECK(contains(refusal("return { enet = { listen = '127.0.0.1' } }"), "is no address to listen on"));
    CHECK(contains(refusal("return { enet = { listen = 8081 } }"), "enet.listen: expected"));
    CHECK(contains(refusal("return { enet = { sealed = 1 } }"), "enet.sealed: expected true or false"));
    CHECK(contains(refusal("return { enet = { peers_max = 4096 } }"), "from 1 to 4095"));
    CHECK(contains(refusal("return { enet = { peers_max = 0 } }"), "from 1 to 4095"));
    CHECK(contains(refusal("return { enet = { port = 1 } }"), "enet.port: there is no such key"));
}

TEST_CASE("a file that is not there, or is none, is refused by name") {
    const auto said = [](const std::filesystem::path& path) -> std::string {
        try {
            static_cast<void>(load_config(path));
        } catch (const ConfigError& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(said("no/such.lua") == "there is no config script 'no/such.lua'");
    CHECK(contains(said("scripts"), "'scripts' is not a file"));
    CHECK(contains(said("/dev/zero"), "is not a file"));
}

TEST_CASE("certificate and key are two files, relative to the script, or neither") {
    CHECK_FALSE(good("return {}").http.tls);
    const Config config = good("return { tls = { certificate = 'tls/cert.pem', key = '/etc/key.pem' } }");
    REQUIRE(config.http.tls);
    CHECK(config.http.tls->certificate == std::filesystem::absolute("dir/tls/cert.pem"));
    CHECK(config.http.tls->key == "/etc/key.pem");
    CHECK(contains(effective_config(config), "key = \"/etc/key.pem\""));
    CHECK(effective_config(parse_config(effective_config(config), "x.lua")) == effective_config(config));
    CHECK(refusal("return { tls = true }") == "test.lua: tls: expected a table of settings, not true");
    CHECK(refusal("return { tls = { certificate = 'a' } }") == "test.lua: tls.key: missing: expected a file's path");
    CHECK(refusal("return { tls = { key = 'a' } }") == "test.lua: tls.certificate: missing: expected a file's path");
    CHECK(contains(refusal("return { tls = {} }"), "tls.certificate: missing"));
    CHECK(refusal("return { tls = { certificate = '', key = 'a' } }") ==
          "test.lua: tls.certificate: expected a file's path, not \"\"");
    CHECK(
        contains(refusal("return { tls = { certificate = 'a\\0b', key = 'a' } }"), "tls.certificate: expected a file"));
    CHECK(refusal("return { tls = { certificate = 'a', key = 7 } }") ==
          "test.lua: tls.key: expected a file's path, not 7");
    CHECK(refusal("return { tls = { cert = 'a', key = 'a' } }") ==
          "test.lua: tls.cert: there is no such key; did you mean tls.certificate?");
}

TEST_CASE("what --check prints is a script that gives the same") {
    const Config config = load_config("scripts/demo.lua");
    const std::string printed = effective_config(config);
    CHECK(effective_config(parse_config(printed, "elsewhere/printed.lua")) == printed);
    const Config odd =
        good(R"(return { listen = "[::]:1", log_level = "off", rooms = { { id = "quote", title = "a \"b\"\\\n" } },
                                        allowed_origins = { "https://a.b" }, tick_rate_hz = 30 })");
    CHECK(effective_config(parse_config(effective_config(odd), "x.lua")) == effective_config(odd));
    CHECK(contains(printed, "limits = {"));
    CHECK(contains(printed, "viewer_grace_s = 60, -- how long"));
}

TEST_CASE("the demo's config is what the README says") {
    const Config config = load_config("scripts/demo.lua");
    CHECK(config.http.host == "0.0.0.0");
    CHECK(config.http.port == 8080);
    CHECK(config.http.media_folder == std::filesystem::absolute("var/media"));
    CHECK(config.http.web_root == std::filesystem::absolute("clients/web/dist"));
    REQUIRE(config.rooms.size() == 1);
    CHECK(config.rooms[0].id->text() == "demo");
    CHECK(config.rooms[0].listed);
    CHECK(config.rooms[0].media->url == "/media/demo.mp4");
}

TEST_CASE("scripts/README.md lists every key as the engine knows it") {
    const std::string page = file_content("scripts/README.md");
    const std::string reference = config_reference();
    INFO("expected in scripts/README.md:\n", reference);
    CHECK(contains(page, reference));
}
