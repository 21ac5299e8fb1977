#include "mpv/reading.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace playhead::mpv {
namespace {

constexpr std::size_t fields = 11;
constexpr double seconds_max = 1e8; // three years; positions beyond are a fault of somebody's
constexpr double frames_per_second_min = 1;
constexpr double speed_min = 0.01; // mpv's own bounds
constexpr double speed_max = 100;

std::optional<std::array<std::string_view, fields>> cut(std::string_view text) {
    std::array<std::string_view, fields> parts;
    for (std::size_t index = 0; index < fields; ++index) {
        const std::size_t end = text.find('|');
        if ((end == std::string_view::npos) != (index + 1 == fields)) return std::nullopt;
        parts[index] = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return parts;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    if (std::abs(value) > seconds_max) return std::nullopt;
    return value;
}

std::optional<double> milliseconds(std::string_view text) {
    const std::optional<double> seconds = number(text);
    return seconds ? std::optional{*seconds * 1000} : std::nullopt;
}

std::optional<bool> flag(std::string_view text) {
    if (text == "yes") return true;
    if (text == "no") return false;
    return std::nullopt;
}

} // namespace

std::optional<Reading> read_probe(std::string_view text) {
    const auto parts = cut(text);
    if (!parts) return std::nullopt;
    const auto& [audio, video, duration, paused, seeking, starved, ended, speed, frames, network, buffer] = *parts;
    const std::optional<bool> pause = flag(paused);
    const std::optional<double> factor = number(speed);
    if (!pause || !factor || *factor < speed_min || *factor > speed_max) return std::nullopt;

    Reading reading;
    reading.audio_ms = milliseconds(audio);
    reading.video_ms = milliseconds(video);
    reading.duration_ms = milliseconds(duration);
    if (reading.duration_ms && *reading.duration_ms <= 0) reading.duration_ms.reset();
    reading.paused = *pause;
    reading.seeking = flag(seeking).value_or(false);
    reading.starved = flag(starved).value_or(false);
    reading.ended = flag(ended).value_or(false);
    reading.speed = *factor;
    const std::optional<double> rate = number(frames);
    if (rate && *rate >= frames_per_second_min) reading.frame_ms = 1000 / *rate;
    if (flag(network).value_or(false)) reading.buffer_ms = milliseconds(buffer);
    return reading;
}

} // namespace playhead::mpv
