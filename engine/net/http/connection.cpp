#include "net/http/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <sys/sendfile.h>
#include <tuple>
#include <unistd.h>

namespace playhead::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t linger_bytes_max = 256 * 1024;

Refusal tls_required() {
    return {400, "tls_required", "this port speaks TLS only: the address begins with https:// or wss://", {}};
}

Refusal refusal_of(const error_code& error) {
    using E = beast::http::error;
    if (error == E::header_limit || error == E::buffer_overflow) {
        return {
            431, "too_large", "the header is larger than " + std::to_string(Request::header_bytes_max) + " bytes", {}};
    }
    if (error == E::body_limit) {
        return {413, "too_large", "the body is larger than " + std::to_string(Request::body_bytes_max) + " bytes", {}};
    }
    if (error == E::bad_version) return {505, "unsupported_protocol", "this is an HTTP/1.1 server", {}};
    return {400, "malformed", "this is not an HTTP request: " + error.message(), {}};
}

// Errors of the transport, or a peer that left in the middle: nobody is there to hear about it.
bool is_gone(const error_code& error) {
    return error == beast::http::error::end_of_stream || error == beast::http::error::partial_message ||
           error.category() != beast::http::make_error_code(beast::http::error::bad_version).category();
}

// One household or machine gets a whole /64 of IPv6 and could use a new address for each request.
std::string network_of(const asio::ip::address& address) {
    if (!address.is_v6()) return address.to_string();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return asio::ip::make_address_v6(bytes).to_string();
}

} // namespace

struct HttpConnection::Reading {
    using Parser = beast::http::request_parser<beast::http::string_body>;

    // Bounds what a peer can send ahead of our answers.
    beast::flat_buffer buffer{Request::header_bytes_max + Request::body_bytes_max};
    std::unique_ptr<Parser> parser = std::make_unique<Parser>();

    void next() {
        parser = std::make_unique<Parser>();
        parser->header_limit(Request::header_bytes_max);
        parser->body_limit(Request::body_bytes_max);
    }
};

HttpConnection::HttpConnection(tcp::socket socket, std::shared_ptr<const tls::Context> context, Service& service)
    : stream_(std::move(socket), std::move(context)),
      service_(service),
      deadline_(stream_.get_executor()) {
    error_code ignored;
    address_ = network_of(this->socket().remote_endpoint(ignored).address());
    this->socket().set_option(tcp::no_delay{true}, ignored);
    this->socket().native_non_blocking(true, ignored); // sendfile must not wait
}

void HttpConnection::finish() {
    finishing_ = true;
    error_code ignored;
    if (idle_) socket().cancel(ignored);
}

void HttpConnection::set_deadline(std::chrono::milliseconds timeout) {
    deadline_.expires_after(timeout);
    deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
        const auto self = weak.lock();
        if (!self || error || self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
        self->timed_out_ = true;
        ++self->service_.counters().connections_timed_out;
        error_code ignored;
        self->socket().cancel(ignored);
    });
}

void HttpConnection::clear_deadline() { deadline_.expires_at(asio::steady_timer::time_point::max()); }

asio::awaitable<void> HttpConnection::run([[maybe_unused]] std::shared_ptr<HttpConnection> self) {
    Reading reading;
    Next next = Next::another;
    if (stream_.secure() != nullptr) next = co_await shake_hands();
    while (next == Next::another) next = co_await exchange(reading);
    if (socket().is_open()) co_await linger();
    clear_deadline();
    error_code ignored;
    socket().close(ignored);
}

asio::awaitable<HttpConnection::Next> HttpConnection::shake_hands() {
    set_deadline(service_.settings().header_timeout);
    idle_ = true;
    const auto [failed, meaningless] = co_await stream_.async_handshake(use_tuple);
    idle_ = false;
    clear_deadline();
    if (!failed) {
        ++service_.counters().tls_handshakes;
        co_return finishing_ ? Next::close : Next::another;
    }
    ++service_.counters().tls_handshakes_refused;
    if (timed_out_) { // nobody waits for what we might say
        error_code ignored;
        socket().close(ignored);
    }
    if (!stream_.secure()->spoke_plainly()) co_return Next::close;
    const Response response = refuse(tls_required());
    const std::string answer = header_of(response, false) + response.body;
    set_deadline(service_.settings().stall_timeout);
    const auto [error, bytes] = co_await asio::async_write(socket(), asio::buffer(answer), use_tuple);
    service_.counters().sent_bytes += bytes;
    co_return Next::close;
}

