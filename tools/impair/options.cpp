#include "options.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace playhead::impair {

const std::string_view usage =
    R"(playhead-impair: a proxy that makes a bad path. Over TCP: delay, jitter, a rate, stalls; byte order is kept.
Over UDP also loss, duplicates and disorder; each source address gets a socket of its own to the server.

  playhead-impair --listen 127.0.0.1:0 --to 127.0.0.1:8080 --delay-ms 80 --jitter-ms 40 [--seed 7] [--rate-kbps 4000]
  playhead-impair --link listen=127.0.0.1:0,to=127.0.0.1:8080,delay=40,jitter=40 --link listen=...
  playhead-impair --protocol udp --listen 127.0.0.2:8081 --to 127.0.0.1:8081 --delay-ms 60 --jitter-ms 20 --loss-percent 1

  --listen, --to ADDRESS:PORT   numeric addresses; port 0 takes a free one
  --protocol tcp|udp            what is passed on; default tcp
  --delay-ms D, --jitter-ms J   each way, each piece of the stream or datagram: uniform in [D - J, D + J] ms; J at most D
  --back-delay-ms D, --back-jitter-ms J
                                toward the client, where that is another than toward the server
  --loss-percent P              UDP, each way: so many datagrams never come out. For TCP, drop segments in the kernel
  --duplicate-percent P         UDP, each way: so many come out twice
  --reorder-percent P           UDP, each way: so many are held back 5 to 30 ms more. Jitter reorders as well
  --rate-kbps R                 each way, shared by the connections of a link
  --stall START+LENGTH[/EVERY]  ms since the start in which nothing comes out, either way
  --seed S                      the same seed gives the same delays
  --link k=v,...                one link of its own; keys listen, to, protocol, delay, jitter, back_delay, back_jitter,
                                loss, duplicate, reorder, rate, stall, seed. Repeatable; the single options above then
                                are what links inherit
  --exit-with-parent            ends when standard input closes; until then takes commands from it, a line each:
                                  stall LINK MS    nothing comes out of this link for so long
                                  cut LINK         closes the link's connections; drops its datagrams
                                  LINK counts from 0; each is answered "ok" or "error REASON"

When it listens it prints "ready ports=PORT,PORT...", a port for each link in their order. SIGTERM and SIGINT end it.
)";

namespace {

template <typename T>
using Parsed = std::expected<T, std::string>;

std::string expected_but(std::string_view name, std::string_view value, std::string_view what) {
    return std::string(name) + " is '" + std::string(value) + "'; expected " + std::string(what);
}

Parsed<std::uint64_t> parse_count(std::string_view name, std::string_view value, std::uint64_t min, std::uint64_t max) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < min || number > max)
        return std::unexpected(
            expected_but(name, value, "a whole number from " + std::to_string(min) + " to " + std::to_string(max)));
    return number;
}

Parsed<Microseconds> parse_milliseconds(std::string_view name, std::string_view value, Microseconds max) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
    const auto max_ms = static_cast<double>(max.count()) / 1000.0;
    if (error != std::errc() || end != value.data() + value.size() || !(number >= 0) || number > max_ms)
        return std::unexpected(
            expected_but(name, value, "milliseconds from 0 to " + std::to_string(max.count() / 1000)));
    return Microseconds(std::llround(number * 1000.0));
}

// Percent with decimals, as millionths.
Parsed<std::uint32_t> parse_chance(std::string_view name, std::string_view value) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != value.data() + value.size() || !(number >= 0) || number > 100)
        return std::unexpected(expected_but(name, value, "a percentage from 0 to 100"));
    return static_cast<std::uint32_t>(std::llround(number * 1e4));
}

Parsed<Protocol> parse_protocol(std::string_view name, std::string_view value) {
    if (value == "tcp") return Protocol::tcp;
    if (value == "udp") return Protocol::udp;
    return std::unexpected(expected_but(name, value, "tcp or udp"));
}

