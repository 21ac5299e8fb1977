#include "net/http/service.hpp"

#include "net/http/api.hpp"
#include "net/http/conditional.hpp"
#include "net/http/content.hpp"
#include "net/http/handshake.hpp"
#include "net/http/overview_json.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace playhead::http {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds room_list_age_max{500};
// A token cannot be guessed so; and nobody mistypes one more often.
constexpr std::uint32_t admin_failures_per_minute = 10;

// Waits for the Reply that `start` is given, wherever it is answered, and goes on here.
template <class T, class Start>
asio::awaitable<T> ask(Start start) {
    const auto executor = co_await asio::this_coro::executor;
    const auto initiate = [executor](auto handler, Start begin) {
        begin(Reply<T>{[handler = std::move(handler), executor](T value) mutable {
            asio::post(executor, [handler = std::move(handler), value = std::move(value)]() mutable {
                std::move(handler)(std::move(value));
            });
        }});
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(T)>(initiate, asio::use_awaitable,
                                                                                     std::move(start));
}

std::optional<FileRoot> open_root(const std::filesystem::path& folder, const std::string& key,
                                  const std::string& help) {
    if (folder.empty()) return std::nullopt;
    try {
        return std::optional<FileRoot>{std::in_place, folder};
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(key + ": " + error.what() + "; " + help);
    }
}

// Takes as long whatever the two have in common.
bool same_secret(std::string_view given, std::string_view wanted) {
    int difference = given.size() == wanted.size() ? 0 : 1;
    for (std::size_t i = 0; i < given.size(); ++i) difference |= given[i] ^ wanted[i % wanted.size()];
    return difference == 0;
}

Refusal no_room(const RoomId& id) { return {404, "room_unknown", "there is no room '" + id.text() + "'", {}}; }

// [H15] What the room refuses is so as things are, not as they were asked for.
Response recording_refused(const Error& error) {
    if (error.code != ErrorCode::denied) return refuse(refusal_of(error));
    return refuse({409, "recording_refused", error.message, {}});
}

Response metrics_response(std::string page) {
    Response response = text_response(200, std::move(page));
    response.fields.front().value = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

} // namespace

Service::Service(const Settings& settings, const RunFacts& facts, const Clock& clock, Backend& backend)
    : settings_(settings),
      facts_(facts),
      clock_(clock),
      backend_(backend),
      web_root_(open_root(settings.web_root, "web_root", "build the web app (tools/run does), or leave the key out")),
      media_folder_(open_root(settings.media_folder, "media_folder", "create it, or leave the key out")),
      room_creation_(settings.rooms_created_per_minute),
      joins_(settings.joins_per_minute),
      admin_failures_(admin_failures_per_minute) {}

asio::awaitable<Response> Service::answer(Request request) {
    ++counters_.requests;
    Response response;
    if (auto place = route(request.method, request.target); !place) {
        response = refuse(place.error());
    } else {
        response = co_await answer_route(request, *std::move(place));
    }
    if (response.status >= 400) ++counters_.requests_refused;
    response.head_only = request.method == "HEAD" || response.status == 304 || response.status == 204;
    allow_origin(request, response);
    co_return response;
}

asio::awaitable<Response> Service::answer_route(const Request& request, Route route) {
    switch (route.endpoint) {
    case Endpoint::health: co_return text_response(200, "ok\n");
    case Endpoint::ready:
        if (draining_) co_return refuse({503, "draining", "this engine is closing down", {}});
        co_return text_response(200, "ready\n");
    case Endpoint::time: co_return json_response(200, time_json(facts_.clock_id, clock_.now(), facts_.tick_length));
    case Endpoint::metrics: {
        auto start = [this](Reply<std::string> reply) { backend_.metrics_page(std::move(reply)); };
        std::string page = co_await ask<std::string>(start);
        page += to_prometheus(counters_);
        co_return metrics_response(std::move(page));
    }
    case Endpoint::room_list: co_return co_await list_rooms();
    case Endpoint::room: {
        assert(route.room);
        auto start = [this, id = *route.room](Reply<std::optional<RoomSummary>> reply) {
            backend_.find_room(id, std::move(reply));
        };
        const std::optional<RoomSummary> room = co_await ask<std::optional<RoomSummary>>(start);
        co_return room ? json_response(200, room_json(*room)) : refuse(no_room(*route.room));
    }
    case Endpoint::room_create: co_return co_await create_room(request);
    case Endpoint::room_join: co_return co_await join_room(request, *std::move(route.room));
    case Endpoint::overview: co_return co_await overview(request);
    case Endpoint::plugin_list: co_return co_await list_plugins(request);
    case Endpoint::plugin_reload: co_return co_await reload_plugins(request);
    case Endpoint::recording_start: co_return co_await start_recording(request, *std::move(route.room));
    case Endpoint::recording_stop: co_return co_await stop_recording(request, *std::move(route.room));
    case Endpoint::websocket: { // only what accept_viewer() refused comes here
        ++counters_.upgrades_refused;
        const auto accepted = accept_viewer(request, route);
        co_return refuse(accepted ? Refusal{500, "internal", "the handshake was lost", {}} : accepted.error());
    }
    case Endpoint::media: co_return file(request, media_folder_, route.path);
    case Endpoint::page: co_return file(request, web_root_, route.path);
    case Endpoint::preflight: break;
    }
    Response response{.status = 204, .fields = {{"Allow", "GET, HEAD, POST, OPTIONS"}}, .body = {}, .file = {}};
    co_return response;
}

// Landing pages ask often and of all rooms: the shard is asked at most so often, or when a room was made here.
asio::awaitable<Response> Service::list_rooms() {
    const ServerTime now = clock_.now();
    if (listed_at_ && now - *listed_at_ < room_list_age_max) co_return json_response(200, room_list_);
    const std::uint64_t rooms_created = rooms_created_;
    auto start = [this](Reply<std::vector<RoomSummary>> reply) { backend_.list_rooms(std::move(reply)); };
    const std::vector<RoomSummary> rooms = co_await ask<std::vector<RoomSummary>>(start);
    const std::string page = rooms_json(rooms);
    if (rooms_created == rooms_created_) { // or it may miss a room made meanwhile
        room_list_ = page;
        listed_at_ = now;
    }
    co_return json_response(200, page);
}

asio::awaitable<Response> Service::create_room(const Request& request) {
    // A browser sends the Origin with every POST; other clients need none.
    if (!origin_allowed(trim(request.field("Origin")), trim(request.field("Host")), settings_.allowed_origins)) {
        co_return refuse({403, "origin_foreign", "pages of this origin may not create rooms here", {}});
    }
    if (draining_) co_return refuse({503, "draining", "this engine is closing down", {}});
    auto wanted = parse_room_request(request.body);
    if (!wanted) co_return refuse(wanted.error());
    if (const auto refusal = over_limit(room_creation_, request, settings_.rooms_created_per_minute, "create a room")) {
        co_return refuse(*refusal);
    }
    auto start = [this, &wanted](Reply<Result<CreatedRoom>> reply) {
        backend_.create_room(*std::move(wanted), std::move(reply));
    };
    const Result<CreatedRoom> created = co_await ask<Result<CreatedRoom>>(start);
    if (!created) {
        // The one thing about a request that only the shard can find out of its range.
        if (created.error().code == ErrorCode::out_of_range) {
            co_return refuse({409, "id_taken", created.error().message, {}});
        }
        co_return refuse(refusal_of(created.error()));
    }
    ++rooms_created_;
    listed_at_.reset();
    Response response = json_response(201, created_json(*created));
    response.fields.push_back({"Location", "/api/v1/rooms/" + created->id.text()});
    co_return response;
}

// [H12] Each attempt counts, so that nobody tries tokens here faster than over a WebSocket.
asio::awaitable<Response> Service::join_room(const Request& request, RoomId room) {
    if (!origin_allowed(trim(request.field("Origin")), trim(request.field("Host")), settings_.allowed_origins)) {
        co_return refuse({403, "origin_foreign", "pages of this origin may not join rooms here", {}});
    }
    if (draining_) co_return refuse({503, "draining", "this engine is closing down", {}});
    if (const auto refusal = over_limit(joins_, request, settings_.joins_per_minute, "ask to join")) {
        co_return refuse(*refusal);
    }
    auto wanted = parse_join_request(request.body);
    if (!wanted) co_return refuse(wanted.error());
    wanted->address = request.address;
    auto start = [this, &room, &wanted](Reply<Result<Entrance>> reply) {
        backend_.join_room(std::move(room), *std::move(wanted), std::move(reply));
    };
    const Result<Entrance> entrance = co_await ask<Result<Entrance>>(start);
    co_return entrance ? json_response(200, entrance_json(*entrance)) : refuse(refusal_of(entrance.error()));
}

std::optional<Refusal> Service::over_limit(RateLimiter& limiter, const Request& request, std::uint32_t per_minute,
                                           std::string_view what) const {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch());
    const auto wait = limiter.take(request.address, now);
    if (!wait) return std::nullopt;
    const std::string seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(*wait).count());
    return Refusal{429,
                   "rate_limited",
                   "this address may " + std::string{what} + " " + std::to_string(per_minute) +
                       " times a minute; try again in " + seconds + " s",
                   {{"Retry-After", seconds}}};
}

