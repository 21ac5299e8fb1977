#include "net/http/handshake.hpp"

#include <algorithm>

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

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
    const std::string_view port = equal_ignoring_case(scheme, "https") ? ":443" : ":80";
    return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
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
        return std::unexpected(Refusal{400, "malformed", "Sec-WebSocket-Key must be 16 bytes in base64", {}});
    }
    if (request.count("Origin") > 1 ||
        !origin_allowed(trim(request.field("Origin")), trim(request.field("Host")), allowed_origins)) {
        return std::unexpected(Refusal{403, "origin_foreign", "pages of this origin may not join rooms here", {}});
    }
    if (!request.lists("Sec-WebSocket-Protocol", websocket_protocol)) {
        return std::unexpected(Refusal{
            400, "unsupported_protocol", "Sec-WebSocket-Protocol must offer " + std::string{websocket_protocol}, {}});
    }
    return {};
}

} // namespace playhead::http
