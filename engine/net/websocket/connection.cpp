#include "net/websocket/connection.hpp"

#include "net/websocket/link.hpp"
#include "net/websocket/send_ring.hpp"

#include <utility>

namespace playhead::websocket {
namespace {

class WebSocketConnection final : public Connection {
  public:
    explicit WebSocketConnection(std::shared_ptr<Link> link) : link_(std::move(link)) {}
    ~WebSocketConnection() override { link_->forget(); }
    WebSocketConnection(const WebSocketConnection&) = delete;
    WebSocketConnection& operator=(const WebSocketConnection&) = delete;

    void start(ConnectionEvents& events) override { link_->start(events); }
    bool send(std::span<const Frame> frames) override { return link_->send(frames); }
    std::size_t bytes_waiting() const override { return link_->bytes_waiting(); }
    void close(ErrorCode code, std::string_view reason) override { link_->close(code, reason); }
    const std::string& peer() const override { return link_->peer(); }

  private:
    std::shared_ptr<Link> link_;
};

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): buffers, which are written before they are read
Shared::Shared() = default;
Shared::~Shared() = default;

Counters& Counters::operator+=(const Counters& other) {
    constexpr std::uint64_t Counters::* numbers[] = {
        &Counters::writes,       &Counters::reads,         &Counters::bytes_written,
        &Counters::bytes_read,   &Counters::messages_read, &Counters::pings_answered,
        &Counters::rules_broken, &Counters::open,          &Counters::blocked,
    };
    for (const auto number : numbers) this->*number += other.*number;
    return *this;
}

std::unique_ptr<Connection> make_connection(Socket socket, Shared& shared, ByteView already_read,
                                            tls::MovedSession tls) {
    boost::system::error_code ignored; // a socket that is already broken says so at its first use
    socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    socket.native_non_blocking(true, ignored);
    return std::make_unique<WebSocketConnection>(
        std::make_shared<Link>(std::move(socket), shared, already_read, std::move(tls)));
}

} // namespace playhead::websocket
