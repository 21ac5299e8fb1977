#include "room/names.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace playhead {
namespace {

template <class Enum>
std::string_view nth(std::span<const std::string_view> names, Enum value) {
    const auto place = static_cast<std::size_t>(std::to_underlying(value));
    return place < names.size() ? names[place] : "unknown";
}

} // namespace

std::string_view name_of(Verdict verdict) {
    static constexpr std::array<std::string_view, 3> names{"applied", "superseded", "refused"};
    return nth(names, verdict);
}

std::string_view name_of(EventKind kind) {
    static constexpr std::array<std::string_view, 7> names{"none",         "played", "paused",     "sought",
                                                           "rate_changed", "loaded", "media_ended"};
    return nth(names, kind);
}

std::string_view name_of(LeaveReason why) {
    static constexpr std::array<std::string_view, 4> names{"left", "lost", "kicked", "banned"};
    return nth(names, why);
}

} // namespace playhead
