#include "lib/transport/ending.hpp"

#include "lib/room/names.hpp"

#include <utility>

namespace playhead::client {
namespace {

// Close codes of the engine are 4000 + ErrorCode.
constexpr std::uint32_t close_code_base = 4000;

// Those of RFC 6455 stand for what the engine means by them.
ErrorCode code_of_close(std::uint32_t close_code) {
    switch (close_code) {
    case 1001: return ErrorCode::draining;
    case 1002:
    case 1007: return ErrorCode::malformed;
    case 1003: return ErrorCode::text_frame;
    case 1009: return ErrorCode::too_large;
    default: break;
    }
    if (close_code > close_code_base && close_code < close_code_base + 1000)
        return code_of(static_cast<std::uint16_t>(close_code - close_code_base));
    return ErrorCode::unreachable;
}

Ending without_goodbye(ErrorCode code) {
    if (code == ErrorCode::unreachable) return unreachable("the connection was lost");
    return {.code = code, .message = "the connection was closed: " + std::string{name_of(code)}};
}

} // namespace

Ending ending_of(const Goodbye& goodbye) {
    return {.code = code_of(std::to_underlying(goodbye.error.code)),
            .message = goodbye.error.message,
            .resumable = goodbye.resumable,
            .retry_ms = static_cast<double>(goodbye.error.retry_ms)};
}

Ending ending_of_close(std::uint32_t close_code) { return without_goodbye(code_of_close(close_code)); }

Ending ending_of_disconnect(std::uint32_t data) {
    return without_goodbye(data == 0 || data > 0xffff ? ErrorCode::unreachable
                                                      : code_of(static_cast<std::uint16_t>(data)));
}

Ending unreachable(std::string message) { return {.code = ErrorCode::unreachable, .message = std::move(message)}; }

} // namespace playhead::client
