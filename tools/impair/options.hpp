#pragma once

#include "datagram_schedule.hpp"
#include "delay_schedule.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::impair {

constexpr std::size_t links_max = 64;
constexpr Microseconds delay_max = std::chrono::seconds(60);

struct Address {
    std::string host; // numeric: nothing is resolved
    std::uint16_t port = 0;
    friend bool operator==(const Address&, const Address&) = default;
};

enum class Protocol : std::uint8_t { tcp, udp };

// One listening port and where it leads. Both directions draw independently, from the same numbers unless said.
struct LinkOptions {
    Address listen;
    Address to;
    Protocol protocol = Protocol::tcp;
    Delay delay;      // to the server
    Delay delay_back; // to the client
    Faults faults;    // none for TCP, which would only turn them into delay
    std::optional<std::uint64_t> rate_kbps;
    std::optional<Stall> stall;
    std::uint64_t seed = 1;
    friend bool operator==(const LinkOptions&, const LinkOptions&) = default;
};

struct Options {
    std::vector<LinkOptions> links;
    bool exit_with_parent = false;
};

extern const std::string_view usage;

// Errors: a sentence that names the option, the value and what was expected.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

} // namespace playhead::impair
