#pragma once

#include "options.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace playhead::load {

// What a line of standard input may tell a load to do (--commands).
namespace told {
struct Burst {
    std::uint32_t count = 1;
    std::uint32_t messages = 1;
    std::uint32_t bytes = 0; // each; 0: of an engine, whose messages are as long as they are
    bool operator==(const Burst&) const = default;
};
struct Play {
    bool operator==(const Play&) const = default;
};
struct Act {
    std::chrono::seconds time{1};
    bool operator==(const Act&) const = default;
};
struct Idle {
    std::chrono::seconds time{1};
    bool operator==(const Idle&) const = default;
};
struct Reconnect {
    bool operator==(const Reconnect&) const = default;
};
} // namespace told

using Told = std::variant<told::Burst, told::Play, told::Act, told::Idle, told::Reconnect>;

// Errors: a sentence that repeats the line and says what was expected; or why this load cannot do that.
std::expected<Told, std::string> parse_told(std::string_view line, const Options& options);

} // namespace playhead::load