// [H11] Without a token in the config there is no such place.
Expected<void> Service::check_admin(const Request& request) {
    const auto refused = [](unsigned status, std::string code, std::string message, std::vector<Field> fields = {}) {
        return std::unexpected(Refusal{status, std::move(code), std::move(message), std::move(fields)});
    };
    if (settings_.admin_token.empty()) return refused(404, "not_found", "this engine has no admin API");
    constexpr std::string_view scheme = "bearer ";
    const auto authorization = trim(request.field("Authorization"));
    if (authorization.size() <= scheme.size() || !equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
        return refused(401, "token_missing", "the admin API wants 'Authorization: Bearer TOKEN'",
                       {{"WWW-Authenticate", "Bearer"}});
    }
    if (same_secret(trim(authorization.substr(scheme.size())), settings_.admin_token)) return {};
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch());
    if (const auto wait = admin_failures_.take(request.address, now)) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait);
        return refused(429, "rate_limited",
                       "too many wrong tokens; try again in " + std::to_string(seconds.count()) + " s",
                       {{"Retry-After", std::to_string(seconds.count())}});
    }
    return refused(403, "token_wrong", "this is not the admin token");
}

// [H14] Put together here: the shards only copy what they know.
asio::awaitable<Response> Service::overview(const Request& request) {
    if (const auto allowed = check_admin(request); !allowed) co_return refuse(allowed.error());
    auto start = [this](Reply<std::vector<ShardOverview>> reply) { backend_.overview(std::move(reply)); };
    std::vector<ShardOverview> shards = co_await ask<std::vector<ShardOverview>>(start);
    co_return json_response(200, overview_json(merged(std::move(shards)), facts_, draining_));
}

