#pragma once

#include "core/result.hpp"
#include "replication/decode.hpp"
#include "replication/frame.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// The server's side of RFC 6455 framing, without any I/O: bytes in, decisions out. No extensions are negotiated, and
// only binary messages are spoken, so the whole of it fits here. Every rule is numbered [F..] in schemas/PROTOCOL.md.
namespace playhead::websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// What a Close frame may say (RFC 6455 section 7.4). Codes of ours are 4000 + ErrorCode.
enum CloseCode : std::uint16_t {
    close_normal = 1000,
    close_going_away = 1001,
    close_protocol_error = 1002,
    close_unsupported_data = 1003,
    close_none_given = 1005, // never on the wire: the peer's Close frame was empty
    close_invalid_text = 1007,
    close_too_large = 1009,
    close_ours = 4000,
};

// Turns a stream of bytes from a client into messages and control frames, and refuses what RFC 6455 forbids.
// Feed what was read; call next() until it returns `more`. A payload that lies whole in the input is unmasked there and
// lent from there; only a message that is cut is kept (and only while it is), so an idle peer costs no buffer.
//   Shapes:  payloads and reasons are borrowed until the next call, or until the input's storage is reused.
//   Errors:  `broken` says why, for the log, and with which code to close; then and after `close`, nothing is read.
//   Time:    told, for the control frame budget only; any monotonic clock.
//   Source:  RFC 6455 sections 5.2-5.5, 7.1-7.4; how each step answers is a table in tests/net/websocket.
class FrameDecoder {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Limits {
        std::size_t message_bytes_max = client_message_bytes_max; // all fragments of a message together
        std::uint16_t fragments_max = 64;                         // frames of one message, empty ones included
        std::uint16_t control_frames_per_s = 10;                  // pings and pongs, in the long run ...
        std::uint16_t control_frames_burst = 20;                  // ... and at once
    };

    enum class Kind : std::uint8_t {
        more,    // the input is used up
        message, // payload: one whole binary message
        ping,    // payload: to be sent back in a pong
        pong,    // payload: nothing to be done
        close,   // code, payload: the reason in UTF-8. The peer says nothing after this
        broken,  // error, code: a rule was broken
    };
    struct Step {
        Kind kind = Kind::more;
        ByteView payload;
        std::uint16_t code = 0;
        Error error{ErrorCode::none, {}, 0};
    };

    explicit FrameDecoder(const Limits& limits) : limits_(&limits) {}

    // Takes from the front of `input` up to the next thing to do.
    Step next(std::span<std::byte>& input, Time now);

    // Bytes kept of a message or frame that has not come whole yet.
    std::size_t bytes_kept() const { return message_.size() + control_.size(); }

  private:
    Step read_header(std::span<std::byte>& input);
    Step check_first_byte();
    Step check_second_byte();
    Step check_length();
    Step read_payload(std::span<std::byte>& input, Time now);
    Step finish_frame(std::span<std::byte> whole, Time now);
    Step finish_close(ByteView payload);
    Step broken(std::uint16_t code, ErrorCode error, std::string message);
    bool take_control_budget(Time now);

    const Limits* limits_; // outlives the decoder; shared by all connections of a shard
    Bytes message_;        // fragments so far, or the part of a cut frame
    Bytes control_;        // the part of a cut control frame, which may stand between fragments
    Time control_due_{};   // when the control frames so far are paid for at the long-run rate
    std::uint64_t payload_length_ = 0;
    std::uint64_t payload_done_ = 0;
    std::array<std::byte, 14> header_{};
    std::uint16_t fragments_ = 0; // of the open message; 0: none is open
    std::uint8_t header_done_ = 0;
    std::uint8_t header_length_ = 2;
    Opcode opcode_ = Opcode::continuation;
    bool final_ = false;
    bool in_payload_ = false;
    bool ended_ = false;
    bool lent_ = false; // message_ or control_ was handed out by the last step and may now be let go
};

// A Close or Pong frame as a server sends it: unmasked, at most 125 bytes of payload (the rest is cut off).
Bytes encode_control(Opcode opcode, ByteView payload);
// `reason` is cut between characters so that code and reason fit.
Bytes encode_close(std::uint16_t code, std::string_view reason);

// The code a connection is closed with for a reason of the engine's.
std::uint16_t close_code_of(ErrorCode error);

// May this code stand in a Close frame on the wire?
bool is_valid_close_code(std::uint16_t code);

} // namespace playhead::websocket
