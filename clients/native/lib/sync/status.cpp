#include "playhead/sync_status.hpp"

#include <utility>

namespace playhead::client {

std::string_view name(Phase phase) {
    constexpr std::string_view names[] = {"idle",      "blocked",    "held",    "priming", "starting",
                                          "following", "correcting", "stalled", "ended"};
    return names[std::to_underlying(phase)];
}

} // namespace playhead::client
