#pragma once

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "core/value.hpp"
#include "room/playhead.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace playhead {

enum class MediaKind : std::uint8_t { none, file, hls, dash, youtube, vimeo, twitch };

// When a person acted, on the shared clock; orders commands across viewers (a hybrid logical clock).
// The session clamps `physical` to [arrival - 500 ms, arrival], so nobody wins from the future.
struct Stamp {
    ServerTime physical;
    std::uint32_t logical = 0;
    ViewerId viewer;
    auto operator<=>(const Stamp&) const = default;

    static constexpr Microseconds window{500'000};
};

struct Play {
    bool operator==(const Play&) const = default;
};
struct Pause {
    bool operator==(const Pause&) const = default;
};
struct Seek {
    MediaTime to{0};
    bool operator==(const Seek&) const = default;
};
struct SetRate {
    Rate rate;
    bool operator==(const SetRate&) const = default;
};
struct Load {
    static constexpr std::size_t url_bytes_max = 2048;
    static constexpr std::size_t title_bytes_max = 200;
    MediaKind kind = MediaKind::file;
    std::string url;
    std::string title;
    MediaTime start{0};
    bool play = false;
    bool operator==(const Load&) const = default;
};
struct SetName {
    static constexpr std::size_t name_characters_max = 32;
    std::string name;
    bool operator==(const SetName&) const = default;
};

// What a plugin of the room offers beyond the above; its manifest says which commands there are and what they take.
struct PluginCommand {
    static constexpr std::size_t name_bytes_max = 64; // of the plugin's name and of the command's
    std::string plugin;
    std::string name;
    Value args;
    bool operator==(const PluginCommand&) const = default;
};

using Action = std::variant<Play, Pause, Seek, SetRate, Load, SetName, PluginCommand>;

// What a viewer asks for. Queued when it arrives, applied in order on a tick.
struct Command {
    // A command that the room has no time for waits, and those behind it, for so long from when it was due. Unit:
    // ticks.
    static constexpr std::uint32_t patience_ticks = 10;
    ViewerId viewer;
    std::uint32_t sequence = 0; // grows by one per viewer, across reconnects: applied once however often it is sent
    MediaInstance media;
    Stamp issued;
    std::optional<MediaTime> position_seen; // what its author's screen showed
    Action action;
    std::string plugin{}; // the plugin that asked for it; empty for viewers and the engine
    Tick due{};           // the first tick that it could have been applied on
    bool operator==(const Command&) const = default;
};

enum class Verdict : std::uint8_t { applied, superseded, refused };

// The answer to one command. `error` says why when it was refused; of a plugin's denial, the rest says more.
struct Outcome {
    ViewerId viewer;
    std::uint32_t sequence = 0;
    Verdict verdict = Verdict::applied;
    Error error{ErrorCode::none, {}};
    std::string plugin{};   // who refused
    std::string reason{};   // in one word for programs: "not_host"
    Value data{};           // with a denial: what it said beyond; with applied: the result of a plugin's command
    bool undecided = false; // no answer yet: ask again on the next tick
    bool operator==(const Outcome&) const = default;
};

} // namespace playhead
