#include "told.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace playhead::load {
namespace {

constexpr std::uint32_t bursts_max = 100'000;
constexpr std::uint32_t messages_max = 1000;
constexpr std::uint32_t bytes_max = 65'536;

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto word = line.substr(0, line.find(' '));
        if (!word.empty()) words.push_back(word);
        line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
    return words;
}

std::optional<std::uint32_t> number_in(std::string_view word, std::uint32_t min, std::uint32_t max) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size() || number < min || number > max) return std::nullopt;
    return number;
}

std::optional<Told> told_by(const std::vector<std::string_view>& words, bool engine) {
    const auto is = [&](std::string_view verb, std::size_t count) { return words.size() == count && words[0] == verb; };
    if (is("burst", 4)) {
        const auto count = number_in(words[1], 1, bursts_max);
        const auto messages = number_in(words[2], 1, messages_max);
        const auto bytes = engine ? number_in(words[3], 0, 0) : number_in(words[3], 1, bytes_max);
        if (count && messages && bytes) return told::Burst{*count, *messages, *bytes};
    }
    if (is("act", 2) || is("idle", 2)) {
        const auto time = number_in(words[1], 1, static_cast<std::uint32_t>(run_time_max.count()));
        if (time && words[0] == "act") return told::Act{std::chrono::seconds(*time)};
        if (time) return told::Idle{std::chrono::seconds(*time)};
    }
    if (is("play", 1)) return told::Play{};
    if (is("reconnect", 1)) return told::Reconnect{};
    return std::nullopt;
}

} // namespace

std::expected<Told, std::string> parse_told(std::string_view line, const Options& options) {
    const bool engine = options.dialect == Dialect::playhead;
    const auto told = told_by(words_of(line), engine);
    if (!told)
        return std::unexpected("'" + std::string(line) +
                               "' is no command; expected burst COUNT MESSAGES BYTES (BYTES is 0 for an engine), play, "
                               "act SECONDS, idle SECONDS or reconnect");
    if (!engine && (std::holds_alternative<told::Play>(*told) || std::holds_alternative<told::Act>(*told)))
        return std::unexpected("'" + std::string(line) + "' is for rooms of an engine");
    const bool by_first = std::holds_alternative<told::Burst>(*told) || std::holds_alternative<told::Play>(*told);
    if (by_first && options.rooms.size() > 1)
        return std::unexpected("'" + std::string(line) + "' is for one room: nobody in the other " +
                               std::to_string(options.rooms.size() - 1) + " would hear of it");
    return *told;
}

} // namespace playhead::load
