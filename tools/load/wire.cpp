#include "wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace playhead::load {
namespace {

constexpr std::size_t head_bytes_max = 16 * 1024;

// A field that is a whole number; empty if it is not there. `head` ends with the last field's line.
std::optional<std::uint32_t> number_in(std::string_view head, std::string_view name) {
    const std::string field = "\r\n" + std::string(name) + ": ";
    const auto at = head.find(field);
    if (at == std::string_view::npos) return std::nullopt;
    const auto value = head.substr(at + field.size());
    std::uint32_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc{}) return std::nullopt;
    return number;
}

std::optional<std::chrono::seconds> retry_after_in(std::string_view head) {
    const auto seconds = number_in(head, "Retry-After");
    return seconds ? std::optional{std::chrono::seconds{*seconds}} : std::nullopt;
}

std::uint8_t byte_at(ByteView bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

} // namespace

std::expected<std::optional<ServerFrame>, std::string> first_frame(ByteView received) {
    if (received.size() < 2) return std::nullopt;
    const auto first = byte_at(received, 0);
    const auto second = byte_at(received, 1);
    if ((first & 0x70U) != 0) return std::unexpected(std::string("a frame with reserved bits"));
    if ((second & 0x80U) != 0) return std::unexpected(std::string("a masked frame from a server"));
    if ((first & 0x80U) == 0 || (first & 0x0fU) == 0) return std::unexpected(std::string("a fragmented message"));
    const std::size_t length_bytes = second < 126 ? 0 : second == 126 ? 2 : 8;
    const std::size_t header = 2 + length_bytes;
    if (received.size() < header) return std::nullopt;
    std::uint64_t length = second;
    if (length_bytes > 0) {
        length = 0;
        for (std::size_t at = 2; at < header; ++at) length = length << 8U | byte_at(received, at);
    }
    if (length > server_frame_bytes_max) return std::unexpected("a frame of " + std::to_string(length) + " bytes");
    const auto whole = header + static_cast<std::size_t>(length);
    if (received.size() < whole) return std::nullopt;
    return ServerFrame{.opcode = static_cast<Opcode>(first & 0x0fU),
                       .payload = received.subspan(header, static_cast<std::size_t>(length)),
                       .bytes = whole};
}

Bytes client_frame(Opcode opcode, ByteView payload, std::uint32_t mask) {
    Bytes frame;
    frame.reserve(payload.size() + 14);
    const auto put = [&frame](std::uint64_t value) { frame.push_back(static_cast<std::byte>(value & 0xffU)); };
    put(0x80U | static_cast<std::uint8_t>(opcode));
    if (payload.size() < 126) {
        put(0x80U | payload.size());
    } else if (payload.size() <= 0xffffU) {
        put(0x80U | 126U);
        put(payload.size() >> 8U);
        put(payload.size());
    } else {
        put(0x80U | 127U);
        for (unsigned shift = 64; shift > 0; shift -= 8) put(std::uint64_t{payload.size()} >> (shift - 8));
    }
    const std::array key{static_cast<std::byte>(mask & 0xffU), static_cast<std::byte>(mask >> 8U & 0xffU),
                         static_cast<std::byte>(mask >> 16U & 0xffU), static_cast<std::byte>(mask >> 24U)};
    frame.insert(frame.end(), key.begin(), key.end());
    for (std::size_t at = 0; at < payload.size(); ++at) frame.push_back(payload[at] ^ key[at % 4]);
    return frame;
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view subprotocol) {
    std::string request;
    request.append("GET ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    // The key keeps proxies from answering out of a cache; there is none between a load and its server.
    request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: cGxheWhlYWQtbG9hZC0xIQ==\r\n");
    if (!subprotocol.empty()) request.append("Sec-WebSocket-Protocol: ").append(subprotocol).append("\r\n");
    return request.append("\r\n");
}

std::expected<std::optional<std::size_t>, Disagreement> agreed_head_bytes(std::string_view received) {
    const auto end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (received.size() > head_bytes_max) return std::unexpected(Disagreement{"an answer without an end"});
        return std::nullopt;
    }
    const auto line = received.substr(0, received.find("\r\n"));
    if (line.starts_with("HTTP/1.1 101")) return end + 4;
    return std::unexpected(Disagreement{std::string(line), retry_after_in(received.substr(0, end))});
}

std::string post_request(std::string_view host, std::string_view target, std::string_view body) {
    std::string request;
    request.append("POST ").append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    request.append("\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ");
    return request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

std::expected<std::optional<HttpReply>, std::string> whole_reply(std::string_view received) {
    const auto end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (received.size() > head_bytes_max) return std::unexpected(std::string("an answer without an end"));
        return std::nullopt;
    }
    const auto head = received.substr(0, end);
    constexpr std::string_view version = "HTTP/1.1 ";
    const auto length = number_in(head, "Content-Length");
    HttpReply reply{.retry_after = retry_after_in(head)};
    const auto code = head.substr(std::min(head.size(), version.size()), 3);
    const auto [rest, error] = std::from_chars(code.data(), code.data() + code.size(), reply.status);
    if (!head.starts_with(version) || error != std::errc{} || !length || *length > server_frame_bytes_max)
        return std::unexpected("an answer that is none of an engine: " + std::string(head.substr(0, head.find('\r'))));
    reply.body = received.substr(end + 4);
    if (reply.body.size() < *length) return std::nullopt;
    reply.body = reply.body.substr(0, *length);
    return reply;
}

} // namespace playhead::load
