#pragma once

#include "lib/transport/name_lookup.hpp"
#include "lib/transport/trust.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Connections to the engine's HTTP port, plain or TLS: what the HTTP client and the WebSocket carrier share. Only their
// .cpp files include this.
namespace playhead::client {

namespace asio = boost::asio;
using boost::system::error_code;

inline constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

using PlainStream = asio::ip::tcp::socket;
using SecureStream = asio::ssl::stream<asio::ip::tcp::socket>;

// How soon what has no handle to wait on, a name that is looked up or a connection that is set up, is looked at again.
inline constexpr std::chrono::milliseconds set_up_gap{5};

// "http://host:port" in its parts.
struct ServerAddress {
    bool secure = false;
    std::string host; // without the brackets of an IPv6 address
    std::uint16_t port = 0;
    std::string authority; // as in a Host field
};

inline ServerAddress address_of(std::string_view server) {
    ServerAddress address;
    address.secure = server.starts_with("https://");
    server.remove_prefix(server.find("://") + 3);
    const std::size_t colon = server.rfind(':');
    std::string_view host = server.substr(0, colon);
    std::from_chars(server.data() + colon + 1, server.data() + server.size(), address.port);
    const bool usual = address.port == (address.secure ? 443 : 80);
    address.authority = usual ? host : server;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    address.host = host;
    return address;
}

inline asio::ip::tcp::socket& socket_of(PlainStream& stream) { return stream; }
inline asio::ip::tcp::socket& socket_of(SecureStream& stream) { return stream.next_layer(); }

// The addresses of a host; one that is an address itself needs no asking.
inline asio::awaitable<std::expected<std::vector<std::string>, std::string>> addresses_of(std::string host) {
    error_code not_an_address;
    const auto address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector{address.to_string()};
    NameLookup lookup{host};
    asio::steady_timer pause{co_await asio::this_coro::executor};
    for (;;) {
        if (const auto& found = lookup.ready()) co_return *found;
        pause.expires_after(set_up_gap);
        co_await pause.async_wait(use_tuple);
    }
}

// Connects to the first address that answers, and shakes hands where TLS is asked for.   Errors: a sentence.
template <class Stream>
asio::awaitable<std::expected<void, std::string>> connect(Stream& stream, const ServerAddress& server,
                                                          const std::vector<std::string>& addresses) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const std::string& address : addresses) {
        error_code ignored; // getaddrinfo wrote it
        endpoints.emplace_back(asio::ip::make_address(address, ignored), server.port);
    }
    const auto [failed, endpoint] = co_await asio::async_connect(socket_of(stream), endpoints, use_tuple);
    if (failed) {
        co_return std::unexpected(server.authority + " cannot be reached: " + failed.message());
    }
    error_code ignored;
    socket_of(stream).set_option(asio::ip::tcp::no_delay{true}, ignored);
    if constexpr (std::is_same_v<Stream, SecureStream>) {
        // SSL_set_tlsext_host_name, without its cast.
        SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(server.host.c_str()));
        stream.set_verify_callback(asio::ssl::host_name_verification{server.host});
        const auto [refused] = co_await stream.async_handshake(asio::ssl::stream_base::client, use_tuple);
        if (refused)
            co_return std::unexpected("no secure connection to " + server.authority + ": " + refused.message());
    }
    co_return std::expected<void, std::string>{};
}

} // namespace playhead::client
