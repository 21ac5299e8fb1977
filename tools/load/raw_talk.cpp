#include "raw_talk.hpp"

#include "wire.hpp"

#include <span>
#include <string_view>

namespace playhead::load {
namespace {

constexpr std::size_t request_bytes = 8;
constexpr std::uint32_t mask = 0x5a17c3d9;

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }
Bytes copy_of(std::string_view text) { return {bytes_of(text).begin(), bytes_of(text).end()}; }

// A view of bytes as characters, which the language allows.
std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

} // namespace

Bytes RawTalk::request(std::uint32_t messages, std::uint32_t bytes) const {
    if (options_.dialect == Dialect::socketio)
        return client_frame(
            Opcode::text, bytes_of("42[\"go\"," + std::to_string(messages) + "," + std::to_string(bytes) + "]"), mask);
    Bytes eight;
    for (const std::uint32_t number : {messages, bytes})
        for (unsigned shift = 0; shift < 32; shift += 8)
            eight.push_back(static_cast<std::byte>(number >> shift & 0xffU));
    return options_.dialect == Dialect::tcp ? eight : client_frame(Opcode::binary, eight, mask);
}

// Over plain TCP a request for nothing, which the server sends back: then it knows us.
Bytes RawTalk::greeting(Viewer&) {
    const auto host = options_.host + ":" + std::to_string(options_.port);
    switch (options_.dialect) {
    case Dialect::ws: return copy_of(upgrade_request(host, "/", ""));
    case Dialect::socketio: return copy_of(upgrade_request(host, "/socket.io/?EIO=4&transport=websocket", ""));
    default: return request(0, 0);
    }
}

std::expected<std::size_t, std::string> RawTalk::hear(Viewer& viewer, ByteView received, Nanoseconds now) {
    if (options_.dialect == Dialect::tcp) return hear_tcp(viewer, received, now);
    std::size_t used = 0;
    if (viewer.state == Viewer::State::greeting) {
        const auto head = agreed_head_bytes(text_of(received));
        if (!head) return std::unexpected("the server did not agree: " + head.error().why);
        if (!*head) return 0;
        used = **head;
        viewer.state = Viewer::State::joining;
        if (options_.dialect == Dialect::ws) hall_.came_in(viewer);
    }
    for (;;) {
        const auto frame = first_frame(received.subspan(used));
        if (!frame) return std::unexpected(frame.error());
        if (!*frame) return used;
        used += (*frame)->bytes;
        switch ((*frame)->opcode) {
        case Opcode::binary: hear_message(viewer, (*frame)->payload.size(), now); break;
        case Opcode::text:
            if (auto heard = hear_text(viewer, (*frame)->payload, now); !heard)
                return std::unexpected(std::move(heard.error()));
            break;
        case Opcode::ping: hall_.say(viewer, client_frame(Opcode::pong, (*frame)->payload, mask)); break;
        case Opcode::close: return std::unexpected(std::string("the server closed the connection"));
        default: break;
        }
    }
}

// Bytes are counted, since TCP keeps no messages apart; the answer to the greeting does not count.
std::expected<std::size_t, std::string> RawTalk::hear_tcp(Viewer& viewer, ByteView received, Nanoseconds now) {
    std::size_t used = 0;
    if (viewer.state == Viewer::State::greeting) {
        if (received.size() < request_bytes) return 0;
        used = request_bytes;
        viewer.state = Viewer::State::joining;
        hall_.came_in(viewer);
    }
    const auto bytes = received.size() - used;
    if (bytes == 0) return used;
    viewer.heard += bytes;
    hall_.tally().bytes.add(bytes);
    if (viewer.heard >= hall_.board().wanted.load()) {
        hall_.tally().messages.add(hall_.board().order.messages);
        hall_.tally().deliveries.add(hall_.board().order.messages);
    }
    mark_done(hall_, viewer, now);
    return received.size();
}

void RawTalk::hear_message(Viewer& viewer, std::size_t bytes, Nanoseconds now) {
    ++viewer.heard;
    hall_.tally().messages.add();
    hall_.tally().deliveries.add();
    hall_.tally().bytes.add(bytes);
    mark_done(hall_, viewer, now);
}

// Engine.IO 4 and Socket.IO 5: open, connect, ping, and events.   Source: socket.io's engine.io-protocol and
// socket.io-protocol, as versions 4 of its servers speak them.
std::expected<void, std::string> RawTalk::hear_text(Viewer& viewer, ByteView text, Nanoseconds now) {
    const auto words = text_of(text);
    if (words.starts_with("0")) {
        hall_.say(viewer, client_frame(Opcode::text, bytes_of("40"), mask));
    } else if (words.starts_with("40")) {
        hall_.came_in(viewer);
    } else if (words.starts_with("42")) {
        hear_message(viewer, text.size(), now);
    } else if (words == "2") {
        hall_.say(viewer, client_frame(Opcode::text, bytes_of("3"), mask));
    } else {
        return std::unexpected("the server said '" + std::string(words.substr(0, 40)) + "'");
    }
    return {};
}

void RawTalk::on_task(Viewer&, Task, Nanoseconds) {}

void RawTalk::obey(Viewer& first, const Order& order, Nanoseconds) {
    if (order.wish == Wish::burst) hall_.say(first, request(order.messages, order.bytes));
}

void RawTalk::judge(Viewer&) {}

} // namespace playhead::load