Parsed<Address> parse_address(std::string_view name, std::string_view value) {
    const auto colon = value.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return std::unexpected(expected_but(name, value, "ADDRESS:PORT"));
    auto host = value.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto port = parse_count(name, value.substr(colon + 1), 0, 65535);
    if (!port) return std::unexpected(expected_but(name, value, "ADDRESS:PORT, the port from 0 to 65535"));
    return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

Parsed<Stall> parse_stall(std::string_view name, std::string_view value) {
    constexpr Microseconds time_max = std::chrono::hours(24);
    const auto wrong = std::unexpected(
        expected_but(name, value, "START+LENGTH or START+LENGTH/EVERY in milliseconds, EVERY greater than LENGTH"));
    const auto plus = value.find('+');
    if (plus == std::string_view::npos) return wrong;
    const auto slash = value.find('/', plus);
    const auto start = parse_milliseconds(name, value.substr(0, plus), time_max);
    const auto length = parse_milliseconds(
        name, value.substr(plus + 1, slash == std::string_view::npos ? slash : slash - plus - 1), delay_max);
    if (!start || !length) return wrong;
    Stall stall{*start, *length, {}};
    if (slash != std::string_view::npos) {
        const auto every = parse_milliseconds(name, value.substr(slash + 1), time_max);
        if (!every || *every <= stall.length) return wrong;
        stall.every = *every;
    }
    return stall;
}

// A link while its options are still being read; what is not said is inherited.
struct Draft {
    std::optional<Address> listen, to;
    std::optional<Protocol> protocol;
    std::optional<Microseconds> delay, jitter, back_delay, back_jitter;
    std::optional<std::uint32_t> loss, duplicate, reorder;
    std::optional<std::uint64_t> rate_kbps, seed;
    std::optional<Stall> stall;
};

template <typename T>
Parsed<bool> keep(std::optional<T>& place, Parsed<T> parsed) {
    if (!parsed) return std::unexpected(parsed.error());
    place = *std::move(parsed);
    return true;
}

// Sets one key of a draft: true, false when there is no such key, or what is wrong with the value.
Parsed<bool> set_key(Draft& draft, std::string_view name, std::string_view key, std::string_view value) {
    if (key == "listen") return keep(draft.listen, parse_address(name, value));
    if (key == "to") return keep(draft.to, parse_address(name, value));
    if (key == "delay") return keep(draft.delay, parse_milliseconds(name, value, delay_max));
    if (key == "jitter") return keep(draft.jitter, parse_milliseconds(name, value, delay_max));
    if (key == "back_delay") return keep(draft.back_delay, parse_milliseconds(name, value, delay_max));
    if (key == "back_jitter") return keep(draft.back_jitter, parse_milliseconds(name, value, delay_max));
    if (key == "protocol") return keep(draft.protocol, parse_protocol(name, value));
    if (key == "loss") return keep(draft.loss, parse_chance(name, value));
    if (key == "duplicate") return keep(draft.duplicate, parse_chance(name, value));
    if (key == "reorder") return keep(draft.reorder, parse_chance(name, value));
    if (key == "rate") return keep(draft.rate_kbps, parse_count(name, value, 1, 100'000'000));
    if (key == "seed") return keep(draft.seed, parse_count(name, value, 0, UINT64_MAX));
    if (key == "stall") return keep(draft.stall, parse_stall(name, value));
    return false;
}

Parsed<Draft> parse_link(std::string_view text) {
    Draft draft;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto pair = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos) return std::unexpected(expected_but("--link", pair, "key=value"));
        const auto key = pair.substr(0, equals);
        const auto set = set_key(draft, "--link " + std::string(key), key, pair.substr(equals + 1));
        if (!set) return std::unexpected(set.error());
        if (!*set)
            return std::unexpected(expected_but("--link", key,
                                                "listen, to, protocol, delay, jitter, back_delay, back_jitter, loss, "
                                                "duplicate, reorder, rate, stall or seed"));
    }
    return draft;
}

