#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::load {

// What a viewer does besides watching, over and over.
//   pause, seek  a command that moves the room to a place which names the command
//   chat         a line of the chat plugin, which names the command; react: a signal to the reactions plugin
//   leave        says Bye and comes back as somebody new; reconnect: is cut off and resumes its place
//   stall        reads nothing for a second
enum class Act : std::uint8_t { watch, pause, seek, chat, react, leave, reconnect, stall };
constexpr std::size_t act_count = 8;

std::string_view name_of(Act act);

// How many viewers do what, as shares of their sum.
struct Mix {
    std::array<std::uint32_t, act_count> shares{1};
    bool operator==(const Mix&) const = default;
};

// "watch=95,chat=3,seek=2".   Errors: a sentence that names the part and what was expected.
std::expected<Mix, std::string> parse_mix(std::string_view text);

// Who does what: each act as often as its share says, to within one at every beginning of the list, evenly spread.
std::vector<Act> acts_of(const Mix& mix, std::size_t viewers);

} // namespace playhead::load
