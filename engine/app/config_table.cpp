#include "app/config_table.hpp"

#include "core/utf8.hpp"

#include <array>

namespace playhead::config {

std::string_view unit_of(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> units{{{"_s", "seconds"},
                                                                                  {"_ms", "milliseconds"},
                                                                                  {"_us", "microseconds"},
                                                                                  {"_hz", "per second"},
                                                                                  {"_bytes_max", "bytes"},
                                                                                  {"_per_s", "per second"}}};
    std::string_view unit;
    for (const auto& [ending, meaning] : units)
        if (name.ends_with(ending)) unit = meaning; // the last that fits is the most exact
    return unit;
}

std::expected<void, std::string> check_text(const Value& value, std::size_t bytes_max) {
    const auto* text = value.get_if<std::string>();
    if (text == nullptr) return as_expected();
    if (!valid_utf8(*text)) return std::unexpected("expected text in UTF-8, and this is not");
    if (text->size() > bytes_max) return as_expected();
    return {};
}

} // namespace playhead::config