Parsed<LinkOptions> finish(const Draft& link, const Draft& inherited, std::size_t index) {
    const auto name = "link " + std::to_string(index);
    const auto pick = [](const auto& own, const auto& other) { return own ? own : other; };
    const auto listen = pick(link.listen, inherited.listen);
    const auto to = pick(link.to, inherited.to);
    if (!listen) return std::unexpected(name + " has no listen address");
    if (!to) return std::unexpected(name + " has no address to lead to");
    if (to->port == 0) return std::unexpected(name + " leads to port 0; expected the port of a server");
    const Delay there{.mean = pick(link.delay, inherited.delay).value_or(Microseconds(0)),
                      .jitter = pick(link.jitter, inherited.jitter).value_or(Microseconds(0))};
    const Delay back{.mean = pick(link.back_delay, inherited.back_delay).value_or(there.mean),
                     .jitter = pick(link.back_jitter, inherited.back_jitter).value_or(there.jitter)};
    LinkOptions options{.listen = *listen,
                        .to = *to,
                        .protocol = pick(link.protocol, inherited.protocol).value_or(Protocol::tcp),
                        .delay = there,
                        .delay_back = back,
                        .faults = {.loss_ppm = pick(link.loss, inherited.loss).value_or(0),
                                   .duplicate_ppm = pick(link.duplicate, inherited.duplicate).value_or(0),
                                   .reorder_ppm = pick(link.reorder, inherited.reorder).value_or(0)},
                        .rate_kbps = pick(link.rate_kbps, inherited.rate_kbps),
                        .stall = pick(link.stall, inherited.stall),
                        .seed = link.seed.value_or(inherited.seed.value_or(1) + index)};
    for (const auto& delay : {options.delay, options.delay_back})
        if (delay.jitter > delay.mean)
            return std::unexpected(name + " has a jitter of " + std::to_string(delay.jitter.count()) +
                                   " us, more than its delay of " + std::to_string(delay.mean.count()) +
                                   " us; delays cannot be negative");
    if (options.protocol == Protocol::tcp && options.faults != Faults())
        return std::unexpected(name + " is TCP, which loses, doubles and reorders nothing; expected protocol udp");
    return options;
}

} // namespace

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    constexpr std::pair<std::string_view, std::string_view> singles[] = {{"--listen", "listen"},
                                                                         {"--to", "to"},
                                                                         {"--protocol", "protocol"},
                                                                         {"--delay-ms", "delay"},
                                                                         {"--jitter-ms", "jitter"},
                                                                         {"--back-delay-ms", "back_delay"},
                                                                         {"--back-jitter-ms", "back_jitter"},
                                                                         {"--loss-percent", "loss"},
                                                                         {"--duplicate-percent", "duplicate"},
                                                                         {"--reorder-percent", "reorder"},
                                                                         {"--rate-kbps", "rate"},
                                                                         {"--seed", "seed"},
                                                                         {"--stall", "stall"}};
    Options options;
    Draft inherited;
    std::vector<Draft> drafts;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto name = arguments[i];
        if (name == "--exit-with-parent") {
            options.exit_with_parent = true;
            continue;
        }
        std::string_view key;
        for (const auto& [option, link_key] : singles)
            if (name == option) key = link_key;
        if (key.empty() && name != "--link") return std::unexpected("unknown option '" + std::string(name) + "'");
        if (++i == arguments.size()) return std::unexpected(std::string(name) + " needs a value");
        if (name == "--link") {
            auto draft = parse_link(arguments[i]);
            if (!draft) return std::unexpected(draft.error());
            drafts.push_back(*std::move(draft));
        } else if (const auto set = set_key(inherited, name, key, arguments[i]); !set) {
            return std::unexpected(set.error());
        }
    }
    if (drafts.empty()) drafts.emplace_back();
    if (drafts.size() > links_max) return std::unexpected("more than " + std::to_string(links_max) + " links");
    for (const auto& draft : drafts) {
        auto link = finish(draft, inherited, options.links.size());
        if (!link) return std::unexpected(link.error());
        options.links.push_back(*std::move(link));
    }
    return options;
}

} // namespace playhead::impair
