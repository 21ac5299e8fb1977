#include "app/server.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

using namespace playhead;

// The only tests here with a real port: they let the sanitizers see the two threads and their messages at work.
namespace {

Config small_config() {
    Config config;
    config.http.port = 0;
    config.log_level = "off";
    RoomRequest room;
    room.id = *RoomId::parse("demo");
    room.listed = true;
    room.permanent = true;
    config.rooms = {room};
    return config;
}

std::shared_ptr<const PluginSet> greeter(const std::string& version, const std::string& code) {
    PluginRequest request;
    request.source.name = "greeter";
    request.source.manifest = "return { name = 'greeter', version = '" + version + "', api = 1 }";
    request.source.code = "local P = ...\n" + code;
    request.source.code_path = "greeter/init.lua";
    auto set = load_plugins({request});
    REQUIRE(set);
    return *std::move(set);
}

Config with_plugins(const std::shared_ptr<const PluginSet>& plugins) {
    Config config = small_config();
    config.admin_token = "sesame-opens-it";
    config.plugins = plugins;
    config.rooms.front().plugins = plugins;
    return config;
}

// A blocking client that waits ten seconds at most.
class Client {
  public:
    explicit Client(const std::string& url) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
        ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("cannot connect");
        }
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(std::string_view bytes) const { CHECK(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0); }

    // Everything up to the end of the connection, or until `enough` has been seen.
    std::string read_until(std::string_view enough) {
        char chunk[4096];
        while (enough.empty() || received_.find(enough) == std::string::npos) {
            const auto got = ::recv(socket_, chunk, sizeof chunk, 0);
            if (got <= 0) break;
            received_.append(chunk, static_cast<std::size_t>(got));
        }
        return received_;
    }

  private:
    int socket_;
    std::string received_;
};

std::string answer(const std::string& url, const std::string& request) {
    Client client{url};
    client.send(request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    return client.read_until("");
}

// The same of the admin API.
std::string asked(const std::string& url, const std::string& request) {
    Client client{url};
    client.send(request + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sesame-opens-it\r\n"
                          "Content-Length: 0\r\nConnection: close\r\n\r\n");
    return client.read_until("");
}

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

constexpr std::string_view handshake = "GET /ws/demo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                       "Sec-WebSocket-Protocol: playhead.v1\r\n\r\n";

} // namespace

TEST_CASE("[H10] the engine answers, takes viewers, and drains on a signal") {
    Server server{small_config(), "test"};
    const std::string url = server.url();
    std::thread http{[&server] { server.run(); }};

    CHECK(answer(url, "GET /healthz").starts_with("HTTP/1.1 200"));
    CHECK(answer(url, "GET /api/v1/rooms").find("\"room\":\"demo\"") != std::string::npos);
    CHECK(answer(url, "GET /api/v1/rooms/demo").find("\"join_token\":\"j.demo.") != std::string::npos);
    CHECK(answer(url, "POST /api/v1/rooms").starts_with("HTTP/1.1 201"));
    CHECK(answer(url, "GET /").starts_with("HTTP/1.1 404"));
    const std::string metrics = answer(url, "GET /metrics");
    for (const std::string_view name :
         {"playhead_rooms 2\n", "playhead_ticks_skipped_total ", "playhead_tick_duration_seconds_count ",
          "playhead_websocket_connections 0\n", "playhead_http_requests_total ", "process_resident_memory_bytes ",
          "process_open_fds ", "process_cpu_seconds_total ", "playhead_build_info{version=\"test\"} 1\n"}) {
        CAPTURE(name);
        CHECK(metrics.find(name) != std::string::npos);
    }

    Client viewer{url};
    viewer.send(handshake);
    const std::string accepted = viewer.read_until("\r\n\r\n");
    CHECK(accepted.starts_with("HTTP/1.1 101"));
    CHECK(accepted.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos); // RFC 6455, 1.3
    CHECK(answer(url, "GET /metrics").find("playhead_http_upgrades_total 1\n") != std::string::npos);

    std::raise(SIGTERM);
    const std::string rest = viewer.read_until("");
    CHECK(rest.find('\x88') != std::string::npos); // a Close frame came before the end
    http.join();
    CHECK_THROWS_AS(Client{url}, std::runtime_error);
}

