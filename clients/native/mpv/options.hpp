#pragma once

#include "playhead/api.hpp"
#include "playhead/link.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::mpv {

// What the person who started playhead-mpv wants of it.
struct Options {
    bool help = false;
    bool version = false;
    client::Link link;
    std::string file; // an own copy; empty: the room's media
    std::string name;
    client::Transport transport = client::Transport::automatic;
    std::string certificate_authorities;
    std::string program = "mpv";
    std::string ipc_socket; // of a running mpv; empty: start one
    bool headless = false;
    bool json = false;
    double source_offset_ms = 0;
    std::vector<std::string> mpv_options;
};

inline constexpr std::string_view usage = R"(usage: playhead-mpv LINK [FILE] [options]
       playhead-mpv --help | --version

Joins the room of LINK (the link that browsers open) and plays its media in mpv, in step with the others. What you do in
mpv is done in the room: space, arrows, the slider, the speed keys; > goes to the next of the queue, < back to the start,
y says that you are ready. What the room does not allow is told on mpv's screen, and mpv is put back.

  FILE                 your own copy of what the room plays, which is played instead. It is told when it differs.
  --name NAME          what the others see
  --transport HOW      websocket, enet, or automatic (the default: ENet where the engine offers it)
  --offset MS          plays your source that much later in its own time than the room (negative: earlier)
  --ca FILE            trusts these certificate authorities (PEM) instead of the system's
  --mpv PATH           the mpv to start (otherwise the first in PATH)
  --mpv-option OPTION  one more option for it, such as --mpv-option --volume=50; may be given again
  --headless           no picture and no sound, for machines without a display
  --ipc-socket PATH    attaches to a running mpv instead (started with --input-ipc-server=PATH)
  --json               prints what happens as JSON, one object a line

Ends with mpv, or on SIGTERM or SIGINT. Exit codes: 0 all went well, 1 the room or mpv was lost for good, 2 the command
line is wrong.
)";

//   Errors: a sentence that says what is wrong.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

} // namespace playhead::mpv
