#include "net/http/service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace playhead;
using namespace playhead::http;

namespace {

struct ManualClock final : Clock {
    ServerTime now() const override { return time; }
    std::int64_t unix_us() const override { return time.time_since_epoch().count(); }
    ServerTime time;
};

// Answers at once, or when told to; counts how often it was asked.
struct ScriptedBackend final : Backend {
    void create_room(RoomRequest request, http::Reply<Result<CreatedRoom>> reply) override {
        created.push_back(request);
        if (refusal) return reply(std::unexpected(*refusal));
        reply(CreatedRoom{*RoomId::parse("new"), "j.new.x", "o.new.y"});
    }
    void list_rooms(http::Reply<std::vector<RoomSummary>> reply) override {
        ++lists;
        if (hold) {
            held = std::move(reply);
        } else {
            reply(rooms);
        }
    }
    void find_room(RoomId id, http::Reply<std::optional<RoomSummary>> reply) override {
        const auto found = std::ranges::find(rooms, id, &RoomSummary::id);
        reply(found == rooms.end() ? std::nullopt : std::optional{*found});
    }
    void join_room(RoomId id, JoinRequest request, http::Reply<Result<Entrance>> reply) override {
        joined.emplace_back(id.text(), request);
        if (refusal) return reply(std::unexpected(*refusal));
        IssuedToken issued{"c.demo.AAAA", std::chrono::seconds{30}, 77, {}};
        issued.keys.client_to_engine.bytes.fill(std::byte{0xff});
        reply(Entrance{issued});
    }
    void reload_plugins(http::Reply<Result<PluginReload>> reply) override {
        ++reloads;
        reply(reload);
    }
    void start_recording(RoomId id, bool left_out, http::Reply<Result<std::string>> reply) override {
        if (refusal) return reply(std::unexpected(*refusal));
        reply(id.text() + (left_out ? ".masked" : ".playrec"));
    }
    void stop_recording(RoomId, http::Reply<Result<void>> reply) override {
        reply(refusal ? Result<void>{std::unexpected(*refusal)} : Result<void>{});
    }
    void list_plugins(http::Reply<std::vector<PluginUse>> reply) override {
        reply({{"chat", "1.2.0", "0a1b2c3d", 3, 1}});
    }
    void overview(http::Reply<std::vector<ShardOverview>> reply) override {
        ++overviews;
        ShardOverview first;
        first.taken_at = ServerTime{std::chrono::seconds{61}};
        first.metrics.viewers = 2;
        ShardOverview second;
        second.metrics.viewers = 3;
        reply({first, second});
    }
    void metrics_page(http::Reply<std::string> reply) override { reply("shard 1\n"); }
    void attach(UpgradedSocket) override {}

    std::vector<RoomSummary> rooms{{*RoomId::parse("demo"), "Demo", true, 2, "Film", "j.demo.x"}};
    std::vector<RoomRequest> created;
    std::vector<std::pair<std::string, JoinRequest>> joined;
    std::optional<Error> refusal;
    Result<PluginReload> reload;
    int reloads = 0;
    int overviews = 0;
    int lists = 0;
    bool hold = false;
    http::Reply<std::vector<RoomSummary>> held;
};

struct Fixture {
    explicit Fixture(Settings settings = {}) : service(settings, {77, TickLength{}}, clock, backend) {}

    std::optional<http::Response> answer(std::string method, std::string target, std::vector<http::Field> fields = {},
                                         std::string body = {}) {
        http::Request request{
            .method = std::move(method), .target = std::move(target), .body = std::move(body), .address = "a"};
        request.fields = std::move(fields);
        request.fields.push_back({"Host", "party.example"});
        auto result = std::make_shared<std::optional<http::Response>>();
        boost::asio::co_spawn(io, service.answer(std::move(request)),
                              [result](const std::exception_ptr& failure, http::Response response) {
                                  if (!failure) *result = std::move(response);
                              });
        io.restart();
        io.poll();
        return std::move(*result);
    }
    unsigned status(std::string method, std::string target, std::vector<http::Field> fields = {},
                    std::string body = {}) {
        const auto response = answer(std::move(method), std::move(target), std::move(fields), std::move(body));
        return response ? response->status : 0;
    }