TEST_CASE("[H11] plugins are read again when the admin asks and on SIGHUP, and what is wrong keeps the old") {
    std::atomic<int> reads = 0;
    const auto reread = [&]() -> Config {
        switch (++reads) {
        case 1: return with_plugins(greeter("1.1.0", ""));
        case 2: return with_plugins(greeter("1.2.0", "P:self_test(function() error('no good') end)"));
        case 3: throw ConfigError("demo.lua: plugins.greter: there is no such plugin");
        default: return with_plugins(greeter("1.3.0", ""));
        }
    };
    Server server{with_plugins(greeter("1.0.0", "")), "test", reread};
    const std::string url = server.url();
    std::thread http{[&server] { server.run(); }};

    const std::string reload = "POST /api/v1/admin/plugins/reload";
    CHECK(has(asked(url, "GET /api/v1/admin/plugins"), R"("name":"greeter","version":"1.0.0")"));
    CHECK(answer(url, "GET /api/v1/admin/plugins").starts_with("HTTP/1.1 401"));
    std::string told = asked(url, reload);
    CHECK(told.starts_with("HTTP/1.1 200"));
    CHECK(has(told, R"("rooms_swapped":1)"));
    CHECK(has(answer(url, "GET /api/v1/rooms/demo"), R"("name":"greeter","version":"1.1.0")"));
    told = asked(url, reload);
    CHECK(told.starts_with("HTTP/1.1 409"));
    CHECK(has(told, "no good"));
    told = asked(url, reload);
    CHECK(told.starts_with("HTTP/1.1 409"));
    CHECK(has(told, "plugins.greter"));
    CHECK(has(answer(url, "GET /api/v1/rooms/demo"), R"("version":"1.1.0")"));

    std::raise(SIGHUP);
    bool swapped = false;
    for (int look = 0; look < 100 && !swapped; ++look) {
        swapped = has(answer(url, "GET /api/v1/rooms/demo"), R"("version":"1.3.0")");
        if (!swapped) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    CHECK(swapped);
    CHECK(has(answer(url, "GET /metrics"), "playhead_plugin_room_ticks_put_off_total 0\n"));
    std::raise(SIGTERM);
    http.join();
}

TEST_CASE("[H14] the overview shows what the shard has and does, and nobody without the token sees it") {
    Config config = with_plugins(greeter("1.0.0", ""));
    config.shards = 2;
    Server server{config, "9.8.7"};
    const std::string url = server.url();
    std::thread http{[&server] { server.run(); }};
    const std::string place = "GET /api/v1/admin/overview";
    CHECK(answer(url, place).starts_with("HTTP/1.1 401"));
    const std::string page = asked(url, place);
    CHECK(page.starts_with("HTTP/1.1 200"));
    for (const std::string_view part :
         {R"("engine":{"version":"9.8.7","uptime_s":)", R"("tick_us":50000,"draining":false})",
          R"("shards":[{"index":0,"rooms":)", R"({"index":1,"rooms":)", R"("rooms":[{"room":"demo",)",
          R"("plugins":[{"name":"greeter","version":"1.0.0","hashes":[")", R"("drift_ms":{"le":[)"}) {
        CAPTURE(part);
        CHECK(has(page, part));
    }
    const std::string metrics = answer(url, "GET /metrics");
    for (const std::string_view name :
         {"playhead_shard_cpu_seconds_total{shard=\"0\"} ", "playhead_drift_viewers{le=\"+Inf\"} 0\n",
          "playhead_slow_sessions 0\n",
          "playhead_tick_duration_seconds_bucket{le=", "playhead_fan_out_passes_total "}) {
        CAPTURE(name);
        CHECK(has(metrics, name));
    }
    std::raise(SIGTERM);
    http.join();
}

TEST_CASE("rooms of all shards are listed, found, joined and counted as one engine's") {
    Config config = with_plugins(greeter("1.0.0", ""));
    config.shards = 3;
    config.enet = enet::Settings{};
    config.enet->host = "127.0.0.1";
    config.enet->port = 0;
    for (int number = 0; number < 12; ++number) {
        config.rooms.push_back(config.rooms.front());
        config.rooms.back().id = *RoomId::parse("room" + std::to_string(number));
    }
    Server server{config, "test"};
    const std::string url = server.url();
    std::thread http{[&server] { server.run(); }};
    const std::string list = answer(url, "GET /api/v1/rooms");
    std::set<std::string> ports;
    for (int number = 0; number < 12; ++number) {
        const std::string name = "room" + std::to_string(number);
        CHECK(list.find("\"room\":\"" + name + "\"") != std::string::npos);
        const std::string room = answer(url, "GET /api/v1/rooms/" + name);
        const std::size_t token = room.find("j." + name + ".");
        REQUIRE(token != std::string::npos);
        const std::string body = "{\"token\":\"" + room.substr(token, room.find('"', token) - token) + "\"}";
        Client client{url};
        client.send("POST /api/v1/rooms/" + name + "/join HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                    "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                    body);
        const std::string entrance = client.read_until("");
        const std::size_t port = entrance.find("\"port\":");
        REQUIRE(port != std::string::npos);
        ports.insert(entrance.substr(port, entrance.find(',', port) - port));
    }
    CHECK(ports.size() == 3); // each shard has its own
    const std::string metrics = answer(url, "GET /metrics");
    CHECK(metrics.find("playhead_rooms 13\n") != std::string::npos);
    CHECK(metrics.find("playhead_connect_tokens_issued_total 12\n") != std::string::npos);
    for (const std::string_view shard : {"0", "1", "2"})
        CHECK(metrics.find("playhead_shard_rooms{shard=\"" + std::string{shard} + "\"} ") != std::string::npos);
    std::raise(SIGTERM);
    http.join();
}

TEST_CASE("an engine that never ran goes away quietly, and its port is free again") {
    std::string url;
    {
        const Server server{small_config(), "test"};
        url = server.url();
        CHECK_FALSE(url.ends_with(":0"));
    }
    CHECK_THROWS_AS(Client{url}, std::runtime_error);
}

TEST_CASE("two engines cannot have one port, and the second is told what to do") {
    const Server first{small_config(), "test"};
    Config config = small_config();
    config.http.port = static_cast<std::uint16_t>(std::stoi(first.url().substr(first.url().rfind(':') + 1)));
    std::string message;
    try {
        const Server second{config, "test"};
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    CHECK(message.find("--listen") != std::string::npos);
}
