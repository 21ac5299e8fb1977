#include "lib/transport/machine.hpp"

#include "lib/transport/http_exchange.hpp"
#include "lib/transport/websocket_carrier.hpp"
#include "playhead/room.hpp"

#include <chrono>
#include <poll.h>
#include <string_view>
#include <utility>

namespace playhead::client {
namespace {

template <class Clock>
double ms_of() {
    return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch()).count();
}

class HttpAsking final : public Wires::Asking {
  public:
    HttpAsking(const HttpRequest& request, Trust& trust) : exchange_(request, trust) {}
    std::optional<std::expected<HttpAnswer, std::string>> poll() override { return exchange_.poll(); }
    std::vector<int> wait_handles() const override { return exchange_.wait_handles(); }
    double gap_ms() const override { return exchange_.gap_ms(); }

  private:
    HttpExchange exchange_;
};

} // namespace

double local_now_ms() { return ms_of<std::chrono::steady_clock>(); }

double Machine::now_ms() const { return local_now_ms(); }
double Machine::wall_ms() const { return ms_of<std::chrono::system_clock>(); }
double Machine::random() {
    return static_cast<double>(device_()) / (static_cast<double>(std::random_device::max()) + 1);
}

std::unique_ptr<Carrier> Machine::open(const Dial& dial) {
    Wires& wires = *this;
    return std::make_unique<Dialer>(dial, wires, now_ms());
}

std::string Machine::random_id() {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (int i = 0; i < 32; ++i) id += digits[device_() & 0xf];
    return id;
}

std::unique_ptr<Wires::Asking> Machine::ask(const HttpRequest& request) {
    return std::make_unique<HttpAsking>(request, trust_);
}

std::unique_ptr<Carrier> Machine::websocket(const Dial& dial, const std::string& connect_token) {
    return make_websocket_carrier(dial.server, dial.room, connect_token, trust_);
}

std::unique_ptr<Carrier> Machine::enet(const EnetDoor& door, double now_ms) { return make_enet_carrier(door, now_ms); }

std::expected<HttpResponse, std::string> http_fetch(const HttpRequest& request) {
    const auto server = parse_server(request.server);
    if (!server) return std::unexpected(server.error());
    Trust trust{request.certificate_authorities};
    HttpRequest checked = request;
    checked.server = *server;
    HttpExchange exchange{checked, trust};
    const double until_ms = local_now_ms() + request.timeout_ms;
    for (;;) {
        if (auto answer = exchange.poll()) {
            if (!*answer) return std::unexpected(std::move(answer->error()));
            return HttpResponse{.status = (*answer)->status,
                                .body = std::move((*answer)->body),
                                .content_bytes = (*answer)->content_bytes};
        }
        if (local_now_ms() >= until_ms) return std::unexpected("no answer in time from " + *server);
        std::vector<pollfd> sockets;
        for (const int handle : exchange.wait_handles())
            sockets.push_back({.fd = handle, .events = POLLIN, .revents = 0});
        ::poll(sockets.data(), sockets.size(), static_cast<int>(exchange.gap_ms()));
    }
}

} // namespace playhead::client