asio::awaitable<Response> Service::list_plugins(const Request& request) {
    if (const auto allowed = check_admin(request); !allowed) co_return refuse(allowed.error());
    auto start = [this](Reply<std::vector<PluginUse>> reply) { backend_.list_plugins(std::move(reply)); };
    const std::vector<PluginUse> plugins = co_await ask<std::vector<PluginUse>>(start);
    co_return json_response(200, plugins_json(plugins));
}

asio::awaitable<Response> Service::reload_plugins(const Request& request) {
    if (const auto allowed = check_admin(request); !allowed) co_return refuse(allowed.error());
    if (draining_) co_return refuse({503, "draining", "this engine is closing down", {}});
    auto start = [this](Reply<Result<PluginReload>> reply) { backend_.reload_plugins(std::move(reply)); };
    const Result<PluginReload> reload = co_await ask<Result<PluginReload>>(start);
    if (!reload) co_return refuse({409, "reload_refused", reload.error().message, {}});
    co_return json_response(reload->ok() ? 200 : 409, reload_json(*reload));
}

asio::awaitable<Response> Service::start_recording(const Request& request, RoomId room) {
    if (const auto allowed = check_admin(request); !allowed) co_return refuse(allowed.error());
    if (draining_) co_return refuse({503, "draining", "this engine is closing down", {}});
    const auto left_out = parse_recording_request(request.body);
    if (!left_out) co_return refuse(left_out.error());
    auto start = [this, &room, left_out = *left_out](Reply<Result<std::string>> reply) {
        backend_.start_recording(std::move(room), left_out, std::move(reply));
    };
    const Result<std::string> name = co_await ask<Result<std::string>>(start);
    co_return name ? json_response(201, recording_json(*name)) : recording_refused(name.error());
}

