#include "net/http/api.hpp"

#include "core/base64url.hpp"
#include "replication/messages.hpp"
#include "room/media.hpp"
#include "room/state.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

namespace playhead::http {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 8;

std::unexpected<Refusal> malformed(std::string message) {
    return std::unexpected(Refusal{400, "malformed", std::move(message), {}});
}

std::string_view kind_of(const json::value& value) {
    switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a boolean";
    case json::kind::string: return "a string";
    case json::kind::array: return "an array";
    case json::kind::object: return "an object";
    default: return "a number";
    }
}

// Reads the members of one object and then insists that there were no others.
class Reader {
  public:
    Reader(const json::object& object, std::string where) : object_(object), where_(std::move(where)) {}

    Expected<std::string> text(std::string_view key, std::size_t bytes_max) {
        const json::value* value = find(key);
        if (value == nullptr) return std::string{};
        if (!value->is_string()) return wrong_type(key, "a string", *value);
        const json::string& text = value->get_string();
        if (text.size() > bytes_max) {
            return malformed("'" + where_ + std::string{key} + "' must be at most " + std::to_string(bytes_max) +
                             " bytes of UTF-8, not " + std::to_string(text.size()));
        }
        return std::string{text};
    }

    Expected<bool> boolean(std::string_view key, bool fallback = false) {
        const json::value* value = find(key);
        if (value == nullptr) return fallback;
        if (!value->is_bool()) return wrong_type(key, "true or false", *value);
        return value->get_bool();
    }

    Expected<const json::object*> object(std::string_view key) {
        const json::value* value = find(key);
        if (value == nullptr) return nullptr;
        if (!value->is_object()) return wrong_type(key, "an object", *value);
        return &value->get_object();
    }

    Expected<void> done() const {
        for (const auto& member : object_) {
            const std::string_view key = member.key();
            if (std::ranges::find(known_, key) != known_.end()) continue;
            std::string expected;
            for (const std::string_view name : known_) expected += (expected.empty() ? "" : ", ") + std::string{name};
            return malformed("unknown key '" + where_ + std::string{key.substr(0, 64)} + "'; known here: " + expected);
        }
        return {};
    }

  private:
    const json::value* find(std::string_view key) {
        known_.push_back(key);
        const json::value* value = object_.if_contains(key);
        return value != nullptr && value->is_null() ? nullptr : value;
    }
    std::unexpected<Refusal> wrong_type(std::string_view key, std::string_view expected, const json::value& found) {
        return malformed("'" + where_ + std::string{key} + "' must be " + std::string{expected} + ", not " +
                         std::string{kind_of(found)});
    }

    const json::object& object_;
    std::string where_;
    std::vector<std::string_view> known_;
};

Expected<Load> parse_media(const json::object& object) {
    Reader reader{object, "media."};
    const auto kind = reader.text("kind", 16);
    if (!kind) return std::unexpected(kind.error());
    auto url = reader.text("url", Load::url_bytes_max);
    if (!url) return std::unexpected(url.error());
    auto title = reader.text("title", Load::title_bytes_max);
    if (!title) return std::unexpected(title.error());
    if (const auto done = reader.done(); !done) return std::unexpected(done.error());

    const auto known = media_kind_named(*kind);
    if (!known) {
        return malformed("'media.kind' must be one of file, hls, dash, youtube, vimeo, twitch");
    }
    if (url->empty()) return malformed("'media.url' is missing");
    return Load{.kind = *known, .url = *std::move(url), .title = *std::move(title)};
}

json::object summary_of(const RoomSummary& room) {
    json::object object{
        {"room", room.id.text()}, {"title", room.title}, {"viewers", room.viewers}, {"media_title", room.media_title}};
    if (room.listed) object["link"] = "/r/" + room.id.text() + "#" + room.join_token;
    return object;
}

json::array list_of(std::span<const PluginSummary> plugins) {
    json::array list;
    for (const PluginSummary& plugin : plugins) {
        list.push_back(json::object{{"name", plugin.name},
                                    {"version", plugin.version},
                                    {"hash", plugin.hash},
                                    {"suspended", plugin.suspended}});
    }
    return list;
}

// An empty body says nothing, as {} does.
Expected<json::object> parse_object(std::string_view body) {
    if (trim(body).empty()) return json::object{};
    json::parse_options options;
    options.max_depth = depth_max;
    boost::system::error_code failed;
    json::value page = json::parse(body, failed, {}, options);
    if (failed) return malformed("the body is not JSON: " + failed.message());
    if (!page.is_object()) return malformed("the body must be a JSON object, not " + std::string{kind_of(page)});
    return std::move(page.get_object());
}

} // namespace

Expected<RoomRequest> parse_room_request(std::string_view body) {
    RoomRequest request;
    const auto page = parse_object(body);
    if (!page) return std::unexpected(page.error());
    Reader reader{*page, ""};
    const auto id = reader.text("id", RoomId::length_max);
    if (!id) return std::unexpected(id.error());
    auto title = reader.text("title", RoomInfo::title_bytes_max);
    if (!title) return std::unexpected(title.error());
    const auto listed = reader.boolean("listed");
    if (!listed) return std::unexpected(listed.error());
    const auto media = reader.object("media");
    if (!media) return std::unexpected(media.error());
    if (const auto done = reader.done(); !done) return std::unexpected(done.error());

    if (!id->empty()) {
        auto parsed = RoomId::parse(*id);
        if (!parsed) return malformed("'id': " + parsed.error().message);
        request.id = *std::move(parsed);
    }
    if (*media != nullptr) {
        auto load = parse_media(**media);
        if (!load) return std::unexpected(load.error());
        request.media = *std::move(load);
    }
    request.title = *std::move(title);
    request.listed = *listed;
    return request;
}

