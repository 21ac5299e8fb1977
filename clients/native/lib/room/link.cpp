#include "playhead/link.hpp"

#include "core/ids.hpp"
#include "core/utf8.hpp"
#include "replication/messages.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace playhead::client {
namespace {

constexpr std::size_t link_bytes_max = 4'096;
constexpr std::string_view looks_like = "; a link looks like https://host:port/r/ROOM#j.ROOM.xxx";

std::unexpected<std::string> wrong(std::string what) { return std::unexpected(std::move(what.append(looks_like))); }

bool starts_with_any_case(std::string_view text, std::string_view start) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return text.size() >= start.size() && std::ranges::equal(text.substr(0, start.size()), start, {}, lower);
}

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '[' || c == ']';
}

std::optional<std::uint16_t> port_of(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return port;
}

struct Split {
    std::string server;
    std::string_view rest;
};

// "http://host:port" in its one form, and what stands behind it.
std::expected<Split, std::string> split_server(std::string_view text) {
    if (text.size() > link_bytes_max) return wrong("too long");
    const bool secure = starts_with_any_case(text, "https://");
    if (!secure && !starts_with_any_case(text, "http://")) return wrong("it does not begin with http:// or https://");
    text.remove_prefix(secure ? 8 : 7);
    std::string_view authority = text.substr(0, text.find_first_of("/?#"));
    const std::string_view rest = text.substr(authority.size());
    if (authority.empty() || !std::ranges::all_of(authority, host_character)) return wrong("no host that could be one");

    std::string_view host = authority;
    std::string port = secure ? "443" : "80";
    const std::size_t bracket = authority.rfind(']'); // of an IPv6 address
    if (authority.starts_with('[') != (bracket != std::string_view::npos)) return wrong("no host that could be one");
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        const auto number = port_of(authority.substr(colon + 1));
        if (!number) return wrong("no port that could be one");
        port = std::to_string(*number);
    }
    if (host.empty() || host == "[]") return wrong("no host that could be one");
    std::string server{secure ? "https://" : "http://"};
    return Split{server.append(host).append(":").append(port), rest};
}

} // namespace

std::expected<std::string, std::string> parse_server(std::string_view text) {
    auto split = split_server(text);
    if (!split) return std::unexpected(std::move(split.error()));
    if (!split->rest.empty() && split->rest != "/")
        return std::unexpected("an address of an engine ends behind its port: http://host:port");
    return std::move(split->server);
}

std::expected<Link, std::string> parse_link(std::string_view text) {
    auto split = split_server(text);
    if (!split) return std::unexpected(std::move(split.error()));
    std::string_view path = split->rest.substr(0, split->rest.find('#'));
    const std::string_view token = split->rest.size() > path.size() ? split->rest.substr(path.size() + 1) : "";
    path = path.substr(0, path.find('?'));
    if (!path.starts_with("/r/")) return wrong("no room in it");
    path.remove_prefix(3);
    if (path.ends_with('/')) path.remove_suffix(1);
    if (!RoomId::parse(path)) return wrong("no room in it whose name could be one");
    if (token.size() > Hello::token_bytes_max || !valid_utf8(token)) return wrong("behind # stands what is no token");
    return Link{std::move(split->server), std::string{path}, std::string{token}};
}

std::string absolute_url(std::string_view url, std::string_view server) {
    return url.starts_with('/') ? std::string{server}.append(url) : std::string{url};
}

} // namespace playhead::client
