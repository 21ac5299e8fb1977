#pragma once

#include "core/result.hpp"
#include "core/time.hpp"
#include "room/command.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace playhead {

// What can be loaded, by its name in configs, in plugins and over HTTP.
struct NamedMediaKind {
    std::string_view name;
    MediaKind kind;
};
inline constexpr std::array<NamedMediaKind, 6> media_kinds{{{"file", MediaKind::file},
                                                            {"hls", MediaKind::hls},
                                                            {"dash", MediaKind::dash},
                                                            {"youtube", MediaKind::youtube},
                                                            {"vimeo", MediaKind::vimeo},
                                                            {"twitch", MediaKind::twitch}}};
std::optional<MediaKind> media_kind_named(std::string_view name);
// "none" of nothing.
std::string_view media_kind_name(MediaKind kind);

// Checks what is to be loaded: its kind, where it lies, where it starts. Gives it back with its title cleaned.
//   Errors: malformed, too_large, out_of_range.
Result<Load> checked(const Load& load);

// No media is longer; a viewer that reports more is not believed.
inline constexpr MediaTime duration_max{std::chrono::hours{24 * 7}};

bool believable_duration(MediaTime duration);

// What viewers agree on: the upper median of their reports, in whole milliseconds; zero if there is none. A minority
// that reports nonsense moves nothing, and of two viewers the one who knows more of the media is right.
MediaTime agreed_duration(std::vector<MediaTime> reports);

// Players differ by a few frames about one file: a smaller change than this is no change.
inline constexpr MediaTime duration_change_min{250'000};

} // namespace playhead
