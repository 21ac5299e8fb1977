#pragma once

#include "core/time.hpp"

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace playhead::test {

inline std::string quoted(std::string_view text) {
    std::string json = "\"";
    for (const char character : text) {
        if (static_cast<unsigned char>(character) < 0x20) {
            constexpr char digits[] = "0123456789abcdef";
            json += std::string("\\u00") + digits[character / 16] + digits[character % 16];
            continue;
        }
        if (character == '"' || character == '\\') json += '\\';
        json += character;
    }
    return json + '"';
}

// A JSON value written as it is built; members keep their order.
class Json {
  public:
    explicit Json(std::string text) : text_(std::move(text)) {}
    Json(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
    Json(std::integral auto value)
        requires(!std::same_as<decltype(value), bool>)
        : text_(std::to_string(value)) {}
    Json(Microseconds value) : text_(std::to_string(value.count())) {}
    Json(ServerTime value) : Json(value.time_since_epoch()) {}
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

inline Json string(std::string_view text) { return Json(quoted(text)); }
inline Json null() { return Json(std::string("null")); }

inline Json object(std::initializer_list<std::pair<std::string_view, Json>> members) {
    std::string text;
    for (const auto& [name, value] : members) text += (text.empty() ? "" : ", ") + quoted(name) + ": " + value.text();
    return Json("{" + text + "}");
}

template <class Range, class Write>
Json array(const Range& range, Write write) {
    std::string text;
    for (const auto& value : range) text += (text.empty() ? "" : ", ") + Json(write(value)).text();
    return Json("[" + text + "]");
}

template <class Value>
Json optional(const std::optional<Value>& value) {
    return value ? Json(*value) : null();
}

} // namespace playhead::test