    ManualClock clock;
    ScriptedBackend backend;
    Service service;
    boost::asio::io_context io;
};

std::string field_of(const http::Response& response, const std::string& name) {
    const auto found = std::ranges::find(response.fields, name, &http::Field::name);
    return found == response.fields.end() ? "" : found->value;
}

} // namespace

TEST_CASE("[H10] a draining engine lives but is not ready, and takes neither rooms nor viewers") {
    Fixture engine;
    CHECK(engine.status("GET", "/readyz") == 200);
    CHECK(engine.status("POST", "/api/v1/rooms") == 201);
    engine.service.drain();
    CHECK(engine.status("GET", "/healthz") == 200);
    CHECK(engine.status("GET", "/readyz") == 503);
    CHECK(engine.status("POST", "/api/v1/rooms") == 503);
    http::Request handshake{.method = "GET", .target = "/ws/demo", .body = {}, .address = {}};
    handshake.fields = {{"Host", "x"},
                        {"Upgrade", "websocket"},
                        {"Connection", "Upgrade"},
                        {"Sec-WebSocket-Version", "13"},
                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                        {"Sec-WebSocket-Protocol", "playhead.v1"}};
    const auto accepted = engine.service.accept_viewer(handshake, *route("GET", "/ws/demo"));
    REQUIRE_FALSE(accepted.has_value());
    CHECK(accepted.error().status == 503);
}

TEST_CASE("[H3] a room is shown or not found") {
    Fixture engine;
    CHECK(engine.answer("GET", "/api/v1/rooms/demo")->body.starts_with(R"({"room":"demo")"));
    CHECK(engine.status("GET", "/api/v1/rooms/other") == 404);
}

TEST_CASE("[H3] the shard is asked for the list twice a second at most") {
    Fixture engine;
    for (int n = 0; n < 100; ++n) CHECK(engine.status("GET", "/api/v1/rooms") == 200);
    CHECK(engine.backend.lists == 1);
    engine.clock.time += std::chrono::milliseconds{500};
    CHECK(engine.status("GET", "/api/v1/rooms") == 200);
    CHECK(engine.backend.lists == 2);
}

TEST_CASE("[H3] who creates a room finds it in the list, also when another was asking just then") {
    Fixture engine;
    CHECK(engine.status("GET", "/api/v1/rooms") == 200);
    CHECK(engine.status("POST", "/api/v1/rooms") == 201);
    engine.backend.hold = true;
    CHECK_FALSE(engine.answer("GET", "/api/v1/rooms").has_value());
    CHECK(engine.status("POST", "/api/v1/rooms") == 201);
    engine.backend.held({});
    engine.io.restart();
    engine.io.poll();
    engine.backend.hold = false;
    CHECK(engine.answer("GET", "/api/v1/rooms")->body.find("demo") != std::string::npos);
    CHECK(engine.backend.lists == 3);
}

