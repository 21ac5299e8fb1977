#include "room/names.hpp"

#include "core/enum_name.hpp"

#include <array>

namespace playhead {

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 3> names{"applied", "superseded", "refused"};
    return enum_name(names, verdict);
}

std::string_view name_of(EventKind kind) {
    static constexpr std::array<std::string_view, 7> names{"none",         "played", "paused",     "sought",
                                                           "rate_changed", "loaded", "media_ended"};
    return enum_name(names, kind);
}

std::string_view name_of(LeaveReason why) {
    static constexpr std::array<std::string_view, 4> names{"left", "lost", "kicked", "banned"};
    return enum_name(names, why);
}

} // namespace playhead
