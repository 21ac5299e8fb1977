#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace playhead {

// Why something that came from outside was refused. Values and meaning: schemas/common.fbs and PROTOCOL.md section 7
// (replication checks at compile time that the two lists agree).
enum class ErrorCode : std::uint16_t {
    none = 0,
    malformed,
    unsupported_protocol,
    hello_expected,
    hello_repeated,
    token_missing,
    token_malformed,
    token_wrong,
    token_foreign,
    token_stale,
    room_unknown,
    room_full,
    rate_limited,
    out_of_range,
    wrong_media,
    no_media,
    sequence,
    too_large,
    slow,
    idle,
    replaced,
    draining,
    room_closed,
    text_frame,
    internal,
    denied,
    unknown_command,
    plugin_failed,
    kicked,
    banned,
};

std::string_view name_of(ErrorCode code);

// A refusal: a code for programs, a sentence for people that says what was wrong and what would have been right.
struct Error {
    ErrorCode code = ErrorCode::malformed;
    std::string message;
    std::uint32_t retry_ms = 0; // with rate_limited: when it would have been accepted
    bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

} // namespace playhead
