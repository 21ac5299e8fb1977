#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace playhead::simulation {

struct Options {
    static constexpr std::uint64_t seeds_max = 1'000'000;
    static constexpr double minutes_max = 1440;

    std::uint64_t seed = 1;                                      // the first ...
    std::uint64_t seeds = 1;                                     // ... of so many
    std::chrono::microseconds duration{std::chrono::minutes{1}}; // of each world's troubles
    bool swarm = false;
    bool json = false;
    std::string record; // folder for what was recorded of the worlds' rooms; empty: not kept
};

extern const std::string_view usage;

// Errors: what is wrong, for a person.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

} // namespace playhead::simulation
