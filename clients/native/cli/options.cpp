#include "cli/options.hpp"

#include <array>
#include <charconv>
#include <vector>

namespace playhead::cli {
namespace {

using Verb = Options::Verb;
using Words = std::vector<std::string_view>;
using Done = std::expected<void, std::string>;

constexpr double seconds_max = 86'400 * 366.0;

// A verb of a room: its words, and what stands behind them.
struct Form {
    std::string_view first;
    std::string_view second; // of the queue's
    Verb verb;
    std::string_view operand; // what is needed behind it; empty: nothing
};
constexpr std::array<Form, 15> forms{{
    {"state", "", Verb::state, ""},
    {"watch", "", Verb::watch, ""},
    {"play", "", Verb::play, ""},
    {"pause", "", Verb::pause, ""},
    {"seek", "", Verb::seek, "POSITION"},
    {"rate", "", Verb::rate, "FACTOR"},
    {"load", "", Verb::load, "URL"},
    {"chat", "", Verb::chat, "TEXT"},
    {"name", "", Verb::name, "NAME"},
    {"queue", "list", Verb::queue_list, ""},
    {"queue", "add", Verb::queue_add, "URL"},
    {"queue", "remove", Verb::queue_remove, "ITEM"},
    {"queue", "play", Verb::queue_play, "ITEM"},
    {"queue", "next", Verb::queue_next, ""},
    {"queue", "clear", Verb::queue_clear, ""},
}};

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

Done read_seconds(std::string_view option, std::string_view text, double& into) {
    const std::optional<double> value = number_of<double>(text);
    if (!value || !(*value > 0 && *value <= seconds_max))
        return std::unexpected(std::string{option} + " takes seconds above 0, not " + quoted(text));
    into = *value;
    return {};
}

Done read_transport(std::string_view text, client::Transport& into) {
    using client::Transport;
    for (const Transport transport : {Transport::automatic, Transport::websocket, Transport::enet}) {
        if (name_of(transport) != text) continue;
        into = transport;
        return {};
    }
    return std::unexpected(quoted(text) + " is no transport; expected websocket, enet or automatic");
}

// The value behind an option goes into its place.
Done take_value(Options& options, std::string& server, std::string_view option, std::string_view value) {
    if (option == "--for") return read_seconds(option, value, options.for_s);
    if (option == "--timeout") return read_seconds(option, value, options.timeout_s);
    if (option == "--transport") return read_transport(value, options.transport);
    if (option == "--server") server = value;
    if (option == "--name") options.name = value;
    if (option == "--title") options.title = value;
    if (option == "--id") options.id = value;
    if (option == "--ca") options.certificate_authorities = value;
    return {};
}

bool takes_value(std::string_view option) {
    for (const std::string_view known :
         {"--for", "--timeout", "--transport", "--server", "--name", "--title", "--id", "--ca"})
        if (option == known) return true;
    return false;
}

bool is_option(std::string_view word) {
    // "-10" and "-1:00" are steps back.
    return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9') && word[1] != '.';
}

Done read_server_verb(Options& options, const std::string& server, const Words& words) {
    auto address = client::parse_server(server);
    if (!address) return std::unexpected(address.error());
    options.link.server = *std::move(address);
    if (words.empty()) return std::unexpected("which COMMAND? rooms or create");
    if (words[0] == "rooms") {
        options.verb = Verb::rooms;
        if (words.size() > 1) return std::unexpected(quoted(words[1]) + " is one too many");
        return {};
    }
    if (words[0] != "create")
        return std::unexpected(quoted(words[0]) + " is done in a room: give its LINK instead of --server");
    options.verb = Verb::create;
    if (words.size() > 2) return std::unexpected(quoted(words[2]) + " is one too many");
    if (words.size() > 1) options.text = words[1];
    return {};
}

Done read_operand(Options& options, const Form& form, std::string_view operand) {
    options.text = operand;
    if (form.operand == "FACTOR") {
        const std::optional<double> rate = number_of<double>(operand);
        if (!rate || !(*rate >= 0.25 && *rate <= 2))
            return std::unexpected("a rate is from 0.25 to 2, not " + quoted(operand));
        options.number = *rate;
    }
    if (form.operand == "ITEM") {
        const std::optional<std::int64_t> item = number_of<std::int64_t>(operand);
        if (!item || *item < 0)
            return std::unexpected("an item is a number, as queue list shows it, not " + quoted(operand));
        options.item = *item;
    }
    return {};
}

Done read_room_verb(Options& options, const Words& words) {
    auto link = client::parse_link(words[0]);
    if (!link) return std::unexpected(link.error());
    options.link = *std::move(link);
    if (words.size() < 2) return std::unexpected("which COMMAND? for a start: state");
    const std::string_view second = words.size() > 2 ? words[2] : std::string_view{};
    for (const Form& form : forms) {
        if (form.first != words[1] || (!form.second.empty() && form.second != second)) continue;
        const std::size_t fixed = form.second.empty() ? 2 : 3;
        const std::size_t needed = fixed + (form.operand.empty() ? 0 : 1);
        if (words.size() < needed) return std::unexpected("which " + std::string{form.operand} + "?");
        if (words.size() > needed) return std::unexpected(quoted(words[needed]) + " is one too many");
        options.verb = form.verb;
        return form.operand.empty() ? Done{} : read_operand(options, form, words[fixed]);
    }
    if (words[1] == "queue")
        return std::unexpected("the queue knows list, add, remove, play, next and clear" +
                               (second.empty() ? "" : ", not " + quoted(second)));
    if (words[1] == "rooms" || words[1] == "create")
        return std::unexpected(quoted(words[1]) + " is asked of a server: --server URL instead of the LINK");
    return std::unexpected("there is no command " + quoted(words[1]));
}

} // namespace

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    Options options;
    std::string server;
    Words words;
    bool only_words = false;
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string_view argument = arguments[index];
        if (only_words || !is_option(argument)) {
            words.push_back(argument);
        } else if (argument == "--") {
            only_words = true;
        } else if (argument == "--help" || argument == "-h") {
            return Options{.verb = Verb::help};
        } else if (argument == "--version") {
            return Options{.verb = Verb::version};
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--listed") {
            options.listed = true;
        } else if (argument == "--play") {
            options.play = true;
        } else if (!takes_value(argument)) {
            return std::unexpected("there is no option " + quoted(argument));
        } else if (index + 1 == arguments.size() || arguments[index + 1].empty()) {
            return std::unexpected(std::string{argument} + " needs a value behind it");
        } else if (const auto taken = take_value(options, server, argument, arguments[++index]); !taken) {
            return std::unexpected(taken.error());
        }
    }
    if (server.empty() && words.empty())
        return std::unexpected("which LINK? the address of a room, as browsers open it");
    const Done read = server.empty() ? read_room_verb(options, words) : read_server_verb(options, server, words);
    if (!read) return std::unexpected(read.error());
    return options;
}

} // namespace playhead::cli