Expected<JoinRequest> parse_join_request(std::string_view body) {
    const auto page = parse_object(body);
    if (!page) return std::unexpected(page.error());
    Reader reader{*page, ""};
    auto token = reader.text("token", Hello::token_bytes_max);
    if (!token) return std::unexpected(token.error());
    auto resume_token = reader.text("resume_token", Hello::token_bytes_max);
    if (!resume_token) return std::unexpected(resume_token.error());
    auto device = reader.text("device", Hello::device_bytes_max);
    if (!device) return std::unexpected(device.error());
    if (const auto done = reader.done(); !done) return std::unexpected(done.error());
    return JoinRequest{*std::move(token), *std::move(resume_token), *std::move(device), {}};
}

Expected<bool> parse_recording_request(std::string_view body) {
    const auto page = parse_object(body);
    if (!page) return std::unexpected(page.error());
    Reader reader{*page, ""};
    const auto names_and_chat = reader.boolean("names_and_chat", true);
    if (!names_and_chat) return std::unexpected(names_and_chat.error());
    if (const auto done = reader.done(); !done) return std::unexpected(done.error());
    return !*names_and_chat;
}

std::string recording_json(std::string_view file) { return json::serialize(json::object{{"file", file}}); }

std::string created_json(const CreatedRoom& room) {
    return json::serialize(json::object{{"room", room.id.text()},
                                        {"link", "/r/" + room.id.text() + "#" + room.join_token},
                                        {"join_token", room.join_token},
                                        {"owner_token", room.owner_token}});
}

std::string room_json(const RoomSummary& room) {
    json::object object = summary_of(room);
    object["listed"] = room.listed;
    if (room.listed) object["join_token"] = room.join_token;
    object["plugins"] = list_of(room.plugins);
    object["recorded"] = room.recorded;
    return json::serialize(object);
}

std::string rooms_json(std::span<const RoomSummary> rooms) {
    std::vector<const RoomSummary*> order;
    order.reserve(rooms.size());
    for (const RoomSummary& room : rooms) order.push_back(&room);
    std::ranges::sort(order, [](const RoomSummary* left, const RoomSummary* right) {
        return left->viewers != right->viewers ? left->viewers > right->viewers : left->id < right->id;
    });
    if (order.size() > rooms_listed_max) order.resize(rooms_listed_max);
    json::array list;
    for (const RoomSummary* room : order) list.push_back(summary_of(*room));
    return json::serialize(json::object{{"rooms", std::move(list)}});
}

std::string plugins_json(std::span<const PluginUse> plugins) {
    json::array list;
    for (const PluginUse& plugin : plugins) {
        list.push_back(json::object{{"name", plugin.name},
                                    {"version", plugin.version},
                                    {"hash", plugin.hash},
                                    {"rooms", plugin.rooms},
                                    {"suspended_rooms", plugin.suspended_rooms}});
    }
    return json::serialize(json::object{{"plugins", std::move(list)}});
}

std::string reload_json(const PluginReload& reload) {
    json::array kept;
    for (const PluginReload::Kept& room : reload.kept)
        kept.push_back(json::object{{"room", room.room.text()}, {"why", room.why}});
    json::array problems;
    for (const std::string& problem : reload.problems) problems.push_back(json::string{problem});
    json::array plugins = list_of(reload.plugins);
    for (json::value& plugin : plugins) plugin.get_object().erase("suspended"); // is a room's
    return json::serialize(json::object{{"ok", reload.ok()},
                                        {"plugins", std::move(plugins)},
                                        {"rooms_swapped", reload.rooms_swapped},
                                        {"rooms_unchanged", reload.rooms_unchanged},
                                        {"rooms_kept", reload.rooms_kept},
                                        {"kept", std::move(kept)},
                                        {"problems", std::move(problems)}});
}

std::string entrance_json(const Entrance& entrance) {
    const IssuedToken& token = entrance.token;
    json::value where = nullptr;
    if (entrance.enet) where = json::object{{"port", entrance.enet->port}, {"sealed", entrance.enet->sealed}};
    return json::serialize(json::object{{"connect_token", token.connect_token},
                                        {"expires_in_ms", token.good_for.count()},
                                        {"clock_id", std::to_string(token.clock_id)},
                                        {"enet", std::move(where)},
                                        {"keys",
                                         {{"client_to_engine", to_base64url(token.keys.client_to_engine.bytes)},
                                          {"engine_to_client", to_base64url(token.keys.engine_to_client.bytes)}}}});
}

std::string time_json(std::uint64_t clock_id, ServerTime now, TickLength tick_length) {
    // A 64-bit id does not fit the numbers of JavaScript.
    return json::serialize(json::object{{"clock_id", std::to_string(clock_id)},
                                        {"server_time_us", now.time_since_epoch().count()},
                                        {"tick", tick_length.at(now).number},
                                        {"tick_us", tick_length.value.count()}});
}

Refusal refusal_of(const Error& error) {
    unsigned status = 400;
    switch (error.code) {
    case ErrorCode::room_unknown: status = 404; break;
    case ErrorCode::token_wrong:
    case ErrorCode::token_foreign:
    case ErrorCode::token_stale:
    case ErrorCode::banned: status = 403; break;
    case ErrorCode::rate_limited: status = 429; break;
    case ErrorCode::too_large: status = 413; break;
    case ErrorCode::room_full:
    case ErrorCode::draining: status = 503; break;
    case ErrorCode::internal: status = 500; break;
    default: break;
    }
    Refusal refusal{status, std::string{name_of(error.code)}, error.message, {}};
    if (error.retry_ms > 0) refusal.fields.push_back({"Retry-After", std::to_string((error.retry_ms + 999) / 1000)});
    return refusal;
}

} // namespace playhead::http
