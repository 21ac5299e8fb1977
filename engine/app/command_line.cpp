#include "app/command_line.hpp"

#include <charconv>

namespace playhead {

std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text) {
    const auto wrong = [text] {
        return std::unexpected("'" + std::string{text} + "' is no address to listen on; write HOST:PORT, such as " +
                               "127.0.0.1:8080 or [::1]:8080, with a port from 0 (any free one) to 65535");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return wrong();
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.contains(':')) {
        return wrong();
    }
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (host.empty() || digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return wrong();
    return ListenAddress{std::string{host}, port};
}

std::expected<CommandLine, std::string> parse_command_line(std::span<const std::string_view> arguments) {
    CommandLine wanted;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--help" || argument == "-h") return CommandLine{.mode = CommandLine::Mode::help};
        if (argument == "--version") return CommandLine{.mode = CommandLine::Mode::version};
        if (argument == "--check") {
            wanted.mode = CommandLine::Mode::check;
        } else if (argument == "--listen") {
            if (i + 1 == arguments.size()) return std::unexpected("--listen needs HOST:PORT behind it");
            auto address = parse_listen_address(arguments[++i]);
            if (!address) return std::unexpected(address.error());
            wanted.listen = *std::move(address);
        } else if (argument.starts_with('-')) {
            return std::unexpected("there is no option '" + std::string{argument} + "'");
        } else if (!wanted.config.empty()) {
            return std::unexpected("one CONFIG, not also '" + std::string{argument} + "'");
        } else {
            wanted.config = argument;
        }
    }
    if (wanted.config.empty()) return std::unexpected("which CONFIG? for a start: playhead scripts/demo.lua");
    return wanted;
}

} // namespace playhead
