#pragma once

#include "core/ids.hpp"
#include "core/time.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace playhead::replay {

struct Options {
    std::string file;
    std::optional<Tick> until;      // the last tick that is run
    bool print = false;             // every turn
    std::optional<ViewerId> viewer; // what this one was sent
    std::string svg;                // where the picture goes; empty: none
};

extern const std::string_view usage;

// Errors: what is wrong, for a person.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

} // namespace playhead::replay
