#include "core/result.hpp"

namespace playhead {

std::string_view name_of(ErrorCode code) {
    switch (code) {
    case ErrorCode::none: return "none";
    case ErrorCode::malformed: return "malformed";
    case ErrorCode::unsupported_protocol: return "unsupported_protocol";
    case ErrorCode::hello_expected: return "hello_expected";
    case ErrorCode::hello_repeated: return "hello_repeated";
    case ErrorCode::token_missing: return "token_missing";
    case ErrorCode::token_malformed: return "token_malformed";
    case ErrorCode::token_wrong: return "token_wrong";
    case ErrorCode::token_foreign: return "token_foreign";
    case ErrorCode::token_stale: return "token_stale";
    case ErrorCode::room_unknown: return "room_unknown";
    case ErrorCode::room_full: return "room_full";
    case ErrorCode::rate_limited: return "rate_limited";
    case ErrorCode::out_of_range: return "out_of_range";
    case ErrorCode::wrong_media: return "wrong_media";
    case ErrorCode::no_media: return "no_media";
    case ErrorCode::sequence: return "sequence";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::slow: return "slow";
    case ErrorCode::idle: return "idle";
    case ErrorCode::replaced: return "replaced";
    case ErrorCode::draining: return "draining";
    case ErrorCode::room_closed: return "room_closed";
    case ErrorCode::text_frame: return "text_frame";
    case ErrorCode::internal: return "internal";
    case ErrorCode::denied: return "denied";
    case ErrorCode::unknown_command: return "unknown_command";
    case ErrorCode::plugin_failed: return "plugin_failed";
    case ErrorCode::kicked: return "kicked";
    case ErrorCode::banned: return "banned";
    }
    return "unknown";
}

} // namespace playhead
