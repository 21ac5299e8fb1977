#pragma once

#include <optional>
#include <string_view>

namespace playhead::mpv {

// What mpv expands to one text that holds everything a player has to report, all of the same instant: one question
// instead of eleven, and nothing can change in between. "=" asks for plain numbers, ":" for nothing where mpv does not
// know.
//   Source: mpv 0.35's manual, "Property Expansion" and the command expand-text.
inline constexpr std::string_view probe_text =
    "${=audio-pts:}|${=time-pos:}|${=duration:}|${=pause:}|${=seeking:}|${=paused-for-cache:}|${=eof-reached:}|"
    "${=speed:}|${=container-fps:}|${=demuxer-via-network:}|${=demuxer-cache-duration:}";

// mpv at one instant.
//   Units: milliseconds; speed as a factor. What mpv does not know is not set.
struct Reading {
    std::optional<double> audio_ms; // smooth: what is being heard
    std::optional<double> video_ms; // moves in whole frames
    std::optional<double> duration_ms;
    bool paused = true;
    bool seeking = false;
    bool starved = false; // mpv has stopped by itself until its cache has filled
    bool ended = false;
    double speed = 1;
    std::optional<double> frame_ms;
    std::optional<double> buffer_ms; // only of what comes over a network

    bool operator==(const Reading&) const = default;
};

// Reads what mpv made of probe_text.
//   Errors: empty if it is something else. Numbers that are not finite or beyond all films count as not known.
std::optional<Reading> read_probe(std::string_view text);

} // namespace playhead::mpv
