#include "options.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace playhead::replay {

const std::string_view usage =
    R"(playhead-replay: has what was recorded in a room happen again, in the same engine with the plugins of that time, and
compares: each change of the state with its hash, how many commands were refused, and now and then all that the room and
its plugins have. It stops at the first difference and says what was recorded and what came of it now.

  playhead-replay var/recordings/cinema.20260101T203100Z.1.part1.playrec
  playhead-replay --until 48213 --print FILE
  playhead-replay --viewer 4 FILE
  playhead-replay --svg evening.svg FILE

  --until TICK  ends behind that tick, and says how the room is then
  --print       tells of every tick: what the room was told, and what came of it
  --viewer V    tells what that viewer was sent, each thing in its tick. A connection that was slow or lost got several in
                one
  --svg OUT     draws the whole as a picture: the playhead, what people did, who was behind, ticks that took too long

Exit status: 0, 1 when something came out otherwise than recorded, 2 when the file or this could not be understood.
)";

std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view option = arguments[i];
        if (option == "--print") {
            options.print = true;
            continue;
        }
        if (!option.starts_with("--")) {
            if (!options.file.empty())
                return std::unexpected("one file at a time: " + options.file + ", or " + std::string{option} + "?");
            options.file = option;
            continue;
        }
        if (option != "--until" && option != "--viewer" && option != "--svg")
            return std::unexpected("there is no " + std::string{option} + "; see --help");
        const std::string_view value = ++i < arguments.size() ? arguments[i] : std::string_view{};
        if (option == "--svg") {
            if (value.empty()) return std::unexpected("--svg wants a file's name");
            options.svg = value;
            continue;
        }
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc{} || end != value.data() + value.size())
            return std::unexpected(std::string{option} + " wants a whole number");
        if (option == "--until")
            options.until = Tick{number};
        else
            options.viewer = ViewerId{number};
    }
    if (options.file.empty()) return std::unexpected("which recording? See --help");
    return options;
}

} // namespace playhead::replay
