#include "options.hpp"

#include "playhead/link.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace playhead::load {

const std::string_view usage =
    R"(playhead-load: many viewers of rooms over WebSocket, ENet or nothing at all, and what they get to hear: how late, how
often, at what price.

  playhead-load --room http://127.0.0.1:8080/r/demo#j.demo.xxx --viewers 10000 --seconds 30 --server-pid 4711
  playhead-load --room LINK --viewers 500 --mix watch=95,chat=3,seek=1,leave=1 --svg load.svg
  playhead-load --room LINK --viewers 2000 --players 200 --mix watch=999,seek=1 --every-ms 20000 --seconds 60
  playhead-load --room LINK --transport enet --viewers 1000 --seconds 30
  playhead-load --transport loopback --viewers 10000 --mix watch=9999,seek=1 --every-ms 1000
  playhead-load --raw ws --to 127.0.0.1:9000 --viewers 10000 --commands

  --room LINK            the link of a room, plain http; a room that shows something, if it is to be paused or sought
  --rooms FILE           instead: many rooms of one server, a link a line; viewers are shared out among them evenly, those
                         who come one after the other into the same room
  --transport WAY        websocket (default), or enet: each viewer asks the room over HTTP for its token and connects as
                         the native client does, from a UDP socket of its own. An engine lets 256 viewers in from one
                         address: of an engine on this machine (127.0.0.1) each 200 have an address of their own
                         (127.1.0.1 and so on), elsewhere 256 is all. Its enet.peers_max is viewers a shard. Who stalls
                         over ENet acknowledges nothing meanwhile; --slow and --never-read are for WebSocket.
                         Or loopback: an engine without plugins, one shard and one room of its own, in the process of
                         all viewers, and no sockets. No link is said; server_cpu_us_per_delivery is of that engine's
                         thread while it hears, ticks and sends: what the simulation alone costs
  --raw tcp|ws|socketio  instead: a server of tests/bench/fanout, which sends what it is asked for; with --commands
  --to HOST:PORT         where that is
  --viewers N            default 100
  --players N            so many of the viewers have a player, simulated (mpv's, Chromium's and Firefox's costs in turn),
                         which the client library's own clock and sync controller keep with the room. Their clocks are
                         ahead by up to an hour and run up to 100 ppm fast or slow, as do their media. The first of a
                         room has it play, unless with --commands. Ten times a second, while the room plays, each is
                         looked at: drift_ms is how far those who follow are from where the room is, either way;
                         players_following the share of looks at which they did, the others being on their way to a
                         new place or waiting for a start. The engine's clock is known from the quickest exchange of
                         all, to within half of its time
  --processes P          they are spread over; each takes at most 19,000; default: as few as will do
  --seconds S            how long they act, once all are in; default 10, at most 3600
  --join-seconds S       how long they have to come in; default 120
  --connects-per-s N     default 2000
  --at-once N            how many of a process may be on their way in at a time; default 128
  --mix ACT=SHARE,...    what the viewers do, in shares of all; default watch=1
                           watch      nothing but reports and clock comparisons
                           pause      a command; seek: another, which is also told as an event
                           chat       a line of the chat plugin; react: a signal to the reactions plugin
                           leave      says Bye, comes back as somebody new; reconnect: is cut off, resumes its place
                           stall      reads nothing for a second
  --every-ms T           how often each of them does so; default 5000
  --slow N:BYTES_PER_S   so many read no faster than that
  --never-read N         so many read nothing once they are in; an engine closes both sooner or later, and they come back
  --silent               no reports and no clock comparisons: nobody says anything but commands. An engine closes whom it
                         has not heard of for 30 s, unless its config says otherwise (silence_timeout_s)
  --server-pid PID       whose processor time is charged to the deliveries
  --svg FILE             a picture: how late, and how many over time
  --commands             takes commands from standard input once all are in, and ends with it; a line each, answered by a
                         JSON object a line. Nobody acts unless told to:
                           burst COUNT MESSAGES BYTES   COUNT times, one after the other, the first viewer sends MESSAGES
                                                        messages to everybody, and all are waited for. Of an engine: one
                                                        pause, or so many seeks in one tick (its limits.commands_per_s and
                                                        command_burst must let them); BYTES is for servers of a
                                                        benchmark, else 0. One room only
                           play                         the first viewer has the room play. One room only
                           act SECONDS                  everybody acts as --mix says
                           idle SECONDS                 nobody does anything
                           reconnect                    everybody is cut off at the same moment and comes back at once; ends
                                                        when the last is back

What happens is told on standard error once a second. The last line of standard output is one flat JSON object. A delivery
is what one viewer hears at once: of an engine, all of one tick. Latencies are of one monotonic clock, from the moment a
viewer sends a command until each of the others has read its effect.
)";

