#include "options.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace playhead::simulation {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::unexpected<std::string> wrong(std::string_view option, std::string_view wanted) {
    return std::unexpected(std::string{option} + " wants " + std::string{wanted});
}

} // namespace

const std::string_view usage =
    R"(playhead-sim: the whole engine and its clients in one thread, on a clock that jumps from event to event, over a network
that delays, loses, repeats, reorders, clogs and breaks. What must always hold is checked all the time; each invariant has
a name (tests/simulation/invariant.hpp).

  playhead-sim --seed 7 --minutes 10
  playhead-sim --seeds 10000 --minutes 0.3 --swarm --json

  --seed S      where all chance comes from; default 1. The same seed and build give the same world and the same hash
  --seeds N     so many worlds, of this seed and the next; default 1
  --minutes M   how long each world has its troubles, in simulated time; default 1. Then it calms down and is looked at
  --swarm       each seed turns features and troubles on and off by chance; otherwise every world has all of them
  --record DIR  keeps what was recorded of the worlds' rooms (most are) in that folder, for playhead-replay
  --json        one JSON object at the end, on the standard output: simulated time per real second, operations, which
                states were reached and how often, the hash, and what was broken

Exit status: 0, 1 when an invariant was broken, 2 when this could not be understood. The seed to run again is said.
)";

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view option = arguments[i];
        if (option == "--swarm") {
            options.swarm = true;
            continue;
        }
        if (option == "--json") {
            options.json = true;
            continue;
        }
        if (option == "--record") {
            options.record = ++i < arguments.size() ? arguments[i] : std::string_view{};
            if (options.record.empty()) return wrong(option, "a folder");
            continue;
        }
        if (option != "--seed" && option != "--seeds" && option != "--minutes")
            return std::unexpected("there is no " + std::string{option} + "; see --help");
        const std::string_view value = ++i < arguments.size() ? arguments[i] : std::string_view{};
        if (option == "--minutes") {
            const auto minutes = number_of<double>(value);
            if (!minutes || !std::isfinite(*minutes) || *minutes <= 0 || *minutes > Options::minutes_max)
                return wrong(option, "a number above 0, at most 1440");
            options.duration = std::chrono::microseconds{std::llround(*minutes * 60e6)};
            continue;
        }
        const auto number = number_of<std::uint64_t>(value);
        if (option == "--seed") {
            if (!number) return wrong(option, "a whole number");
            options.seed = *number;
        } else {
            if (!number || *number == 0 || *number > Options::seeds_max)
                return wrong(option, "a whole number from 1 to 1000000");
            options.seeds = *number;
        }
    }
    return options;
}

} // namespace playhead::simulation
