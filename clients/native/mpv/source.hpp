#pragma once

#include "playhead/api.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace playhead::mpv {

// What mpv opens to show the room's media: an address of http or https and nothing else, whatever the room says. mpv
// would open files of this machine, and much more, if it were told to.
//   Errors: a sentence for the person.
std::expected<std::string, std::string> address_of(const client::MediaView& media, std::string_view server);

// What the person should know when mpv could not play it; mpv's own reason is `why`.
std::string failure_words(const client::MediaView& media, std::string_view why);

// The person's own copy of what the room plays.
struct OwnCopy {
    std::string path;
    std::optional<std::uint64_t> bytes;
};

//   Errors: a sentence (no such file, no file).
std::expected<OwnCopy, std::string> own_copy_at(const std::string& path);

// How two copies compare, as far as is known of each.
struct Copy {
    std::optional<double> duration_ms;
    std::optional<std::uint64_t> bytes;
};

// Copies of one film differ by less: what their containers count at the end.   Unit: ms.
inline constexpr double same_length_ms = 1'000;

// Whether they last equally long, as far as is known.
bool same_length(const Copy& own, const Copy& room);

// What to tell about an own copy that is not the room's; empty if nothing speaks against it.
std::string difference_words(const Copy& own, const Copy& room);

} // namespace playhead::mpv