namespace {

template <typename T>
using Parsed = std::expected<T, std::string>;

std::string expected_but(std::string_view name, std::string_view value, std::string_view what) {
    return std::string(name) + " is '" + std::string(value) + "'; expected " + std::string(what);
}

Parsed<std::uint32_t> parse_count(std::string_view name, std::string_view value, std::uint32_t min, std::uint32_t max) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < min || number > max)
        return std::unexpected(
            expected_but(name, value, "a whole number from " + std::to_string(min) + " to " + std::to_string(max)));
    return number;
}

template <typename T>
Parsed<bool> keep(T& place, const Parsed<std::uint32_t>& parsed) {
    if (!parsed) return std::unexpected(parsed.error());
    place = static_cast<T>(*parsed);
    return true;
}

Parsed<bool> parse_address(Options& options, std::string_view name, std::string_view value) {
    const auto colon = value.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::unexpected(expected_but(name, value, "HOST:PORT"));
    const auto port = parse_count(name, value.substr(colon + 1), 1, 65535);
    if (!port) return std::unexpected(expected_but(name, value, "HOST:PORT, the port from 1 to 65535"));
    options.host = value.substr(0, colon);
    options.port = static_cast<std::uint16_t>(*port);
    return true;
}

// One more room; `name` is where its link stands.
Parsed<bool> add_room(Options& options, const std::string& name, std::string_view value) {
    const auto link = client::parse_link(value);
    if (!link) return std::unexpected(name + ": " + link.error());
    constexpr std::string_view plain = "http://";
    if (!link->server.starts_with(plain))
        return std::unexpected(name + " is behind TLS; expected a plain http:// link");
    Options address;
    const auto parsed = parse_address(address, name, std::string_view(link->server).substr(plain.size()));
    if (!parsed) return parsed;
    if (!options.rooms.empty() && (address.host != options.host || address.port != options.port))
        return std::unexpected(name + " is a room of another server than the first; expected rooms of one");
    if (options.rooms.size() >= rooms_max)
        return std::unexpected(name + " is one room too many; expected at most " + std::to_string(rooms_max));
    options.host = address.host;
    options.port = address.port;
    options.rooms.push_back({link->room, link->token});
    return true;
}

Parsed<bool> add_rooms(Options& options, const std::string& path, const ReadFile& read_file) {
    const auto text = read_file(path);
    if (!text) return std::unexpected("--rooms: " + text.error());
    std::size_t number = 0;
    for (std::string_view left = *text; !left.empty();) {
        const auto line = left.substr(0, left.find('\n'));
        left.remove_prefix(std::min(left.size(), line.size() + 1));
        ++number;
        if (line.empty()) continue;
        if (auto added = add_room(options, path + " line " + std::to_string(number), line); !added) return added;
    }
    if (options.rooms.empty()) return std::unexpected("--rooms: there is no link in " + path);
    return true;
}

template <class Choice, std::size_t count>
Parsed<bool> parse_choice(Choice& chosen, std::string_view option, std::string_view value,
                          const std::pair<std::string_view, Choice> (&known)[count], std::string_view expected) {
    for (const auto& [name, choice] : known) {
        if (name != value) continue;
        chosen = choice;
        return true;
    }
    return std::unexpected(expected_but(option, value, expected));
}

