#include "net/websocket/frame_codec.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace playhead::websocket {
namespace {

constexpr std::size_t control_payload_max = 125; // RFC 6455 section 5.5
constexpr std::byte fin_bit{0x80};
constexpr std::byte rsv_bits{0x70};
constexpr std::byte opcode_bits{0x0f};
constexpr std::byte mask_bit{0x80};
constexpr std::byte length_bits{0x7f};

bool is_control(Opcode opcode) { return std::to_underlying(opcode) >= 8; }

// RFC 6455 section 5.3, eight bytes at a time. `phase` is how far into the payload `bytes` begins.
void unmask(std::span<std::byte> bytes, std::span<const std::byte, 4> key, std::size_t phase) {
    std::array<std::byte, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(phase + i) % 4];
    const auto wide = std::bit_cast<std::uint64_t>(turned);
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        word ^= wide;
        std::memcpy(bytes.data() + i, &word, 8);
    }
    for (; i < bytes.size(); ++i) bytes[i] ^= turned[i % 8];
}

std::uint64_t big_endian(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return value;
}

} // namespace

FrameDecoder::Step FrameDecoder::next(std::span<std::byte>& input, Time now) {
    if (lent_) {
        // Freed rather than kept for the next one: most peers are idle most of the time, and there are many.
        if (is_control(opcode_)) {
            control_ = Bytes{};
        } else {
            message_ = Bytes{};
        }
        lent_ = false;
    }
    while (!ended_) {
        if (!in_payload_) {
            if (Step step = read_header(input); step.kind != Kind::more) return step;
            if (!in_payload_) return {};
        }
        if (payload_done_ < payload_length_ && input.empty()) return {};
        Step step = read_payload(input, now);
        if (step.kind != Kind::more) return step;
        if (in_payload_) return {};
    }
    input = {}; // RFC 6455 section 5.5.1: what follows a Close frame is not looked at
    return {};
}

FrameDecoder::Step FrameDecoder::read_header(std::span<std::byte>& input) {
    while (header_done_ < header_length_) {
        if (input.empty()) return {};
        header_[header_done_++] = input.front();
        input = input.subspan(1);
        // Judged as soon as it is there: a peer that breaks a rule is not given the time to finish the frame.
        Step step;
        if (header_done_ == 1) {
            step = check_first_byte();
        } else if (header_done_ == 2) {
            step = check_second_byte();
        } else if (header_done_ + 4 == header_length_) {
            step = check_length();
        }
        if (step.kind != Kind::more) return step;
    }
    in_payload_ = true;
    payload_done_ = 0;
    return {};
}

FrameDecoder::Step FrameDecoder::check_first_byte() {
    const std::byte first = header_[0];
    final_ = (first & fin_bit) != std::byte{0};
    opcode_ = static_cast<Opcode>(std::to_integer<std::uint8_t>(first & opcode_bits));
    if ((first & rsv_bits) != std::byte{0}) // [F1]
        return broken(close_protocol_error, ErrorCode::malformed, "a reserved bit is set, but no extension was agreed");
    switch (opcode_) {
    case Opcode::continuation:
        if (fragments_ == 0) // [F5]
            return broken(close_protocol_error, ErrorCode::malformed, "a continuation frame continues nothing");
        break;
    case Opcode::text: // [F3]
        return broken(close_unsupported_data, ErrorCode::text_frame, "a text frame; messages are binary");
    case Opcode::binary:
        if (fragments_ != 0) // [F5]
            return broken(close_protocol_error, ErrorCode::malformed, "a message begins inside a fragmented one");
        break;
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
        if (!final_) // [F6]
            return broken(close_protocol_error, ErrorCode::malformed, "a control frame is fragmented");
        break;
    default: // [F2]
        return broken(close_protocol_error, ErrorCode::malformed,
                      "reserved opcode " + std::to_string(std::to_underlying(opcode_)));
    }
    if (!is_control(opcode_)) {
        if (fragments_ == limits_->fragments_max) // [F9]
            return broken(close_too_large, ErrorCode::too_large,
                          "a message in more than " + std::to_string(limits_->fragments_max) + " fragments");
        ++fragments_;
    }
    return {};
}

FrameDecoder::Step FrameDecoder::check_second_byte() {
    const std::byte second = header_[1];
    if ((second & mask_bit) == std::byte{0}) // [F4]
        return broken(close_protocol_error, ErrorCode::malformed, "a client's frame is not masked");
    const auto length = std::to_integer<std::uint8_t>(second & length_bits);
    if (is_control(opcode_)) {
        if (length > control_payload_max) // [F6]
            return broken(close_protocol_error, ErrorCode::malformed, "a control frame of more than 125 bytes");
        if (opcode_ == Opcode::close && length == 1) // [F11]
            return broken(close_protocol_error, ErrorCode::malformed, "a close code of one byte");
    }
    payload_length_ = length;
    header_length_ = length == 127 ? 14 : length == 126 ? 8 : 6;
    return length < 126 ? check_length() : Step{};
}

