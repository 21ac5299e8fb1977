#pragma once

#include "net/http/secure_layer.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace playhead::http {

// A TCP connection that speaks plainly or through TLS: what requests are read from and answers are written to. A plain
// one is its socket, with nothing in between. Asio's AsyncReadStream and AsyncWriteStream; one operation at a time.
//   Thread: that of the socket's io_context.   Owner: an HttpConnection.
//   Errors: those of the socket; eof for an end that the peer has said; protocol_error for broken TLS.
class Stream {
  public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;

    // Without a context it is a plain one.
    Stream(boost::asio::ip::tcp::socket socket, std::shared_ptr<const tls::Context> context)
        : socket_(std::move(socket)) {
        if (context) secure_ = std::make_unique<SecureLayer>(std::move(context));
    }

    boost::asio::ip::tcp::socket& next_layer() { return socket_; } // as Beast calls it
    executor_type get_executor() { return socket_.get_executor(); }
    // Null for a plain one.
    SecureLayer* secure() { return secure_.get(); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        const auto initiate = [this](auto handler, const Buffers& into) {
            if (!secure_) return static_cast<void>(socket_.async_read_some(into, std::move(handler)));
            const auto plain = first_of(into);
            run([plain](SecureLayer& layer) { return layer.read(plain); }, std::move(handler));
        };
        return boost::asio::async_initiate<Token, Signature>(initiate, token, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        const auto initiate = [this](auto handler, const Buffers& from) {
            if (!secure_) return static_cast<void>(socket_.async_write_some(from, std::move(handler)));
            const auto into = secure_->gather(boost::asio::buffer_size(from));
            boost::asio::buffer_copy(boost::asio::buffer(into.data(), into.size()), from);
            run([](SecureLayer& layer) { return layer.write(); }, std::move(handler));
        };
        return boost::asio::async_initiate<Token, Signature>(initiate, token, buffers);
    }

    // Of a secure one only, like async_end(); both complete with an error_code and a meaningless number.
    template <class Token>
    auto async_handshake(Token&& token) {
        const auto initiate = [this](auto handler) {
            this->run([](SecureLayer& layer) { return layer.handshake(); }, std::move(handler));
        };
        return boost::asio::async_initiate<Token, Signature>(initiate, token);
    }

    template <class Token>
    auto async_end(Token&& token) {
        const auto initiate = [this](auto handler) {
            this->run([](SecureLayer& layer) { return layer.end(); }, std::move(handler));
        };
        return boost::asio::async_initiate<Token, Signature>(initiate, token);
    }

  private:
    using Signature = void(boost::system::error_code, std::size_t);

    // Obeys the layer until it is done.
    template <class Attempt>
    struct Operation {
        boost::asio::ip::tcp::socket& socket;
        SecureLayer& layer;
        Attempt attempt;
        enum class Waits : std::uint8_t { nothing, received, sent, turn } waits = Waits::nothing;

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}, std::size_t bytes = 0) {
            if (waits == Waits::turn) return self.complete(layer.error(), layer.bytes());
            if (error) return self.complete(error, 0);
            if (waits == Waits::received) layer.received(bytes);
            if (waits == Waits::sent) layer.sent();
            // `self` holds this object: nothing of it may be touched once self is moved.
            auto& where = socket;
            switch (attempt(layer)) {
            case SecureLayer::Next::receive: {
                waits = Waits::received;
                const auto room = layer.room();
                return where.async_read_some(boost::asio::buffer(room.data(), room.size()), std::move(self));
            }
            case SecureLayer::Next::send: {
                waits = Waits::sent;
                const auto all = layer.to_send();
                return boost::asio::async_write(where, boost::asio::buffer(all.data(), all.size()), std::move(self));
            }
            case SecureLayer::Next::done: break;
            }
            if (waits != Waits::nothing) return self.complete(layer.error(), layer.bytes());
            waits = Waits::turn; // never complete from inside the call that begins
            boost::asio::post(where.get_executor(), std::move(self));
        }
    };

    template <class Attempt, class Handler>
    void run(Attempt attempt, Handler handler) {
        boost::asio::async_compose<Handler, Signature>(Operation<Attempt>{socket_, *secure_, std::move(attempt)},
                                                       handler, socket_);
    }

    template <class Buffers>
    static std::span<std::byte> first_of(const Buffers& buffers) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
             ++at) {
            const boost::asio::mutable_buffer buffer{*at};
            if (buffer.size() > 0) return {static_cast<std::byte*>(buffer.data()), buffer.size()};
        }
        return {};
    }

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<SecureLayer> secure_;
};

} // namespace playhead::http