asio::awaitable<Response> Service::stop_recording(const Request& request, RoomId room) {
    if (const auto allowed = check_admin(request); !allowed) co_return refuse(allowed.error());
    auto start = [this, &room](Reply<Result<void>> reply) {
        backend_.stop_recording(std::move(room), std::move(reply));
    };
    const Result<void> stopped = co_await ask<Result<void>>(start);
    co_return stopped ? json_response(200, "{}") : recording_refused(stopped.error());
}

Expected<RoomId> Service::accept_viewer(const Request& request, const Route& route) const {
    if (const auto checked = check_handshake(request, settings_.allowed_origins); !checked) {
        return std::unexpected(checked.error());
    }
    if (!request.body.empty()) return std::unexpected(Refusal{400, "malformed", "a handshake has no body", {}});
    if (draining_) return std::unexpected(Refusal{503, "draining", "this engine is closing down", {}});
    assert(route.room);
    return *route.room;
}

Response Service::file(const Request& request, const std::optional<FileRoot>& root, const std::string& path) const {
    if (!root) return refuse({404, "not_found", "this engine serves no such folder", {}});
    auto opened = root->open(path);
    if (!opened) {
        switch (opened.error()) {
        case FileRoot::Problem::forbidden: return refuse({403, "forbidden", "the file may not be read", {}});
        case FileRoot::Problem::unavailable:
            return refuse({503, "unavailable", "the file cannot be opened now", {{"Retry-After", "1"}}});
        case FileRoot::Problem::not_found: break;
        }
        return refuse({404, "not_found", "there is no such file", {}});
    }
    const Selection selection = select(request, opened->etag, opened->modified_s, opened->size);
    const std::vector<Field> validators{{"ETag", opened->etag},
                                        {"Last-Modified", http_date(opened->modified_s)},
                                        {"Cache-Control", std::string{cache_control_of(path)}},
                                        {"Accept-Ranges", "bytes"}};
    if (selection.status == 412)
        return refuse({412, "precondition_failed", "the file is another one by now", validators});
    if (selection.status == 416) {
        Refusal refusal{416, "range_not_satisfiable", "the file has " + std::to_string(opened->size) + " bytes", {}};
        refusal.fields.push_back({"Content-Range", "bytes */" + std::to_string(opened->size)});
        return refuse(refusal);
    }
    Response response{.status = selection.status, .fields = validators, .body = {}, .file = {}};
    if (selection.status == 304) return response;
    const std::string_view type = content_type_of(path);
    response.fields.push_back({"Content-Type", std::string{type}});
    std::ranges::move(page_policy(type), std::back_inserter(response.fields));
    if (selection.status == 206) {
        response.fields.push_back({"Content-Range", "bytes " + std::to_string(selection.first) + "-" +
                                                        std::to_string(selection.first + selection.length - 1) + "/" +
                                                        std::to_string(opened->size)});
    }
    response.file = {std::move(opened->descriptor), selection.first, selection.length};
    return response;
}

// Other origins that the operator named may read what we answer; everybody else's browser keeps it from them.
void Service::allow_origin(const Request& request, Response& response) const {
    if (settings_.allowed_origins.empty()) return;
    response.fields.push_back({"Vary", "Origin"});
    const auto origin = trim(request.field("Origin"));
    const auto same = [origin](const std::string& allowed) { return equal_ignoring_case(allowed, origin); };
    if (origin.empty() || std::ranges::none_of(settings_.allowed_origins, same)) return;
    response.fields.push_back({"Access-Control-Allow-Origin", std::string{origin}});
    response.fields.push_back({"Access-Control-Expose-Headers", "Content-Range, ETag, Retry-After"});
    if (response.status == 204) {
        response.fields.push_back({"Access-Control-Allow-Methods", "GET, HEAD, POST"});
        response.fields.push_back({"Access-Control-Allow-Headers", "Content-Type, Range, If-Range"});
        response.fields.push_back({"Access-Control-Max-Age", "600"});
    }
}

} // namespace playhead::http
