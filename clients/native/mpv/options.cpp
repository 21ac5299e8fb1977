#include "mpv/options.hpp"

#include <charconv>
#include <cmath>

namespace playhead::mpv {
namespace {

constexpr double offset_ms_max = 600'000;

std::expected<client::Transport, std::string> transport_named(std::string_view name) {
    using client::Transport;
    for (const Transport transport : {Transport::automatic, Transport::websocket, Transport::enet})
        if (name_of(transport) == name) return transport;
    return std::unexpected("'" + std::string{name} + "' is no transport; expected websocket, enet or automatic");
}

std::expected<double, std::string> offset_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(std::abs(value) <= offset_ms_max))
        return std::unexpected("'" + std::string{text} +
                               "' is no offset; expected milliseconds from -600000 to 600000");
    return value;
}

} // namespace

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    Options options;
    std::vector<std::string_view> words;
    bool only_words = false;
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string_view argument = arguments[index];
        if (only_words || !argument.starts_with('-') || argument == "-") {
            words.push_back(argument);
            continue;
        }
        std::string* text = nullptr;
        if (argument == "--") {
            only_words = true;
        } else if (argument == "--help" || argument == "-h") {
            options.help = true;
        } else if (argument == "--version") {
            options.version = true;
        } else if (argument == "--headless") {
            options.headless = true;
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--name") {
            text = &options.name;
        } else if (argument == "--ca") {
            text = &options.certificate_authorities;
        } else if (argument == "--mpv") {
            text = &options.program;
        } else if (argument == "--ipc-socket") {
            text = &options.ipc_socket;
        } else if (argument == "--mpv-option") {
            text = &options.mpv_options.emplace_back();
        } else if (argument == "--transport" || argument == "--offset") {
            if (index + 1 == arguments.size())
                return std::unexpected(std::string{argument} + " needs a value behind it");
            ++index;
            if (argument == "--transport") {
                const auto transport = transport_named(arguments[index]);
                if (!transport) return std::unexpected(transport.error());
                options.transport = *transport;
            } else {
                const auto offset = offset_of(arguments[index]);
                if (!offset) return std::unexpected(offset.error());
                options.source_offset_ms = *offset;
            }
        } else {
            return std::unexpected("there is no option '" + std::string{argument} + "'");
        }
        if (text == nullptr) continue;
        if (index + 1 == arguments.size() || arguments[index + 1].empty())
            return std::unexpected(std::string{argument} + " needs a value behind it");
        *text = arguments[++index];
    }
    if (options.help || options.version) return options;
    if (words.empty()) return std::unexpected("which LINK? the address of a room, as browsers open it");
    if (words.size() > 2) return std::unexpected("'" + std::string{words[2]} + "' is one too many");
    auto link = client::parse_link(words[0]);
    if (!link) return std::unexpected(link.error());
    options.link = *std::move(link);
    if (words.size() > 1) options.file = words[1];
    if (!options.ipc_socket.empty() && (options.headless || !options.mpv_options.empty() || options.program != "mpv"))
        return std::unexpected("--ipc-socket attaches to an mpv that runs: --mpv, --mpv-option and --headless are for "
                               "one that is started");
    for (const std::string& option : options.mpv_options)
        if (!option.starts_with("--"))
            return std::unexpected("--mpv-option takes an option of mpv's, such as --volume=50, not '" + option + "'");
    return options;
}

} // namespace playhead::mpv