FrameDecoder::Step FrameDecoder::check_length() {
    if (header_length_ > 6) {
        payload_length_ = big_endian(std::span{header_}.subspan(2, header_length_ - 6U));
        if (payload_length_ >> 63U != 0) // [F7]
            return broken(close_protocol_error, ErrorCode::malformed, "the top bit of a 64-bit length is set");
        if (payload_length_ <= (header_length_ == 8 ? 125U : 0xffffU)) // [F7]
            return broken(close_protocol_error, ErrorCode::malformed,
                          "length " + std::to_string(payload_length_) + " is not in its shortest form");
    }
    if (is_control(opcode_)) return {};
    if (payload_length_ > limits_->message_bytes_max - message_.size()) // [F8]
        return broken(close_too_large, ErrorCode::too_large,
                      "a message of more than " + std::to_string(limits_->message_bytes_max) + " bytes");
    return {};
}

FrameDecoder::Step FrameDecoder::read_payload(std::span<std::byte>& input, Time now) {
    const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(payload_length_ - payload_done_, input.size()));
    const auto part = input.first(take);
    input = input.subspan(take);
    const auto key = std::span{header_}.subspan(header_length_ - 4U).first<4>();
    unmask(part, key, static_cast<std::size_t>(payload_done_ % 4));
    const bool whole = payload_done_ == 0 && take == payload_length_;
    payload_done_ += take;

    Bytes& kept = is_control(opcode_) ? control_ : message_;
    // A control frame, or a message of one frame, that lies whole in the input is lent from there.
    const bool lend = whole && (is_control(opcode_) || (final_ && fragments_ == 1));
    if (!lend) kept.insert(kept.end(), part.begin(), part.end());
    if (payload_done_ < payload_length_) return {};
    lent_ = !lend && (is_control(opcode_) || final_);
    return finish_frame(lend ? part : std::span{kept}, now);
}

FrameDecoder::Step FrameDecoder::finish_frame(std::span<std::byte> whole, Time now) {
    in_payload_ = false;
    header_done_ = 0;
    header_length_ = 2;
    switch (opcode_) {
    case Opcode::close: return finish_close(whole);
    case Opcode::ping:
    case Opcode::pong:
        if (!take_control_budget(now)) // [F10]
            return broken(close_ours + std::to_underlying(ErrorCode::rate_limited), ErrorCode::rate_limited,
                          "more than " + std::to_string(limits_->control_frames_per_s) + " control frames a second");
        return {opcode_ == Opcode::ping ? Kind::ping : Kind::pong, whole, 0, {ErrorCode::none, {}, 0}};
    default: break;
    }
    if (!final_) return {};
    fragments_ = 0;
    return {Kind::message, whole, 0, {ErrorCode::none, {}, 0}};
}

FrameDecoder::Step FrameDecoder::finish_close(ByteView payload) {
    ended_ = true;
    if (payload.empty()) return {Kind::close, {}, close_none_given, {ErrorCode::none, {}, 0}};
    const auto code = static_cast<std::uint16_t>(big_endian(payload.first(2)));
    if (!is_valid_close_code(code)) // [F11]
        return broken(close_protocol_error, ErrorCode::malformed, "close code " + std::to_string(code));
    const auto reason = payload.subspan(2);
    // A view of bytes as characters, which the language allows (char may alias anything).
    const std::string_view text{reinterpret_cast<const char*>(reason.data()), reason.size()};
    if (!valid_utf8(text)) // [F12]
        return broken(close_invalid_text, ErrorCode::malformed, "a close reason that is not UTF-8");
    return {Kind::close, reason, code, {ErrorCode::none, {}, 0}};
}

FrameDecoder::Step FrameDecoder::broken(std::uint16_t code, ErrorCode error, std::string message) {
    ended_ = true;
    message_ = Bytes{};
    return {Kind::broken, {}, code, {error, std::move(message), 0}};
}

// The generic cell rate algorithm (ITU-T I.371): one point in time stands for the whole bucket.
bool FrameDecoder::take_control_budget(Time now) {
    const auto per_frame = std::chrono::nanoseconds{std::chrono::seconds{1}} / limits_->control_frames_per_s;
    const Time due = std::max(control_due_, now) + per_frame;
    if (due - now > per_frame * limits_->control_frames_burst) return false;
    control_due_ = due;
    return true;
}

Bytes encode_control(Opcode opcode, ByteView payload) {
    payload = payload.first(std::min(payload.size(), control_payload_max));
    Bytes frame;
    frame.reserve(2 + payload.size());
    frame.push_back(fin_bit | static_cast<std::byte>(opcode));
    frame.push_back(static_cast<std::byte>(payload.size()));
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

Bytes encode_close(std::uint16_t code, std::string_view reason) {
    if (!is_valid_close_code(code)) return encode_control(Opcode::close, {});
    Bytes payload{static_cast<std::byte>(code >> 8U), static_cast<std::byte>(code & 0xffU)};
    const auto text = std::as_bytes(std::span{cut_utf8(reason, control_payload_max - 2)});
    payload.insert(payload.end(), text.begin(), text.end());
    return encode_control(Opcode::close, payload);
}

std::uint16_t close_code_of(ErrorCode error) {
    switch (error) {
    case ErrorCode::none: return close_normal;
    case ErrorCode::draining: return close_going_away;
    case ErrorCode::text_frame: return close_unsupported_data;
    case ErrorCode::too_large: return close_too_large;
    default: return static_cast<std::uint16_t>(close_ours + std::to_underlying(error));
    }
}

bool is_valid_close_code(std::uint16_t code) {
    // RFC 6455 section 7.4 and the IANA registry: 1004-1006 and 1015 never stand on the wire.
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

} // namespace playhead::websocket
