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

namespace {

using Mode = CommandLine::Mode;
using Arguments = std::span<const std::string_view>;
using Wanted = std::expected<CommandLine, std::string>;

// Splits what stands behind a sub-command into its words and the value of its one option, if it has one.
struct Words {
    std::vector<std::string> words;
    std::string option;
};

std::expected<Words, std::string> read_words(Arguments arguments, std::string_view option) {
    Words read;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (!option.empty() && argument == option) {
            if (i + 1 == arguments.size()) return std::unexpected(std::string{option} + " needs a folder behind it");
            read.option = arguments[++i];
        } else if (argument.starts_with('-')) {
            return std::unexpected("there is no option '" + std::string{argument} + "'");
        } else {
            read.words.emplace_back(argument);
        }
    }
    return read;
}

std::unexpected<std::string> too_many(const std::string& one) {
    return std::unexpected("'" + one + "' is one too many");
}

Wanted parse_plugins(Arguments arguments) {
    auto read = read_words(arguments, "");
    if (!read) return std::unexpected(read.error());
    if (read->words.empty()) return std::unexpected("which CONFIG? for a start: playhead plugins scripts/demo.lua");
    if (read->words.size() > 1) return too_many(read->words[1]);
    return CommandLine{.mode = Mode::plugins, .config = read->words[0]};
}

Wanted parse_new_plugin(Arguments arguments) {
    auto read = read_words(arguments, "");
    if (!read) return std::unexpected(read.error());
    if (read->words.empty()) return std::unexpected("which NAME? for a start: playhead new-plugin applause");
    if (read->words.size() > 2) return too_many(read->words[2]);
    return CommandLine{.mode = Mode::new_plugin,
                       .name = read->words[0],
                       .folder = read->words.size() > 1 ? read->words[1] : std::string{}};
}

Wanted parse_test(Arguments arguments) {
    auto read = read_words(arguments, "");
    if (!read) return std::unexpected(read.error());
    if (read->words.empty()) return std::unexpected("which PLUGIN_FOLDER? for a start: playhead test plugins/chat");
    return CommandLine{.mode = Mode::test, .plugins = std::move(read->words)};
}

Wanted parse_annotations(Arguments arguments) {
    auto read = read_words(arguments, "--out");
    if (!read) return std::unexpected(read.error());
    if (read->words.empty())
        return std::unexpected("which CONFIG or FOLDER? for a start: playhead annotations plugins");
    if (read->words.size() > 1) return too_many(read->words[1]);
    return CommandLine{.mode = Mode::annotations, .config = read->words[0], .folder = read->option};
}

} // namespace

std::expected<CommandLine, std::string> parse_command_line(std::span<const std::string_view> arguments) {
    for (const std::string_view argument : arguments) {
        if (argument == "--help" || argument == "-h") return CommandLine{.mode = Mode::help};
        if (argument == "--version") return CommandLine{.mode = Mode::version};
    }
    const std::string_view first = arguments.empty() ? std::string_view{} : arguments.front();
    if (first == "plugins") return parse_plugins(arguments.subspan(1));
    if (first == "new-plugin") return parse_new_plugin(arguments.subspan(1));
    if (first == "test") return parse_test(arguments.subspan(1));
    if (first == "annotations") return parse_annotations(arguments.subspan(1));
    CommandLine wanted;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--check") {
            wanted.mode = Mode::check;
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
