#include "common/words.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace playhead::programs {
namespace {

using client::ErrorCode;

constexpr std::size_t shown_characters_max = 300;
constexpr double positions_max_ms = 1e12;

std::string sentence(std::string_view text) {
    std::string words = shown(text);
    if (words.empty()) return words;
    if (words.front() >= 'a' && words.front() <= 'z') words.front() = static_cast<char>(words.front() - 'a' + 'A');
    const char last = words.back();
    if (last != '.' && last != '!' && last != '?') words += '.';
    return words;
}

std::string_view advice_on(ErrorCode code) {
    switch (code) {
    case ErrorCode::token_missing:
    case ErrorCode::token_malformed:
        return "This link is not complete. The part behind # is the key to the room: ask for the whole link.";
    case ErrorCode::token_wrong:
    case ErrorCode::token_foreign:
    case ErrorCode::token_stale: return "This link no longer opens the room. Ask for a new one.";
    case ErrorCode::room_unknown:
        return "There is no such room. Rooms go away some time after the last viewer has left.";
    case ErrorCode::room_closed: return "The room was closed.";
    case ErrorCode::kicked: return "You were shown the door.";
    case ErrorCode::banned: return "You are banned from this room.";
    case ErrorCode::room_full: return "The room is full.";
    case ErrorCode::replaced: return "Your place was taken by another connection of yours.";
    case ErrorCode::draining: return "The server is being restarted; your place is kept.";
    case ErrorCode::slow: return "The connection could not keep up.";
    case ErrorCode::idle: return "The connection went silent.";
    case ErrorCode::unsupported_protocol: return "This program is older than the server.";
    case ErrorCode::unreachable: return "The server does not answer.";
    case ErrorCode::left: return "You left the room.";
    default: return "The connection was closed.";
    }
}

// What a plugin that lets people wait says in its answer.
double wait_ms_of(const client::CommandResult& result) {
    if (result.retry_ms > 0) return result.retry_ms;
    const Value* said = result.data.find("retry_ms");
    if (said == nullptr) return 0;
    if (const std::int64_t* whole = said->get_if<std::int64_t>()) return static_cast<double>(*whole);
    const double* number = said->get_if<double>();
    return number == nullptr ? 0 : *number;
}

// Digits and at most one point, as JSON and people write numbers; empty for everything else.
std::optional<double> plain_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    return whole && std::isfinite(value) && value >= 0 && text.front() != '-' ? std::optional{value} : std::nullopt;
}

std::optional<double> clock_ms(std::string_view text) {
    double seconds = 0;
    for (int parts = 1;; ++parts) {
        const std::size_t end = text.find(':');
        const std::optional<double> part = plain_number(text.substr(0, end));
        const bool last = end == std::string_view::npos;
        if (!part || parts > 3 || (!last && text.substr(0, end).contains('.')) || (parts > 1 && *part >= 60))
            return std::nullopt;
        seconds = seconds * 60 + *part;
        if (last) return seconds * 1000 <= positions_max_ms ? std::optional{seconds * 1000} : std::nullopt;
        text.remove_prefix(end + 1);
    }
}

} // namespace

std::string shown(std::string_view text) { return clean_text(text, shown_characters_max); }

std::string time_words(double ms) {
    const auto seconds = static_cast<long long>(std::isfinite(ms) ? std::clamp(ms, 0.0, positions_max_ms) / 1000 : 0);
    char words[48];
    if (seconds >= 3600) {
        std::snprintf(words, sizeof words, "%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    } else {
        std::snprintf(words, sizeof words, "%lld:%02lld", seconds / 60, seconds % 60);
    }
    return words;
}

std::string rate_words(double rate) {
    char words[32];
    std::snprintf(words, sizeof words, "%gx", std::round(rate * 100) / 100);
    return words;
}

std::string refusal_words(const client::CommandResult& result) {
    switch (result.verdict) {
    case client::Verdict::applied: return {};
    case client::Verdict::superseded: return "Somebody was quicker.";
    case client::Verdict::refused: break;
    }
    if (result.code == ErrorCode::unknown_command) return "This room does not know how.";
    std::string words = sentence(result.message);
    if (words.empty()) words = "The room said \"" + std::string{name_of(result.code)} + "\".";
    const double wait_ms = wait_ms_of(result);
    if (wait_ms > 0) words += " Again in " + time_words(std::max(1000.0, std::ceil(wait_ms / 1000) * 1000)) + ".";
    return words;
}

std::string problem_words(const client::Problem& problem) {
    std::string words{advice_on(problem.code)};
    const std::string why = sentence(problem.message);
    if (!why.empty()) words += " " + why;
    return words;
}

std::optional<double> position_of(std::string_view text, double now_ms) {
    const bool ahead = text.starts_with('+');
    const bool back = text.starts_with('-');
    const std::optional<double> ms = clock_ms(ahead || back ? text.substr(1) : text);
    if (!ms) return std::nullopt;
    if (!ahead && !back) return ms;
    return std::max(0.0, now_ms + (ahead ? *ms : -*ms));
}

} // namespace playhead::programs