asio::awaitable<HttpConnection::Next> HttpConnection::exchange(Reading& reading) {
    Expected<Request> request = co_await read_request(reading);
    clear_deadline();
    if (!request) {
        const Refusal& refusal = request.error();
        if (refusal.status == 0) {
            error_code ignored;
            socket().close(ignored);
            co_return Next::close;
        }
        ++service_.counters().requests;
        ++service_.counters().requests_refused;
        co_await write(refuse(refusal), false);
        co_return Next::close;
    }
    const bool wants_more = reading.parser->get().keep_alive();
    if (const auto place = route(request->method, request->target); place && place->endpoint == Endpoint::websocket) {
        if (auto room = service_.accept_viewer(*request, *place)) {
            co_await upgrade(*std::move(room), reading);
            co_return Next::close;
        }
    }
    const bool keep_alive = wants_more && !finishing_ && !service_.draining() &&
                            ++requests_ < service_.settings().requests_per_connection_max;
    Response response = co_await service_.answer(*std::move(request));
    const bool written = co_await write(std::move(response), keep_alive);
    co_return (written && keep_alive) ? Next::another : Next::close;
}

asio::awaitable<Expected<Request>> HttpConnection::read_request(Reading& reading) {
    const auto nobody = [] { return std::unexpected(Refusal{0, {}, {}, {}}); };
    const auto too_slow = [] {
        return std::unexpected(Refusal{408, "idle", "the request did not arrive in time", {}});
    };
    reading.next();
    auto& parser = *reading.parser;
    if (reading.buffer.size() == 0) {
        idle_ = true;
        set_deadline(requests_ == 0 ? service_.settings().header_timeout : service_.settings().idle_timeout);
        error_code gone;
        if (stream_.secure() == nullptr || !stream_.secure()->has_pending())
            std::tie(gone) = co_await socket().async_wait(tcp::socket::wait_read, use_tuple);
        idle_ = false;
        if (gone || finishing_) co_return nobody();
    }
    set_deadline(service_.settings().header_timeout);
    {
        const auto [error, bytes] = co_await beast::http::async_read_header(stream_, reading.buffer, parser, use_tuple);
        if (timed_out_ && error) co_return too_slow();
        if (error && is_gone(error)) co_return nobody();
        if (error) co_return std::unexpected(refusal_of(error));
    }
    if (!parser.is_done()) {
        set_deadline(service_.settings().body_timeout);
        if (beast::iequals(parser.get()[beast::http::field::expect], "100-continue")) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(go_on), use_tuple);
            if (error) co_return nobody();
        }
        const auto [error, bytes] = co_await beast::http::async_read(stream_, reading.buffer, parser, use_tuple);
        if (timed_out_ && error) co_return too_slow();
        if (error && is_gone(error)) co_return nobody();
        if (error) co_return std::unexpected(refusal_of(error));
    }
    const auto& message = parser.get();
    Request request;
    request.method = std::string{message.method_string()};
    request.target = std::string{message.target()};
    request.version = message.version();
    request.body = message.body();
    request.address = address_;
    for (const auto& field : message) {
        request.fields.push_back({std::string{field.name_string()}, std::string{field.value()}});
    }
    if (request.fields.size() > Request::fields_max) {
        co_return std::unexpected(
            Refusal{431, "too_large", "more than " + std::to_string(Request::fields_max) + " header fields", {}});
    }
    if (request.version >= 11 && request.count("Host") != 1) {
        co_return std::unexpected(Refusal{400, "malformed", "HTTP/1.1 needs exactly one Host field", {}});
    }
    co_return request;
}

asio::awaitable<bool> HttpConnection::write(Response response, bool keep_alive) {
    timed_out_ = false;
    if (keep_alive) { // so that a client does not ask again just as we hang up
        const auto idle = std::chrono::floor<std::chrono::seconds>(service_.settings().idle_timeout);
        response.fields.push_back({"Keep-Alive", "timeout=" + std::to_string(idle.count())});
    }
    const std::string header = header_of(response, keep_alive);
    const bool with_file = response.file.open();
    const std::string_view body =
        with_file || response.head_only ? std::string_view{} : std::string_view{response.body};
    const std::array<asio::const_buffer, 2> parts{asio::buffer(header), asio::buffer(body)};
    set_deadline(service_.settings().stall_timeout);
    const auto [error, bytes] = co_await asio::async_write(stream_, parts, use_tuple);
    service_.counters().sent_bytes += bytes;
    bool written = !error;
    if (written && with_file && !response.head_only) {
        if (stream_.secure() == nullptr)
            written = co_await write_file(std::move(response.file));
        else
            written = co_await write_file_sealed(std::move(response.file));
    }
    clear_deadline();
    if (!written) {
        error_code ignored;
        socket().close(ignored);
    }
    co_return written;
}

