#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace playhead {

// The name at the place that the enum's value counts; "unknown" for a value that nobody named.
template <class Enum>
std::string_view enum_name(std::span<const std::string_view> names, Enum value) {
    const auto place = static_cast<std::size_t>(std::to_underlying(value));
    return place < names.size() ? names[place] : "unknown";
}

} // namespace playhead
