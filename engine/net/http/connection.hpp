#pragma once

#include "net/http/message.hpp"
#include "net/http/router.hpp"
#include "net/http/service.hpp"
#include "net/http/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace playhead::http {

// One HTTP connection: reads requests one after the other, writes the answers, or becomes a viewer's WebSocket. Under
// TLS it shakes hands first.
// Whatever it waits for has a deadline; a peer can hold it no longer than the named time-outs of Settings.
//   Thread: the HTTP thread.   Owner: itself, while run() is under way; the server knows it only to end it.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
  public:
    // Without a context it speaks plainly.
    HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<const tls::Context> context, Service& service);

    // Everything until the connection is over.
    boost::asio::awaitable<void> run(std::shared_ptr<HttpConnection> self);

    // Ends it as soon as the answer under way has gone out.
    void finish();

  private:
    struct Reading; // Beast's buffer and parser

    enum class Next { another, close };
    boost::asio::awaitable<Next> shake_hands();
    boost::asio::awaitable<Next> exchange(Reading& reading);
    // Reads one request; a refusal with status 0 means: nobody is there to answer to.
    boost::asio::awaitable<Expected<Request>> read_request(Reading& reading);
    boost::asio::awaitable<bool> write(Response response, bool keep_alive);
    boost::asio::awaitable<bool> write_file(FileSlice file);
    boost::asio::awaitable<bool> write_file_sealed(FileSlice file);
    boost::asio::awaitable<void> upgrade(RoomId room, Reading& reading);
    boost::asio::awaitable<void> linger();

    // Cancels what the socket waits for once `timeout` has passed without another call.
    void set_deadline(std::chrono::milliseconds timeout);
    void clear_deadline();

    boost::asio::ip::tcp::socket& socket() { return stream_.next_layer(); }

    Stream stream_;
    Service& service_;
    boost::asio::steady_timer deadline_;
    bool timed_out_ = false;
    bool idle_ = false;      // before a request: nobody would miss an answer
    bool finishing_ = false; // no request after this one
    std::uint32_t requests_ = 0;
    std::string address_;
};

} // namespace playhead::http
