#pragma once

#include "board.hpp"
#include "core/ids.hpp"
#include "follower.hpp"
#include "lib/transport/carrier.hpp"
#include "lib/transport/join.hpp"
#include "replication/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace playhead::load {

using client::Importance;

// One of very many: what a process remembers of each of its viewers, and nothing else.
struct Viewer {
    //   away -> connecting -> greeting -> joining -> live, and from each of them -> away or gone
    // Who comes over ENet has asked over HTTP for its token when it is joining.
    enum class State : std::uint8_t { away, connecting, greeting, joining, live, gone };
    enum class Pace : std::uint8_t { quick, slow, never };

    std::uint32_t index = 0; // in its process
    std::uint32_t room = 0;  // of Options::rooms
    int socket = -1;
    std::unique_ptr<client::Carrier> carrier; // instead of a socket, from joining on, unless over WebSocket
    State state = State::away;
    Pace pace = Pace::quick;
    Act act = Act::watch;
    bool stalled = false;
    bool turn_open = false;             // what is heard now belongs to a delivery that is counted already
    bool awaited = false;               // was cut off by order, and is not back yet
    std::unique_ptr<Follower> follower; // of the few who have a player
    Bytes rest;                         // the part of a message or frame that is cut
    Nanoseconds connected_ns = 0;
    std::uint32_t connections = 0; // so far; tasks of an earlier one are void
    Nanoseconds back_after = 0;    // how long it is to stay away, as the server says; 0: it did not
    std::uint64_t heard = 0;       // towards Board::wanted
    std::uint64_t done = 0;        // the Board::wanted that it has reached

    // Of an engine's room.
    Epoch epoch;
    Version version;
    std::uint32_t sequence = 0; // of its newest command
    Nanoseconds asked_ns = 0;   // when it sent that
    std::uint32_t own = 0;      // the number that it had, if any
    std::uint32_t place = 0;    // the newest numbers that it has seen of others
    std::uint32_t line = 0;
    std::string resume_token;      // only of those who come back
    Nanoseconds missing_since = 0; // something newer than what it holds is known, and may still come; 0: nothing is
    bool welcomed = false;         // on this connection
};

// What is to be done about one viewer at some later time.
enum class Task : std::uint8_t { connect, read, serve, report, ping, act, resync, follow, look };

// What a talk may ask of the process it runs in.
class Hall {
  public:
    virtual ~Hall() = default;
    virtual void say(Viewer& viewer, const Bytes& bytes) = 0;
    // One message, to who has a carrier.
    virtual void tell(Viewer& viewer, ByteView message, Importance importance) = 0;
    // Who has asked over HTTP goes on over ENet.   Errors: the engine has none.
    virtual std::expected<void, std::string> go_on(Viewer& viewer, const client::JoinAnswer& joined) = 0;
    // Ends the viewer's connection because it wants to; it comes back so much later.
    virtual void leave(Viewer& viewer, Nanoseconds back_after) = 0;
    // Stops reading until then.
    virtual void stall(Viewer& viewer, Nanoseconds until) = 0;
    virtual void later(Viewer& viewer, Task task, Nanoseconds at) = 0;
    // The viewer is in.
    virtual void came_in(Viewer& viewer) = 0;
    // Nobody is left who has not heard what is wanted.
    virtual void all_heard() = 0;
    virtual Board& board() = 0;
    virtual Tally& tally() = 0;
};

// One language that viewers and a server speak: what is said when, and what it means.
//   Owner: one for all viewers of a process.   Time: told.
class Talk {
  public:
    virtual ~Talk() = default;
    // What a viewer says as soon as it is connected.
    virtual Bytes greeting(Viewer& viewer) = 0;
    // Takes what is whole from the front of what was received; how much that was.
    //   Errors: why the connection is to end.
    virtual std::expected<std::size_t, std::string> hear(Viewer& viewer, ByteView received, Nanoseconds now) = 0;
    // The same of viewers with a carrier: it is open; it has brought one message.
    virtual void on_open(Viewer&) {}
    virtual std::expected<void, std::string> on_message(Viewer&, ByteView, Nanoseconds) { return {}; }
    virtual void on_task(Viewer& viewer, Task task, Nanoseconds now) = 0;
    // What the director wants of the first viewer.
    virtual void obey(Viewer& first, const Order& order, Nanoseconds now) = 0;
    // It is over: counts this viewer among those who are behind if it is.
    virtual void judge(Viewer& viewer) = 0;
};

// `process` counts from 0 and makes names and random numbers its own.
std::unique_ptr<Talk> make_talk(const Options& options, Hall& hall, std::uint32_t process);

// A viewer has heard all that is wanted: once for each wish.
void mark_done(Hall& hall, Viewer& viewer, Nanoseconds now);

} // namespace playhead::load
