#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace playhead::client {

// One request to the engine's API (schemas/PROTOCOL.md section 9), for programs that list or create rooms, or to
// whoever serves the media.
struct HttpRequest {
    std::string method = "GET";          // with HEAD there is no body
    std::string server;                  // as Link::server
    std::string target;                  // "/api/v1/rooms"
    std::string body;                    // JSON; empty = none
    std::string bearer;                  // for the admin API
    std::string certificate_authorities; // as in JoinOptions
    double timeout_ms = 10'000;
};

struct HttpResponse {
    int status = 0;
    std::string body;                           // at most 1 MiB
    std::optional<std::uint64_t> content_bytes; // how much the whole body is, also of HEAD; not set if not told
};

// Asks and waits for the answer.   Errors: a sentence about why there is none (no such host, refused, too late...).
std::expected<HttpResponse, std::string> http_fetch(const HttpRequest& request);

} // namespace playhead::client
