#pragma once

#include "net/http/backend.hpp"
#include "net/http/file_root.hpp"
#include "net/http/message.hpp"
#include "net/http/rate_limiter.hpp"
#include "net/http/router.hpp"
#include "net/http/server.hpp"
#include "session/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace playhead::http {

// Answers requests: everything HTTP but the sockets.
//   Thread: the HTTP thread.
class Service {
  public:
    Service(const Settings& settings, const RunFacts& facts, const Clock& clock, Backend& backend);

    // Everything but a WebSocket handshake that succeeds.
    boost::asio::awaitable<Response> answer(Request request);

    // The room to hand the connection to.
    Expected<RoomId> accept_viewer(const Request& request, const Route& route) const;

    void drain() { draining_ = true; }
    bool draining() const { return draining_; }
    Counters& counters() { return counters_; }
    const Settings& settings() const { return settings_; }
    Backend& backend() { return backend_; }

  private:
    boost::asio::awaitable<Response> answer_route(const Request& request, Route route);
    boost::asio::awaitable<Response> create_room(const Request& request);
    boost::asio::awaitable<Response> join_room(const Request& request, RoomId room);
    boost::asio::awaitable<Response> list_rooms();
    boost::asio::awaitable<Response> overview(const Request& request);
    boost::asio::awaitable<Response> list_plugins(const Request& request);
    boost::asio::awaitable<Response> reload_plugins(const Request& request);
    boost::asio::awaitable<Response> start_recording(const Request& request, RoomId room);
    boost::asio::awaitable<Response> stop_recording(const Request& request, RoomId room);
    // Empty, or the refusal of an address that asks too often; `what` it may do `per_minute` times.
    std::optional<Refusal> over_limit(RateLimiter& limiter, const Request& request, std::uint32_t per_minute,
                                      std::string_view what) const;
    // Whether the request may use the admin API.
    Expected<void> check_admin(const Request& request);
    Response file(const Request& request, const std::optional<FileRoot>& root, const std::string& path) const;
    void allow_origin(const Request& request, Response& response) const;

    const Settings settings_;
    const RunFacts facts_;
    const Clock& clock_;
    Backend& backend_;
    std::optional<FileRoot> web_root_;
    std::optional<FileRoot> media_folder_;
    RateLimiter room_creation_;
    RateLimiter joins_;
    RateLimiter admin_failures_;
    std::string room_list_; // as it was at listed_at_, if that is set
    std::optional<ServerTime> listed_at_;
    std::uint64_t rooms_created_ = 0;
    Counters counters_;
    bool draining_ = false;
};

} // namespace playhead::http
