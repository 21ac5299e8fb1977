#pragma once

#include "playhead/api.hpp"
#include "playhead/link.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace playhead::cli {

// What the person, or the script, wants of playhead-cli.
struct Options {
    enum class Verb {
        help,
        version,
        rooms,
        create,
        state,
        watch,
        chat,
        play,
        pause,
        seek,
        rate,
        load,
        name,
        queue_list,
        queue_add,
        queue_remove,
        queue_play,
        queue_next,
        queue_clear,
    };
    Verb verb = Verb::help;
    client::Link link; // of the room; for rooms and create only its server
    std::string text;  // what to say, the address to load or add, the position, the new name
    double number = 0; // the rate
    std::int64_t item = 0;

    std::string name; // of this viewer
    std::string title;
    std::string id; // of the room to create
    bool listed = false;
    bool play = false; // starts what is loaded; plays next what is added
    double for_s = 0;  // watch ends after this; 0 = never
    double timeout_s = 15;
    client::Transport transport = client::Transport::automatic;
    std::string certificate_authorities;
    bool json = false;
};

inline constexpr std::string_view usage = R"(usage: playhead-cli LINK COMMAND [options]
       playhead-cli --server URL rooms
       playhead-cli --server URL create [MEDIA] [--title TITLE] [--id ID] [--listed]
       playhead-cli --help | --version

Looks into a room, or does something in it, from a terminal or a script. LINK is the link that browsers open.

  state                       what the room is doing
  watch [--for SECONDS]       the same, live, with how far off each viewer is
  play | pause                for everyone
  seek POSITION               90, 1:02:03.5, or a step from here: +10, -1:00
  rate FACTOR                 0.25 to 2
  load URL [--title TITLE] [--play]
  chat TEXT
  queue list | add URL [--title TITLE] [--play] | remove ITEM | play ITEM | next | clear
  name NAME                   sets this viewer's name, and shows what the room made of it
  rooms                       the listed rooms of a server
  create                      a new room, with MEDIA loaded; prints its links

  --name NAME                 who this viewer is to the others
  --transport HOW             websocket, enet or automatic
  --ca FILE                   trusts these certificate authorities (PEM) instead of the system's
  --timeout SECONDS           for the server to answer (15)
  --json                      prints JSON: state and answers as one object, watch as one a second

Exit codes: 0 done (the room has applied it), 1 the room refused or somebody was quicker, 2 the command line is wrong,
3 there is no such room, no answer, or no way in.
)";

//   Errors: a sentence that says what is wrong.
std::expected<Options, std::string> parse_options(std::span<const std::string_view> arguments);

} // namespace playhead::cli
