#pragma once

#include <expected>
#include <string>

namespace playhead::client {

// One request to the engine's API (schemas/PROTOCOL.md section 9), for programs that list or create rooms.
struct HttpRequest {
    std::string method = "GET";
    std::string server;                  // as Link::server
    std::string target;                  // "/api/v1/rooms"
    std::string body;                    // JSON; empty = none
    std::string bearer;                  // for the admin API
    std::string certificate_authorities; // as in JoinOptions
    double timeout_ms = 10'000;
};

struct HttpResponse {
    int status = 0;
    std::string body; // at most 1 MiB
};

// Asks and waits for the answer.   Errors: a sentence about why there is none (no such host, refused, too late...).
std::expected<HttpResponse, std::string> http_fetch(const HttpRequest& request);

} // namespace playhead::client
