#include "net/http/handshake.hpp"

#include <algorithm>
#include <ranges>

namespace playhead::http {
namespace {

// Sixteen bytes in base64: 22 characters, of which the last carries two bits only, and "==".
bool is_key(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    const auto is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    return std::ranges::all_of(key.substr(0, 22), is_base64);
}

// RFC 9110 section 5.6.2, which is that of RFC 2616, which RFC 6455 means.
bool is_token(std::string_view text) {
    const auto fits = [](char c) {
        return c > ' ' && c < 0x7f && !std::string_view{"()<>@,;:\\\"/[]?={}"}.contains(c);
    };
    return !text.empty() && std::ranges::all_of(text, fits);
}

// "baz", or what between the quotes is one once the backslashes are gone.
bool is_extension_value(std::string_view text) {
    if (!text.starts_with('"')) return is_token(text);
    if (text.size() < 2 || !text.ends_with('"')) return false;
    text = text.substr(1, text.size() - 2);
    std::string unescaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        if (i == text.size()) return false;
        unescaped.push_back(text[i]);
    }
    return is_token(unescaped);
}

// A name and parameters: foo; bar; baz=1
bool is_extension(std::string_view text) {
    bool named = false;
    for (const auto range : std::views::split(text, ';')) {
        const std::string_view part = trim(std::string_view{range});
        const auto equals = named ? part.find('=') : std::string_view::npos;
        if (!is_token(trim(part.substr(0, equals)))) return false;
        if (equals != std::string_view::npos && !is_extension_value(trim(part.substr(equals + 1)))) return false;
        named = true;
    }
    return named;
}

// What stands in the list of all fields of that name, but for empty places (RFC 9110 section 5.6.1).
std::vector<std::string_view> list_of(const Request& request, std::string_view name) {
    std::vector<std::string_view> list;
    for (const Field& field : request.fields) {
        if (!equal_ignoring_case(field.name, name)) continue;
        for (const auto range : std::views::split(std::string_view{field.value}, ','))
            if (const auto item = trim(std::string_view{range}); !item.empty()) list.push_back(item);
    }
    return list;
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
    const std::string_view port = equal_ignoring_case(scheme, "https") ? ":443" : ":80";
    return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
}

std::unexpected<Refusal> malformed(std::string message) {
    return std::unexpected(Refusal{400, "malformed", std::move(message), {}});
}

std::unexpected<Refusal> upgrade_required(std::string message) {
    return std::unexpected(Refusal{
        426,
        "upgrade_required",
        std::move(message),
        {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}},
    });
}

} // namespace

bool origin_allowed(std::string_view origin, std::string_view host, std::span<const std::string> allowed) {
    if (origin.empty()) return true;
    const auto same = [origin](const std::string& other) { return equal_ignoring_case(other, origin); };
    if (std::ranges::any_of(allowed, same)) return true;
    const auto separator = origin.find("://");
    if (separator == std::string_view::npos) return false; // "null", or nonsense
    const auto scheme = origin.substr(0, separator);
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) return false;
    const auto authority = origin.substr(separator + 3);
    return !authority.empty() &&
           equal_ignoring_case(without_default_port(authority, scheme), without_default_port(host, scheme));
}

Expected<void> check_handshake(const Request& request, std::span<const std::string> allowed_origins) {
    // HTTP/1.0 has no upgrade (RFC 9110 section 7.8): the fields that ask for one mean nothing there.
    if (request.method != "GET" || request.version < 11 || !request.lists("Upgrade", "websocket") ||
        !request.lists("Connection", "upgrade")) {
        return upgrade_required("this address speaks WebSocket only");
    }
    if (request.count("Sec-WebSocket-Version") != 1 || trim(request.field("Sec-WebSocket-Version")) != "13") {
        return upgrade_required("Sec-WebSocket-Version must be 13");
    }
    if (request.count("Sec-WebSocket-Key") != 1 || !is_key(trim(request.field("Sec-WebSocket-Key")))) {
        return malformed("Sec-WebSocket-Key must be 16 bytes in base64");
    }
    if (trim(request.field("Host")).empty()) return malformed("Host must name whom you want to speak to");
    if (request.count("Origin") > 1 ||
        !origin_allowed(trim(request.field("Origin")), trim(request.field("Host")), allowed_origins)) {
        return std::unexpected(Refusal{403, "origin_foreign", "pages of this origin may not join rooms here", {}});
    }
    const auto protocols = list_of(request, "Sec-WebSocket-Protocol");
    if (!std::ranges::all_of(protocols, is_token)) return malformed("Sec-WebSocket-Protocol is no list of tokens");
    // Letter for letter: the answer has to be one of those offered, and browsers compare so.
    if (std::ranges::find(protocols, websocket_protocol) == protocols.end()) {
        return std::unexpected(Refusal{
            400, "unsupported_protocol", "Sec-WebSocket-Protocol must offer " + std::string{websocket_protocol}, {}});
    }
    // None is ever agreed to, but whoever cannot spell them is to be told (section 9.1).
    const auto extensions = list_of(request, "Sec-WebSocket-Extensions");
    if (request.count("Sec-WebSocket-Extensions") > 0 &&
        (extensions.empty() || !std::ranges::all_of(extensions, is_extension)))
        return malformed("Sec-WebSocket-Extensions is no list of extensions");
    return {};
}

} // namespace playhead::http
