#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace playhead::client {

// Where a room is and how to get in: what stands in the links that people share,
// "http(s)://host[:port]/r/ROOM#j.ROOM.xxx". The part behind # is a secret and never sent in an address.
struct Link {
    std::string server; // "http://host:port" or "https://host:port", the port always there
    std::string room;
    std::string token; // join or owner token; empty if the link has none
    bool operator==(const Link&) const = default;
};

// Errors: a sentence that says what is wrong with it and what a link looks like. It does not repeat the token.
std::expected<Link, std::string> parse_link(std::string_view text);

// "http(s)://host[:port]" alone, with or without a slash behind it, in the form of Link::server.
std::expected<std::string, std::string> parse_server(std::string_view text);

// An address of media as a player can open it: paths of the engine's server ("/media/film.mp4") get that server's name.
std::string absolute_url(std::string_view url, std::string_view server);

} // namespace playhead::client
