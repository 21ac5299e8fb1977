#pragma once

#include "mix.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::load {

constexpr std::uint32_t viewers_max = 200'000;
constexpr std::uint32_t processes_max = 64;
constexpr std::uint32_t viewers_per_process_max = 19'000; // a process may open 20,000 files where nothing is said
constexpr std::uint32_t rooms_max = 20'000;
constexpr std::chrono::seconds run_time_max{3600};

// Who is spoken to: an engine, or a server of a benchmark that sends what it is asked for.
enum class Dialect : std::uint8_t { playhead, tcp, ws, socketio };

// How an engine's viewers come.
enum class Transport : std::uint8_t { websocket, enet, loopback };

// What a room's link says, besides the server.
struct RoomLink {
    std::string room;
    std::string token;
    bool operator==(const RoomLink&) const = default;
};

struct Options {
    Dialect dialect = Dialect::playhead;
    Transport transport = Transport::websocket;
    std::string host; // a name or an address
    std::uint16_t port = 0;
    std::vector<RoomLink> rooms; // of one server; none unless the dialect is playhead, and one without a name of an
                                 // engine that is yet to be made (loopback)
    std::uint32_t viewers = 100;
    std::uint32_t players = 0; // so many of them have one
    std::uint32_t processes = 1;
    std::chrono::seconds time{10};
    std::chrono::seconds join_time{120};
    std::uint32_t connects_per_s = 2000;
    std::uint32_t at_once = 128; // of one process, on their way in
    Mix mix;
    std::chrono::milliseconds every{5000};
    std::uint32_t slow = 0; // viewers who read slowly, the last ones of the first process ...
    std::uint32_t slow_bytes_per_s = 0;
    std::uint32_t never_read = 0; // ... and before them those who read nothing once they are in
    bool silent = false;
    bool commands = false;
    std::optional<int> server_pid;
    std::string svg; // empty: no picture
    bool operator==(const Options&) const = default;
};

extern const std::string_view usage;

// The text of a file.   Errors: why it cannot be had.
using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// Errors: a sentence that names the option, the value and what was expected. It does not repeat a link's token.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments,
                                                  const ReadFile& read_file);

// Which of the rooms a viewer is in, both counted from 0. Viewers fill one room after the other, to within one as many
// in each.
std::size_t room_of(const Options& options, std::uint32_t viewer);

// Which of the players a viewer has, if any, all counted from 0. They are spread evenly, the first viewer among them.
std::optional<std::uint32_t> player_of(const Options& options, std::uint32_t viewer);

} // namespace playhead::load
