#pragma once

#include "playhead/api.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace playhead::programs {

// Text of others as a terminal or a player may show it: one line, nothing that moves a cursor, of bounded length.
std::string shown(std::string_view text);

// "1:02:03", "4:05"; negative times count as 0.
std::string time_words(double ms);
// "1.25x"
std::string rate_words(double rate);

// Why a command was not carried out, in words for people. Empty if it was.
std::string refusal_words(const client::CommandResult& result);
// Why there is no room now, and what to do about it.
std::string problem_words(const client::Problem& problem);

// "12.5", "90", "1:02:03.5", "+10", "-1:00": a position, or a step from `now_ms`. Unit: ms. Empty if it is neither.
std::optional<double> position_of(std::string_view text, double now_ms);

} // namespace playhead::programs