Parsed<bool> parse_dialect(Options& options, std::string_view value) {
    constexpr std::pair<std::string_view, Dialect> known[] = {
        {"tcp", Dialect::tcp}, {"ws", Dialect::ws}, {"socketio", Dialect::socketio}};
    return parse_choice(options.dialect, "--raw", value, known, "tcp, ws or socketio");
}

Parsed<bool> parse_transport(Options& options, std::string_view value) {
    constexpr std::pair<std::string_view, Transport> known[] = {
        {"websocket", Transport::websocket}, {"enet", Transport::enet}, {"loopback", Transport::loopback}};
    return parse_choice(options.transport, "--transport", value, known, "websocket, enet or loopback");
}

Parsed<bool> parse_slow(Options& options, std::string_view value) {
    const auto colon = value.find(':');
    const auto wrong = std::unexpected(expected_but("--slow", value, "N:BYTES_PER_S, both from 1"));
    if (colon == std::string_view::npos) return wrong;
    const auto count = parse_count("--slow", value.substr(0, colon), 1, viewers_max);
    const auto rate = parse_count("--slow", value.substr(colon + 1), 1, 1'000'000'000);
    if (!count || !rate) return wrong;
    options.slow = *count;
    options.slow_bytes_per_s = *rate;
    return true;
}

// Sets what one option with a value says: true, or false when there is no such option.
Parsed<bool> set_option(Options& options, std::string_view name, std::string_view value, const ReadFile& read_file) {
    const auto count = [&](std::uint32_t min, std::uint32_t max) { return parse_count(name, value, min, max); };
    const auto seconds_max = static_cast<std::uint32_t>(run_time_max.count());
    if (name == "--room") {
        options.rooms.clear();
        return add_room(options, "--room", value);
    }
    if (name == "--rooms") {
        options.rooms.clear();
        return add_rooms(options, std::string(value), read_file);
    }
    if (name == "--transport") return parse_transport(options, value);
    if (name == "--raw") return parse_dialect(options, value);
    if (name == "--to") return parse_address(options, name, value);
    if (name == "--viewers") return keep(options.viewers, count(1, viewers_max));
    if (name == "--players") return keep(options.players, count(0, viewers_max));
    if (name == "--processes") return keep(options.processes, count(1, processes_max));
    if (name == "--seconds") return keep(options.time, count(1, seconds_max));
    if (name == "--join-seconds") return keep(options.join_time, count(1, seconds_max));
    if (name == "--connects-per-s") return keep(options.connects_per_s, count(1, 1'000'000));
    if (name == "--at-once") return keep(options.at_once, count(1, viewers_per_process_max));
    if (name == "--every-ms") return keep(options.every, count(10, 3'600'000));
    if (name == "--slow") return parse_slow(options, value);
    if (name == "--never-read") return keep(options.never_read, count(0, viewers_max));
    if (name == "--mix") {
        const auto mix = parse_mix(value);
        if (!mix) return std::unexpected(mix.error());
        options.mix = *mix;
        return true;
    }
    if (name == "--server-pid") {
        const auto pid = count(1, 1U << 22U);
        if (!pid) return std::unexpected(pid.error());
        options.server_pid = static_cast<int>(*pid);
        return true;
    }
    if (name == "--svg") {
        options.svg = value;
        return true;
    }
    return false;
}

std::unexpected<std::string> refuse(std::string why) { return std::unexpected(std::move(why)); }

// Of an engine that is made for the viewers.
Parsed<bool> fit_loopback(const Options& options) {
    if (options.port != 0)
        return refuse("--transport loopback has an engine of its own; expected no --room and no --to");
    if (options.processes != 1) return refuse("--transport loopback is one process; expected no --processes");
    if (options.server_pid) return refuse("--transport loopback has no server process; its time is told anyway");
    for (const Act act : {Act::chat, Act::react})
        if (options.mix.shares[static_cast<std::size_t>(act)] > 0)
            return refuse("--mix " + std::string(name_of(act)) +
                          " is for a plugin, and the engine of --transport loopback has none");
    return true;
}

Parsed<bool> fit_together(const Options& options) {
    const bool loopback = options.transport == Transport::loopback;
    if (loopback) {
        if (auto fits = fit_loopback(options); !fits) return fits;
    } else if (options.port == 0)
        return refuse("nobody is named to speak to; expected --room LINK, or --raw with --to HOST:PORT");
    const bool raw = options.dialect != Dialect::playhead;
    if (raw && !options.rooms.empty()) return refuse("--raw and --room exclude each other");
    if (!raw && !loopback && options.rooms.empty()) return refuse("--to is for --raw; expected --room LINK");
    if (raw && options.transport != Transport::websocket)
        return refuse("--raw says how its server is spoken to; --transport is for engines");
    if (options.transport != Transport::websocket && (options.slow > 0 || options.never_read > 0))
        return refuse("--slow and --never-read are for WebSocket: nobody else waits for who does not read; "
                      "expected --mix stall=...");
    if (options.rooms.size() > options.viewers)
        return refuse("there are " + std::to_string(options.rooms.size()) + " rooms for " +
                      std::to_string(options.viewers) + " --viewers; expected at least one for each");
    if (options.players > options.viewers)
        return refuse("there are more --players than --viewers; expected some of them");
    if (options.players > 0 && raw) return refuse("--players follow an engine's room; a --raw server has none");
    if (options.players > 0 && options.silent)
        return refuse("--players compare clocks with the engine, which --silent is without");
    if (raw && !options.commands) return refuse("--raw does nothing without --commands");
    if (!loopback && std::uint64_t{options.processes} * viewers_per_process_max < options.viewers)
        return refuse("--viewers " + std::to_string(options.viewers) + " do not fit into " +
                      std::to_string(options.processes) + " processes of at most " +
                      std::to_string(viewers_per_process_max) + " each");
    if (options.processes > options.viewers) return refuse("there are more --processes than --viewers");
    // One at least reads and acts, and all of these are in the first process.
    const auto first = options.viewers / options.processes;
    if (std::uint64_t{options.slow} + options.never_read >= first)
        return refuse("--slow and --never-read leave nobody of the first process; expected less than " +
                      std::to_string(first) + " together");
    return true;
}

} // namespace

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments,
                                                  const ReadFile& read_file) {
    Options options;
    bool processes_said = false;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const auto name = arguments[at];
        if (name == "--silent" || name == "--commands") {
            (name == "--silent" ? options.silent : options.commands) = true;
            continue;
        }
        const bool last = at + 1 == arguments.size();
        const auto set = set_option(options, name, last ? std::string_view{} : arguments[at + 1], read_file);
        if (set && !*set) return std::unexpected("unknown option '" + std::string(name) + "'");
        if (last) return std::unexpected(std::string(name) + " needs a value");
        if (!set) return std::unexpected(set.error());
        processes_said = processes_said || name == "--processes";
        ++at;
    }
    const bool loopback = options.transport == Transport::loopback;
    if (!processes_said && !loopback)
        options.processes = (options.viewers + viewers_per_process_max - 1) / viewers_per_process_max;
    if (const auto fits = fit_together(options); !fits) return std::unexpected(fits.error());
    if (loopback) options.rooms.emplace_back();
    return options;
}

std::optional<std::uint32_t> player_of(const Options& options, std::uint32_t viewer) {
    const auto before = [&](std::uint64_t viewers) {
        return (viewers * options.players + options.viewers - 1) / options.viewers;
    };
    const auto player = before(viewer);
    return before(std::uint64_t{viewer} + 1) > player ? std::optional{static_cast<std::uint32_t>(player)}
                                                      : std::nullopt;
}

std::size_t room_of(const Options& options, std::uint32_t viewer) {
    return static_cast<std::size_t>(std::uint64_t{viewer} * options.rooms.size() / options.viewers);
}

} // namespace playhead::load