TEST_CASE("[H4] a creation is passed on as it was asked for, and refused in the engine's words") {
    Fixture engine;
    const auto response = engine.answer("POST", "/api/v1/rooms", {}, R"({"title":"T","listed":true})");
    REQUIRE(response.has_value());
    CHECK(response->status == 201);
    CHECK(field_of(*response, "Location") == "/api/v1/rooms/new");
    REQUIRE(engine.backend.created.size() == 1);
    CHECK(engine.backend.created[0].title == "T");
    CHECK(engine.backend.created[0].listed);
    engine.backend.refusal = Error{ErrorCode::out_of_range, "there is a room named x already", 0};
    CHECK(engine.status("POST", "/api/v1/rooms") == 409);
    engine.backend.refusal = Error{ErrorCode::rate_limited, "full", 60'000};
    CHECK(field_of(*engine.answer("POST", "/api/v1/rooms"), "Retry-After") == "60");
    engine.backend.refusal = Error{ErrorCode::malformed, "a bad url", 0};
    CHECK(engine.status("POST", "/api/v1/rooms") == 400);
}

TEST_CASE("[H4] a foreign page creates nothing, and bad requests cost none of the budget") {
    Settings settings;
    settings.rooms_created_per_minute = 1;
    Fixture engine{settings};
    CHECK(engine.status("POST", "/api/v1/rooms", {{"Origin", "https://evil.example"}}) == 403);
    CHECK(engine.status("POST", "/api/v1/rooms", {}, "nonsense") == 400);
    CHECK(engine.backend.created.empty());
    CHECK(engine.status("POST", "/api/v1/rooms", {{"Origin", "http://party.example"}}) == 201);
    const auto limited = engine.answer("POST", "/api/v1/rooms");
    CHECK(limited->status == 429);
    CHECK(field_of(*limited, "Retry-After") == "60");
}

TEST_CASE("[H12] a request to join reaches its room with the address it came from, and not one it names") {
    Fixture engine;
    const auto response = engine.answer("POST", "/api/v1/rooms/demo/join", {}, R"({"token":"j.demo.x","device":"d"})");
    REQUIRE(response.has_value());
    CHECK(response->status == 200);
    CHECK(response->body.starts_with(R"({"connect_token":"c.demo.AAAA","expires_in_ms":30000,"clock_id":"77",)"));
    CHECK(field_of(*response, "Cache-Control") == "no-store");
    REQUIRE(engine.backend.joined.size() == 1);
    CHECK(engine.backend.joined[0].first == "demo");
    CHECK(engine.backend.joined[0].second.token == "j.demo.x");
    CHECK(engine.backend.joined[0].second.device == "d");
    CHECK(engine.backend.joined[0].second.address == "a");
    CHECK(engine.status("POST", "/api/v1/rooms/demo/join", {}, R"({"address":"b"})") == 400);
}

TEST_CASE("[H12] a refused request to join says why in the engine's words") {
    Fixture engine;
    engine.backend.refusal = Error{ErrorCode::banned, "banned from this room", 59'001};
    const auto banned = engine.answer("POST", "/api/v1/rooms/demo/join");
    CHECK(banned->status == 403);
    CHECK(banned->body == R"({"error":{"code":"banned","message":"banned from this room"}})");
    CHECK(field_of(*banned, "Retry-After") == "60");
    engine.backend.refusal = Error{ErrorCode::room_unknown, "there is no room 'demo'", 0};
    CHECK(engine.status("POST", "/api/v1/rooms/demo/join") == 404);
    engine.service.drain();
    CHECK(engine.status("POST", "/api/v1/rooms/demo/join") == 503);
}

TEST_CASE("[H12] each attempt to join counts for its address, and foreign pages get none") {
    Settings settings;
    settings.joins_per_minute = 2;
    Fixture engine{settings};
    const std::string place = "/api/v1/rooms/demo/join";
    CHECK(engine.status("POST", place, {{"Origin", "https://evil.example"}}) == 403);
    CHECK(engine.backend.joined.empty());
    CHECK(engine.status("POST", place, {{"Origin", "http://party.example"}}) == 200);
    CHECK(engine.status("POST", place, {}, "nonsense") == 400);
    const auto limited = engine.answer("POST", place);
    CHECK(limited->status == 429);
    CHECK(field_of(*limited, "Retry-After") == "30");
    engine.clock.time += std::chrono::seconds{30};
    CHECK(engine.status("POST", place) == 200);
    CHECK(engine.status("POST", "/api/v1/rooms") == 201); // a budget of its own
}

TEST_CASE("[H8] only origins that the operator named may read answers from afar") {
    Settings settings;
    settings.allowed_origins = {"https://friend.example"};
    Fixture engine{settings};
    const auto friendly = engine.answer("GET", "/healthz", {{"Origin", "https://friend.example"}});
    CHECK(field_of(*friendly, "Access-Control-Allow-Origin") == "https://friend.example");
    const auto asked = engine.answer("OPTIONS", "/api/v1/rooms", {{"Origin", "https://friend.example"}});
    CHECK(asked->status == 204);
    CHECK(field_of(*asked, "Access-Control-Allow-Methods") == "GET, HEAD, POST");
    const auto foreign = engine.answer("GET", "/healthz", {{"Origin", "https://evil.example"}});
    CHECK(field_of(*foreign, "Access-Control-Allow-Origin").empty());
    CHECK(field_of(*foreign, "Vary") == "Origin");
}

TEST_CASE("[H1] metrics hold the shard's part and HTTP's own") {
    Fixture engine;
    const std::string page = engine.answer("GET", "/metrics")->body;
    CHECK(page.starts_with("shard 1\n"));
    CHECK(page.find("\nplayhead_http_requests_total 1\n") != std::string::npos);
}

TEST_CASE("[H1] HEAD is answered like GET, without the body") {
    Fixture engine;
    const auto head = engine.answer("HEAD", "/healthz");
    CHECK(head->head_only);
    CHECK(header_of(*head, true).find("\r\nContent-Length: 3\r\n") != std::string::npos);
}

TEST_CASE("[H1] without folders there are no files, and that is no error of ours") {
    Fixture engine;
    CHECK(engine.status("GET", "/") == 404);
    CHECK(engine.status("GET", "/media/a.mp4") == 404);
}

TEST_CASE("[H15] a room is recorded when the operator asks for it") {
    Settings settings;
    settings.admin_token = "sesame-opens-it";
    Fixture engine{settings};
    const std::string start = "/api/v1/admin/rooms/demo/recording/start";
    const std::string stop = "/api/v1/admin/rooms/demo/recording/stop";
    const auto ask = [&](const std::string& place, const std::string& body = {}) {
        return *engine.answer("POST", place, {{"Authorization", "Bearer sesame-opens-it"}}, body);
    };
    CHECK(engine.status("POST", start) == 401);
    CHECK(engine.status("POST", stop) == 401);
    CHECK(engine.status("GET", start) == 405);
    CHECK(ask(start).status == 201);
    CHECK(ask(start).body == R"({"file":"demo.playrec"})");
    CHECK(ask(start, R"({"names_and_chat":false})").body == R"({"file":"demo.masked"})");
    CHECK(ask(start, R"({"names_and_chat":"no"})").status == 400);
    CHECK(ask(start, R"({"name":true})").body.contains("names_and_chat"));
    CHECK(ask(stop).status == 200);
    engine.backend.refusal = Error{ErrorCode::denied, "it is recorded already"};
    CHECK(ask(start).status == 409);
    CHECK(ask(start).body.contains("recording_refused"));
    CHECK(ask(stop).status == 409);
    engine.backend.refusal = Error{ErrorCode::room_unknown, "there is no room 'demo'"};
    CHECK(ask(start).status == 404);
    CHECK(ask(stop).status == 404);
    engine.service.drain();
    CHECK(ask(start).status == 503);
}

TEST_CASE("[H11] without an admin token in the config there is no admin API") {
    Fixture engine;
    CHECK(engine.status("GET", "/api/v1/admin/plugins", {{"Authorization", "Bearer "}}) == 404);
    CHECK(engine.status("POST", "/api/v1/admin/plugins/reload", {{"Authorization", "Bearer x"}}) == 404);
    CHECK(engine.backend.reloads == 0);
}

TEST_CASE("[H11] only who has the token may look at plugins and reload them") {
    Settings settings;
    settings.admin_token = "sesame-opens-it";
    Fixture engine{settings};
    const std::string place = "/api/v1/admin/plugins";
    const auto asked = engine.answer("GET", place);
    CHECK(asked->status == 401);
    CHECK(field_of(*asked, "WWW-Authenticate") == "Bearer");
    for (const char* wrong : {"Basic sesame-opens-it", "Bearer", "sesame-opens-it"})
        CHECK(engine.status("GET", place, {{"Authorization", wrong}}) == 401);
    for (const char* wrong : {"Bearer sesame-opens-i", "Bearer sesame-opens-itt", "Bearer Sesame-opens-it", "Bearer x"})
        CHECK(engine.status("POST", place + "/reload", {{"Authorization", wrong}}) == 403);
    CHECK(engine.backend.reloads == 0);

    const http::Field right{"Authorization", "bearer sesame-opens-it"};
    const auto list = engine.answer("GET", place, {right});
    CHECK(list->status == 200);
    CHECK(list->body ==
          R"({"plugins":[{"name":"chat","version":"1.2.0","hash":"0a1b2c3d","rooms":3,"suspended_rooms":1}]})");
    CHECK(engine.status("GET", place + "/reload", {right}) == 405);
    CHECK(engine.status("POST", place, {right}) == 405);
}

TEST_CASE("[H14] the overview is for who has the token, and never kept by a cache") {
    const std::string place = "/api/v1/admin/overview";
    const http::Field right{"Authorization", "Bearer sesame-opens-it"};
    CHECK(Fixture{}.status("GET", place, {right}) == 404);

    Settings settings;
    settings.admin_token = right.value.substr(7);
    Fixture engine{settings};
    CHECK(engine.status("GET", place) == 401);
    CHECK(engine.status("GET", place + "?token=sesame-opens-it") == 401);
    CHECK(engine.status("GET", place, {{"Authorization", "Bearer sesame-opens-it-not"}}) == 403);
    CHECK(engine.backend.overviews == 0);

    const auto answer = engine.answer("GET", place, {right});
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(field_of(*answer, "Cache-Control") == "no-store");
    CHECK(answer->body.starts_with(R"({"engine":{"version":"","uptime_s":6.1E1,"tick_us":50000,"draining":false},)"));
    CHECK(answer->body.find(R"("index":1,"rooms":0,"viewers":3,)") != std::string::npos);
    // One may look while it goes down.
    engine.service.drain();
    CHECK(engine.answer("GET", place, {right})->body.find(R"("draining":true)") != std::string::npos);
}

TEST_CASE("[H11] who guesses tokens is slowed down, and who has the right one is not") {
    Settings settings;
    settings.admin_token = "sesame-opens-it";
    Fixture engine{settings};
    const std::string place = "/api/v1/admin/plugins";
    unsigned last = 0;
    for (int guess = 0; guess < 11; ++guess) last = engine.status("GET", place, {{"Authorization", "Bearer guess"}});
    CHECK(last == 429);
    CHECK(engine.status("GET", place, {{"Authorization", "Bearer sesame-opens-it"}}) == 200);
}

TEST_CASE("[H11] a reload says what became of it, room by room") {
    Settings settings;
    settings.admin_token = "sesame-opens-it";
    Fixture engine{settings};
    const auto reload = [&] {
        return engine.answer("POST", "/api/v1/admin/plugins/reload", {{"Authorization", "Bearer sesame-opens-it"}});
    };
    engine.backend.reload = PluginReload{.plugins = {{"chat", "1.3.0", "11112222", false}}, .rooms_swapped = 2};
    auto answer = reload();
    CHECK(answer->status == 200);
    CHECK(answer->body == R"({"ok":true,"plugins":[{"name":"chat","version":"1.3.0","hash":"11112222"}],)"
                          R"("rooms_swapped":2,"rooms_unchanged":0,"rooms_kept":0,"kept":[],"problems":[]})");
    engine.backend.reload->rooms_kept = 1;
    engine.backend.reload->kept = {{*RoomId::parse("den"), "chat: migrate failed"}};
    answer = reload();
    CHECK(answer->status == 409);
    CHECK(answer->body.find(R"("kept":[{"room":"den","why":"chat: migrate failed"}])") != std::string::npos);
    engine.backend.reload = std::unexpected(Error{ErrorCode::malformed, "demo.lua: plugins.chta: no such plugin"});
    answer = reload();
    CHECK(answer->status == 409);
    CHECK(answer->body.find("plugins.chta") != std::string::npos);
}
