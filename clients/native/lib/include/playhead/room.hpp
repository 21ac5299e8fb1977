#pragma once

#include "playhead/api.hpp"
#include "playhead/link.hpp"
#include "playhead/player.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace playhead::client {

// This machine's steady clock as the library counts it; PlayerReport::local_ms is of this clock, too.   Unit: ms.
double local_now_ms();

// How to get into a room: either a link, or server, room and token one by one.
struct JoinOptions {
    std::string link;   // "http(s)://host[:port]/r/ROOM#j.ROOM.xxx"; the three below win over its parts
    std::string server; // "http(s)://host[:port]"
    std::string room;
    std::string join_token; // from the link, or the owner's token from the room's creation
    std::string name;
    std::string device; // a random id that this machine keeps, at most 64 bytes; empty = a new one
    std::string client_name = "playhead-native 0.1"; // free text for the operator's logs
    // `automatic`: ENet where the engine offers it, and WebSocket where that does not answer within 2 s.
    Transport transport = Transport::automatic;
    std::string certificate_authorities; // a PEM file to trust instead of the system's; for https and wss
};

using OnResult = std::function<void(const CommandResult&)>;
using ListenerId = std::uint64_t;

// A room as an app holds it: commands, a view, events, and one player kept in step. It does nothing by itself: call
// poll() from whatever loop there is, at the latest at next_poll_ms() or when one of wait_handles() is readable.
//   Thread: one; it starts one of its own only to look up names.
//   Owner:  the app, which calls leave(): to destroy it only drops the connection, and the place is kept for a while.
//   Errors: nothing throws. What goes wrong is in view().problem or in the result of the command.
class Room {
  public:
    Room() = default;
    virtual ~Room() = default;
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // ---- the loop
    // Reads what has come, says what is to be said, moves the player, calls listeners. Never waits.
    virtual void poll(double now_ms) = 0;
    // When something is due by itself, on the clock of local_now_ms().
    virtual double next_poll_ms() const = 0;
    // Sockets that become readable when there is something for poll(). They change with every connection: ask each
    // time.
    virtual std::vector<int> wait_handles() const = 0;
    // For loops with nothing else to wait for: sleeps until poll() has something to do, at most `ms_max`.
    void wait(double ms_max) const;

    // ---- what is known
    // Valid until the next call of anything here that is not const.
    virtual const RoomView& view() const = 0;
    // By the replicated permissions ("playback.pause", "chat.say"); what plugins decide case by case is told by
    // refusals. Without `viewer` of oneself.
    virtual Permission may(std::string_view permission, std::optional<std::uint32_t> viewer = {}) const = 0;
    // Where the media should stand now.
    virtual double position_ms() const = 0;
    // From now until a tick that plugins name begins, negative afterwards; empty while the engine's clock is unknown.
    virtual std::optional<double> until_tick_ms(std::uint32_t tick) const = 0;

    // ---- commands: shown at once; `done` is called once, from poll(), or before return where nothing needs to be
    // asked
    virtual void play(OnResult done = {}) = 0;
    virtual void pause(OnResult done = {}) = 0;
    virtual void seek(double position_ms, OnResult done = {}) = 0;
    virtual void set_rate(double rate, OnResult done = {}) = 0; // 0.25 .. 2
    virtual void load(const LoadRequest& media, OnResult done = {}) = 0;
    virtual void set_name(std::string_view name, OnResult done = {}) = 0;
    // A command of a plugin; `args` is a map by name or nil, `data` of the result is what it gives back.
    virtual void command(std::string_view plugin, std::string_view name, Value args = {}, OnResult done = {}) = 0;
    // Lossy and without an answer: dropped while not connected.
    virtual void signal(std::string_view plugin, std::string_view name, Value args = {}) = 0;
    // While a slider is dragged: at most four seeks a second, and always the last.
    virtual void scrub(double position_ms) = 0;
    virtual void end_scrub(OnResult done = {}) = 0; // the slider was let go

    // ---- listeners: called from inside poll() and from inside commands
    virtual ListenerId on_change(std::function<void()> listener) = 0; // the view has changed
    virtual ListenerId on_event(std::function<void(const RoomEvent&)> listener) = 0;
    virtual ListenerId on_plugin_event(std::function<void(const PluginEvent&)> listener) = 0;
    virtual void remove_listener(ListenerId listener) = 0;

    // ---- the player
    // Keeps it in step, and takes what its user does to it for commands. One at a time; it outlives the room or is
    // detached.
    virtual void attach_player(Player& player) = 0;
    virtual void detach_player() = 0;
    // While the user scrubs in the player itself, it is theirs.
    virtual void set_user_acting(bool acting) = 0;
    // Added to the room's position for this source: the same title can sit frames apart.
    virtual void set_source_offset_ms(double offset_ms) = 0;

    // Tries to connect at once instead of waiting, or again after `closed`.
    virtual void retry() = 0;
    // Leaves for good: the place is not kept. Poll on until wait_handles() is empty to have it told reliably.
    virtual void leave() = 0;
};

// Starts connecting with the first poll(). Never null: with options that lead nowhere the room is `closed` and says
// why.
std::unique_ptr<Room> join_room(JoinOptions options);

} // namespace playhead::client
