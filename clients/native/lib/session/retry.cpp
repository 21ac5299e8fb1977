#include "lib/session/retry.hpp"

#include <algorithm>
#include <cmath>

namespace playhead::client {
namespace {

// Trying again would end the same way.
bool terminal(ErrorCode code) {
    switch (code) {
    case ErrorCode::unsupported_protocol:
    case ErrorCode::token_missing:
    case ErrorCode::token_malformed:
    case ErrorCode::token_wrong:
    case ErrorCode::token_foreign:
    case ErrorCode::token_stale:
    case ErrorCode::room_unknown:
    case ErrorCode::room_full:
    case ErrorCode::room_closed:
    case ErrorCode::replaced:
    case ErrorCode::kicked:
    case ErrorCode::banned:
    case ErrorCode::left: return true;
    default: return false;
    }
}

// What the token presented may be to blame for.
bool of_token(ErrorCode code) {
    return code == ErrorCode::token_malformed || code == ErrorCode::token_wrong || code == ErrorCode::token_foreign ||
           code == ErrorCode::token_stale;
}

// We or the engine broke a rule: once may be chance, always is not.
bool fault(ErrorCode code) {
    return code == ErrorCode::malformed || code == ErrorCode::hello_expected || code == ErrorCode::hello_repeated ||
           code == ErrorCode::too_large || code == ErrorCode::text_frame;
}

} // namespace

Decision after_ending(const Ending& ending, const Attempts& attempts, double random) {
    const bool bad_token = of_token(ending.code);
    const bool often = attempts.failures >= faults_max;
    // The place is gone, the link still stands: at once, but not for ever.
    if (bad_token && attempts.resumed && attempts.has_join_token && !often) return {.again = true, .forget = true};
    const bool renewed = bad_token && attempts.connect_token;
    if (terminal(ending.code) && !renewed) return {};
    if ((fault(ending.code) || renewed) && often) return {};
    const double doublings = std::clamp(static_cast<double>(attempts.failures) - 1, 0.0, 10.0);
    const double backoff_ms = std::min(retry_ms_max, retry_ms_min * std::exp2(doublings));
    // All of it is chance: viewers that lost the engine at one moment must not return at one moment.
    return {.again = true,
            .delay_ms = ending.retry_ms + backoff_ms * random,
            .floor_ms = ending.retry_ms,
            .forget = !ending.resumable};
}

} // namespace playhead::client
