#pragma once

#include "plugin/plugin_set.hpp"
#include "plugin/plugin_state.hpp"
#include "plugin/ruled_room.hpp"
#include "plugin/type.hpp"
#include "room/room.hpp"
#include "room/state.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

// Leaves out of a recording what people call themselves and what they write.
//   Pseudonyms stand in it instead: each letter and digit is another one, drawn from what a function of the whole text
//   says that nobody else can compute. Texts keep their length in characters and in bytes, their spaces and their
//   punctuation, and "https://"; two that are different nearly always stay different. So a room does the same with
//   them, unless it reads them.
//   Shapes are for comparing: each letter is an x. What follows from a text and what follows from its pseudonym, a
//   plugin's words around it among that, have one shape: so digests of state can be compared.
//   Covered: names of viewers; in what plugins are sent and keep, all that is declared as text, or not declared.
//   Not:     addresses and titles of media that viewers load, the room's title; choices (one_of), what stands in a
//            plugin's settings, keys of tables and names of timers, which are a plugin's own words.
namespace playhead::recording {

using TextMask = std::function<std::string(std::string_view)>;
TextMask pseudonyms(std::function<std::uint64_t(std::string_view)> number_of);
std::string shape_of(std::string_view text);

// `type` is what it is declared as; null: unknown.
Value masked(const Value& value, const Type* type, const TextMask& mask);
Input masked(const Input& input, const PluginSet& plugins, const TextMask& mask);
void mask_all(RoomState& state, const PluginSet& plugins, const TextMask& mask);
void mask_all(PluginState& state, const PluginSet& plugins, const TextMask& mask);

// Of all state; of its shape, if names and chat are left out.
std::uint64_t digest_of(const RuledRoom& room, bool left_out);

} // namespace playhead::recording
