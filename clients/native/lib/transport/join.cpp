#include "lib/transport/join.hpp"

#include "lib/room/names.hpp"
#include "replication/messages.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <utility>

namespace playhead::client {

namespace json = boost::json;

namespace {

constexpr std::size_t message_bytes_max = 500; // of a refusal, for people

const json::object* object_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value ? value->if_object() : nullptr;
}

std::string_view text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    const json::string* text = value ? value->if_string() : nullptr;
    return text ? std::string_view{*text} : std::string_view{};
}

std::optional<json::object> parse_object(std::string_view body) {
    boost::system::error_code error;
    json::value value = json::parse(body, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

Ending broken(std::string what) {
    return {.code = ErrorCode::malformed, .message = "the answer to joining cannot be read: " + std::move(what)};
}

// What the HTTP API calls otherwise than the wire does.
ErrorCode code_of_refusal(std::string_view name) {
    if (name == "not_found") return ErrorCode::room_unknown;
    return code_named(name);
}

// Of a status that is none of success.
Ending refusal_of(const HttpAnswer& answer) {
    Ending ending;
    ending.retry_ms = answer.retry_after_ms;
    const auto body = parse_object(answer.body);
    const json::object* error = body ? object_of(*body, "error") : nullptr;
    if (error) {
        ending.code = code_of_refusal(text_of(*error, "code"));
        ending.message = text_of(*error, "message").substr(0, message_bytes_max);
    } else { // no engine speaks so; a proxy in between does
        ending.message = "the server answered " + std::to_string(answer.status);
    }
    return ending;
}

std::optional<JoinAnswer::Enet> enet_of(const json::object& body) {
    const json::object* enet = object_of(body, "enet");
    const json::value* port = enet ? enet->if_contains("port") : nullptr;
    const json::value* sealed = enet ? enet->if_contains("sealed") : nullptr;
    const std::int64_t* number = port ? port->if_int64() : nullptr;
    if (!number || *number < 1 || *number > 0xffff) return std::nullopt;
    const bool* flag = sealed ? sealed->if_bool() : nullptr;
    return JoinAnswer::Enet{static_cast<std::uint16_t>(*number), !flag || *flag};
}

} // namespace

std::optional<seal::Key> parse_key(std::string_view text) {
    constexpr std::size_t text_length = 43; // of 32 bytes
    if (text.size() != text_length) return std::nullopt;
    seal::Key key;
    std::uint32_t bits = 0;
    int count = 0;
    std::size_t at = 0;
    for (const char c : text) {
        std::uint32_t six = 0;
        if (c >= 'A' && c <= 'Z')
            six = static_cast<std::uint32_t>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            six = static_cast<std::uint32_t>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            six = static_cast<std::uint32_t>(c - '0') + 52;
        else if (c == '-')
            six = 62;
        else if (c == '_')
            six = 63;
        else
            return std::nullopt;
        bits = (bits << 6 | six) & 0xffff;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        key.bytes[at++] = static_cast<std::byte>(bits >> count & 0xff);
    }
    // The last character has two bits more than there are bytes.
    if ((bits & 0x3) != 0) return std::nullopt;
    return key;
}

HttpRequest join_request(const Dial& dial) {
    json::object body;
    if (!dial.join_token.empty()) body["token"] = dial.join_token;
    if (!dial.resume_token.empty()) body["resume_token"] = dial.resume_token;
    if (!dial.device.empty()) body["device"] = dial.device;
    return {.method = "POST",
            .server = dial.server,
            .target = "/api/v1/rooms/" + dial.room + "/join",
            .body = json::serialize(body),
            .bearer = {},
            .certificate_authorities = {}};
}

std::expected<JoinAnswer, Ending> parse_join_answer(const HttpAnswer& answer) {
    if (answer.status != 200) return std::unexpected(refusal_of(answer));
    const auto body = parse_object(answer.body);
    if (!body) return std::unexpected(broken("no JSON object"));
    JoinAnswer joined;
    joined.connect_token = text_of(*body, "connect_token");
    if (joined.connect_token.empty() || joined.connect_token.size() > Hello::token_bytes_max)
        return std::unexpected(broken("no connect_token that could be one"));
    joined.enet = enet_of(*body);
    if (!joined.enet) return joined;
    const json::object* keys = object_of(*body, "keys");
    const auto out = keys ? parse_key(text_of(*keys, "client_to_engine")) : std::nullopt;
    const auto in = keys ? parse_key(text_of(*keys, "engine_to_client")) : std::nullopt;
    if (!out || !in) return std::unexpected(broken("no keys of 32 bytes"));
    joined.keys = {*out, *in};
    return joined;
}

} // namespace playhead::client