asio::awaitable<bool> HttpConnection::write_file(FileSlice file) {
    const auto executor = co_await asio::this_coro::executor;
    auto offset = static_cast<off_t>(file.first);
    std::uint64_t left = file.length;
    while (left > 0 && !timed_out_) {
        const std::size_t chunk = std::min<std::uint64_t>(left, service_.settings().file_chunk_bytes);
        const ssize_t sent = ::sendfile(socket().native_handle(), file.descriptor.get(), &offset, chunk);
        if (sent > 0) {
            left -= static_cast<std::uint64_t>(sent);
            service_.counters().sent_bytes += static_cast<std::uint64_t>(sent);
            if (left == 0) break;
            set_deadline(service_.settings().stall_timeout);
            co_await asio::post(executor, asio::use_awaitable); // others have their turn
        } else if (sent < 0 && errno == EAGAIN) {
            const auto [error] = co_await socket().async_wait(tcp::socket::wait_write, use_tuple);
            if (error) co_return false;
        } else if (sent == 0 || errno != EINTR) {
            // 0: the file has become shorter than the length we have promised. Only closing can say so.
            co_return false;
        }
    }
    co_return left == 0;
}

// What has to be sealed passes through here, a piece at a time.
asio::awaitable<bool> HttpConnection::write_file_sealed(FileSlice file) {
    std::vector<std::byte> piece(std::min<std::uint64_t>(file.length, SecureLayer::write_bytes_max));
    auto offset = static_cast<off_t>(file.first);
    std::uint64_t left = file.length;
    while (left > 0 && !timed_out_) {
        const ssize_t got =
            ::pread(file.descriptor.get(), piece.data(), std::min<std::uint64_t>(left, piece.size()), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) co_return false; // 0: the file has become shorter, as above
        set_deadline(service_.settings().stall_timeout);
        const auto part = asio::buffer(piece.data(), static_cast<std::size_t>(got));
        const auto [error, bytes] = co_await asio::async_write(stream_, part, use_tuple);
        service_.counters().sent_bytes += bytes;
        if (error) co_return false;
        offset += got;
        left -= static_cast<std::uint64_t>(got);
    }
    co_return left == 0;
}

asio::awaitable<void> HttpConnection::upgrade(RoomId room, Reading& reading) {
    namespace ws = beast::websocket;
    ws::stream<Stream&> stream{stream_};
    ws::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = service_.settings().header_timeout;
    timeouts.idle_timeout = ws::stream_base::none();
    timeouts.keep_alive_pings = false;
    stream.set_option(timeouts);
    stream.set_option(ws::stream_base::decorator([](ws::response_type& response) {
        response.set(beast::http::field::sec_websocket_protocol, "playhead.v1");
        response.set(beast::http::field::server, "playhead");
    }));
    // Beast reads the first line of a list only. All lines were read by check_handshake(), and say this.
    auto& request = reading.parser->get();
    request.set(beast::http::field::connection, "Upgrade");
    request.set(beast::http::field::upgrade, "websocket");
    const auto [error] = co_await stream.async_accept(request, use_tuple);
    if (error) {
        ++service_.counters().upgrades_refused;
        error_code ignored;
        socket().close(ignored);
        co_return;
    }
    ++service_.counters().requests;
    ++service_.counters().upgrades;
    const auto* const first = static_cast<const std::byte*>(reading.buffer.data().data());
    const std::span<const std::byte> leftover{first, reading.buffer.size()};
    error_code failed;
    const bool ip_v6 = socket().local_endpoint(failed).protocol() == tcp::v6();
    const int descriptor = socket().release(failed);
    if (failed) co_return;
    service_.backend().attach(
        UpgradedSocket{.room = std::move(room),
                       .socket = FileDescriptor{descriptor},
                       .ip_v6 = ip_v6,
                       .already_read = {leftover.begin(), leftover.end()},
                       .tls = stream_.secure() == nullptr ? tls::MovedSession{} : stream_.secure()->move()});
}

// Closing with unread bytes makes the kernel send a reset, which may destroy the answer on its way: say that nothing
// more comes, then take what the peer still sends, for a while.
asio::awaitable<void> HttpConnection::linger() {
    error_code ignored;
    timed_out_ = false;
    set_deadline(service_.settings().linger_timeout);
    if (stream_.secure() != nullptr) std::ignore = co_await stream_.async_end(use_tuple);
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    std::array<char, 4096> scratch{};
    std::size_t taken = 0;
    while (taken < linger_bytes_max && !timed_out_) {
        const auto [error, bytes] = co_await socket().async_read_some(asio::buffer(scratch), use_tuple);
        if (error) break;
        taken += bytes;
    }
}

} // namespace playhead::http
