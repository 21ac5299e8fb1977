#include "lib/transport/websocket_carrier.hpp"

#include "lib/transport/tcp.hpp"
#include "playhead/room.hpp"
#include "replication/decode.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <deque>
#include <exception>
#include <utility>

namespace playhead::client {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

constexpr std::string_view subprotocol = "playhead.v1";
// What has been read and not yet been asked for; the engine waits meanwhile.
constexpr std::size_t events_max = 256;

// While the connection is being set up it is one coroutine; then one read and at most one write are under way.
template <class Stream>
class WebSocketCarrier final : public Carrier {
  public:
    template <class... Arguments>
    WebSocketCarrier(std::string server, std::string room, std::string join_token,
                     std::shared_ptr<asio::ssl::context> context, Arguments&... arguments)
        : context_(std::move(context)),
          stream_(io_, arguments...),
          join_token_(std::move(join_token)) {
        stream_.read_message_max(server_message_bytes_max);
        stream_.binary(true);
        stream_.auto_fragment(false);
        asio::co_spawn(io_, set_up(address_of(server), "/ws/" + room), [this](const std::exception_ptr& failure) {
            if (failure) end(unreachable("the connection could not be made"));
        });
    }

    std::optional<CarrierEvent> poll(double now_ms) override {
        polled_ms_ = now_ms;
        if (events_.empty()) {
            if (io_.stopped()) io_.restart();
            io_.poll();
        }
        if (events_.empty()) return std::nullopt;
        CarrierEvent event = std::move(events_.front());
        events_.pop_front();
        read_on();
        return event;
    }

    double next_poll_ms() const override {
        if (!events_.empty()) return polled_ms_;
        const bool waits = connected_ && !writing_;
        return polled_ms_ + (waits ? 100 : static_cast<double>(set_up_gap.count()));
    }

    std::vector<int> wait_handles() const override {
        return connected_ && !ended_ ? std::vector{native_handle_} : std::vector<int>{};
    }

    // There is one class of delivery here: everything arrives.
    void send(ByteView message, Importance) override {
        if (!open_ || closing_) return;
        unsent_bytes_ += message.size();
        unsent_.emplace_back(message.begin(), message.end());
        write_on();
    }

    std::size_t buffered() const override { return unsent_bytes_; }

    void close() override {
        closing_ = true;
        if (!open_) end(unreachable("the connection was given up"));
        write_on();
    }

  private:
    asio::awaitable<void> set_up(ServerAddress server, std::string target) {
        const auto addresses = co_await addresses_of(server.host);
        if (!addresses) co_return end(unreachable(addresses.error()));
        const auto connected = co_await connect(stream_.next_layer(), server, *addresses);
        if (!connected) co_return end(unreachable(connected.error()));
        connected_ = true;
        native_handle_ = socket_of(stream_.next_layer()).native_handle();
        stream_.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
            request.set(http::field::sec_websocket_protocol, subprotocol);
            request.set(http::field::user_agent, "playhead-native");
        }));
        websocket::response_type response;
        const auto [refused] = co_await stream_.async_handshake(response, server.authority, target, use_tuple);
        if (refused) co_return end(refusal_of(response, refused));
        if (response[http::field::sec_websocket_protocol] != subprotocol)
            co_return end({.code = ErrorCode::unsupported_protocol, .message = "the server speaks no playhead.v1"});
        open_ = true;
        events_.push_back(Opened{.carrier = Transport::websocket, .join_token = join_token_});
        read_on();
    }

    static Ending refusal_of(const websocket::response_type& response, const error_code& error) {
        if (error != websocket::error::upgrade_declined) return unreachable("no WebSocket: " + error.message());
        const auto status = response.result_int();
        if (status == 503) return {.code = ErrorCode::draining, .message = "the engine takes nobody at the moment"};
        return unreachable("no WebSocket: the server answered " + std::to_string(status));
    }

    // One read at a time, and none while much waits to be asked for.
    void read_on() {
        if (!open_ || reading_ || ended_ || events_.size() >= events_max) return;
        reading_ = true;
        stream_.async_read(read_buffer_, [this](const error_code& error, std::size_t) {
            reading_ = false;
            if (error) return finished(error);
            if (stream_.got_text()) {
                events_.push_back(Unreadable{"a text message"});
            } else {
                const auto data = read_buffer_.data();
                const auto* bytes = static_cast<const std::byte*>(data.data());
                events_.push_back(Received{Bytes{bytes, bytes + data.size()}, local_now_ms()});
            }
            read_buffer_.consume(read_buffer_.size());
            read_on();
        });
    }

    void write_on() {
        if (!open_ || writing_ || ended_) return;
        if (!unsent_.empty()) {
            writing_ = true;
            const Bytes& next = unsent_.front();
            stream_.async_write(asio::buffer(next.data(), next.size()), [this](const error_code& error, std::size_t) {
                writing_ = false;
                if (ended_) return;
                unsent_bytes_ -= unsent_.front().size();
                unsent_.pop_front();
                if (error) return finished(error);
                write_on();
            });
        } else if (closing_ && !std::exchange(close_said_, true)) {
            writing_ = true;
            stream_.async_close(websocket::close_code::normal, [this](const error_code&) {
                writing_ = false;
                end({.code = ErrorCode::left, .message = "the connection was closed"});
            });
        }
    }

    void finished(const error_code& error) {
        if (error == websocket::error::closed) return end(ending_of_close(stream_.reason().code));
        if (error == websocket::error::message_too_big)
            return end(unreachable("the engine sent a message that is too long"));
        end(unreachable("the connection was lost"));
    }

    void end(Ending ending) {
        if (std::exchange(ended_, true)) return;
        events_.push_back(Ended{std::move(ending)});
    }

    asio::io_context io_{1};
    std::shared_ptr<asio::ssl::context> context_;
    websocket::stream<Stream> stream_;
    std::string join_token_;
    boost::beast::flat_buffer read_buffer_;
    std::deque<CarrierEvent> events_;
    std::deque<Bytes> unsent_; // the first is being written; bounded by whoever looks at buffered()
    std::size_t unsent_bytes_ = 0;
    double polled_ms_ = 0;
    int native_handle_ = -1;
    bool connected_ = false;
    bool open_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool closing_ = false;
    bool close_said_ = false;
    bool ended_ = false;
};

// What could not even be begun.
class FailedCarrier final : public Carrier {
  public:
    explicit FailedCarrier(Ending ending) : ending_(std::move(ending)) {}
    std::optional<CarrierEvent> poll(double) override {
        if (std::exchange(told_, true)) return std::nullopt;
        return Ended{ending_};
    }
    double next_poll_ms() const override { return 0; }
    std::vector<int> wait_handles() const override { return {}; }
    void send(ByteView, Importance) override {}
    std::size_t buffered() const override { return 0; }
    void close() override {}

  private:
    Ending ending_;
    bool told_ = false;
};

} // namespace

std::unique_ptr<Carrier> make_websocket_carrier(const std::string& server, const std::string& room,
                                                std::string join_token, Trust& trust) {
    if (!server.starts_with("https://"))
        return std::make_unique<WebSocketCarrier<PlainStream>>(server, room, std::move(join_token), nullptr);
    auto context = trust.context();
    if (!context) return std::make_unique<FailedCarrier>(unreachable(context.error()));
    return std::make_unique<WebSocketCarrier<SecureStream>>(server, room, std::move(join_token), *context, **context);
}

} // namespace playhead::client
