#pragma once

#include "lib/transport/trust.hpp"
#include "playhead/http.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace playhead::client {

struct HttpAnswer {
    int status = 0;
    std::string body;
    std::optional<std::uint64_t> content_bytes;
    double retry_after_ms = 0;
    std::vector<std::string> addresses; // of the host, the one that answered first
};

// One HTTP request of its own connection, without waiting.
//   Owner: whoever asks; destroying it lets go of the connection.
class HttpExchange {
  public:
    static constexpr std::size_t body_bytes_max = 1024 * 1024;
    static constexpr std::size_t header_bytes_max = 16 * 1024;

    // `request.timeout_ms` is the caller's business here.
    HttpExchange(const HttpRequest& request, Trust& trust);
    ~HttpExchange();

    // The answer, or a sentence about why there is none; once.
    std::optional<std::expected<HttpAnswer, std::string>> poll();
    std::vector<int> wait_handles() const;
    // How soon to poll again at the latest, whatever the handles say.
    double gap_ms() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace playhead::client
