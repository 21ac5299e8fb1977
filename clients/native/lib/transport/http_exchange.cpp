#include "lib/transport/http_exchange.hpp"

#include "lib/transport/tcp.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

namespace playhead::client {

namespace http = boost::beast::http;

namespace {

using Outcome = std::expected<HttpAnswer, std::string>;

// Seconds only: the engine writes no dates. More than an hour is not believed.
double retry_after_ms(std::string_view text) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return error == std::errc{} ? std::min(seconds, 3'600U) * 1000.0 : 0;
}

http::request<http::string_body> message_of(const HttpRequest& request, const std::string& authority) {
    http::request<http::string_body> message{http::string_to_verb(request.method), request.target, 11};
    message.set(http::field::host, authority);
    message.set(http::field::user_agent, "playhead-native");
    message.set(http::field::connection, "close");
    if (!request.bearer.empty()) message.set(http::field::authorization, "Bearer " + request.bearer);
    if (!request.body.empty()) message.set(http::field::content_type, "application/json");
    message.body() = request.body;
    message.prepare_payload();
    return message;
}

template <class Stream>
asio::awaitable<Outcome> ask(Stream& stream, http::request<http::string_body> request) {
    const auto [unsent, sent] = co_await http::async_write(stream, request, use_tuple);
    if (unsent) co_return std::unexpected("the request could not be sent: " + unsent.message());
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(HttpExchange::body_bytes_max);
    parser.header_limit(HttpExchange::header_bytes_max);
    parser.skip(request.method() == http::verb::head);
    const auto [unread, read] = co_await http::async_read(stream, buffer, parser, use_tuple);
    if (unread) co_return std::unexpected("no answer that can be read: " + unread.message());
    HttpAnswer answer;
    answer.status = static_cast<int>(parser.get().result_int());
    answer.retry_after_ms = retry_after_ms(std::string_view{parser.get()[http::field::retry_after]});
    if (const auto length = parser.content_length()) answer.content_bytes = *length;
    answer.body = std::move(parser.get().body());
    co_return answer;
}

} // namespace

struct HttpExchange::Impl {
    Impl(const HttpRequest& request, Trust& trust) {
        asio::co_spawn(io, run(*this, request, trust), [this](const std::exception_ptr& failure, Outcome result) {
            if (failure) {
                try {
                    std::rethrow_exception(failure);
                } catch (const std::exception& why) {
                    result = std::unexpected(std::string{why.what()});
                }
            }
            native_handle = nullptr;
            outcome = std::move(result);
        });
    }

    static asio::awaitable<Outcome> run(Impl& self, HttpRequest request, Trust& trust) {
        const ServerAddress server = address_of(request.server);
        auto addresses = co_await addresses_of(server.host);
        if (!addresses) co_return std::unexpected(std::move(addresses.error()));
        if (!server.secure) {
            PlainStream stream{self.io};
            co_return co_await talk(self, stream, server, std::move(*addresses), std::move(request));
        }
        const auto context = trust.context();
        if (!context) co_return std::unexpected(context.error());
        SecureStream stream{self.io, **context};
        // cppcheck-suppress accessMoved ; it was moved on another way out
        co_return co_await talk(self, stream, server, std::move(*addresses), std::move(request));
    }

    template <class Stream>
    static asio::awaitable<Outcome> talk(Impl& self, Stream& stream, const ServerAddress& server,
                                         std::vector<std::string> addresses, HttpRequest request) {
        const auto connected = co_await connect(stream, server, addresses);
        if (!connected) co_return std::unexpected(connected.error());
        self.native_handle = [&stream] { return socket_of(stream).native_handle(); };
        error_code unknown;
        const auto peer = socket_of(stream).remote_endpoint(unknown);
        auto answer = co_await ask(stream, message_of(request, server.authority));
        if (!answer) co_return answer;
        std::ranges::stable_partition(
            addresses, [&](const std::string& address) { return !unknown && address == peer.address().to_string(); });
        answer->addresses = std::move(addresses);
        co_return answer;
    }

    asio::io_context io{1};
    std::function<int()> native_handle; // while there is a connection
    std::optional<Outcome> outcome;
};

HttpExchange::HttpExchange(const HttpRequest& request, Trust& trust) : impl_(std::make_unique<Impl>(request, trust)) {}
HttpExchange::~HttpExchange() = default;

std::optional<Outcome> HttpExchange::poll() {
    impl_->io.poll();
    return std::exchange(impl_->outcome, std::nullopt);
}

std::vector<int> HttpExchange::wait_handles() const {
    return impl_->native_handle ? std::vector{impl_->native_handle()} : std::vector<int>{};
}

double HttpExchange::gap_ms() const { return impl_->native_handle ? 100 : static_cast<double>(set_up_gap.count()); }

} // namespace playhead::client
