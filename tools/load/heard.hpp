#pragma once

#include "replication/frame.hpp"
#include "replication/messages.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace playhead::load {

// A change is known again by what it leaves in the room: the place that a command moves it to, and the text of a line
// of chat, name the command. Other places end in other microseconds.
MediaTime place_of(std::uint32_t number);
std::string line_of(std::uint32_t number);

// One message of the engine, as far as a load looks at it.
struct Heard {
    enum class Kind : std::uint8_t {
        broken,
        welcome,
        snapshot,
        delta,
        beacon,
        event,
        plugin_event,
        reply,
        pong,
        goodbye,
    };
    Kind kind = Kind::broken;
    Epoch epoch;
    Version base;
    Version version;
    Tick tick;
    std::optional<std::uint32_t> place; // the number of the command that moved the room here
    std::optional<std::uint32_t> line;  // ... that said the newest line of chat in it
    std::optional<MediaInstance> media; // what is loaded
    std::optional<Motion> motion;       // how the room moves
    std::optional<ServerTime> sent_at;  // when it was written, of what has not waited since
    std::uint32_t sequence = 0;         // of a reply
    Verdict verdict = Verdict::applied; // of a reply
    std::string why;                    // of a refusal, a goodbye, or of what is broken
    std::uint32_t retry_ms = 0;         // of a goodbye: when to come back; 0 = not said ...
    bool resumable = false;             // ... and whether as who one was
    Welcome welcome;                    // of a welcome
    Pong pong;                          // of a pong
};

Heard heard_in(ByteView message);

// Everybody hears the same bytes; they are decoded once. A few messages are kept, each where its hash says.
//   Owner: one for all viewers of a process.
class Ear {
  public:
    // Good until the next call.
    const Heard& hear(ByteView message);
    std::uint64_t decoded() const { return decoded_; }

  private:
    struct Known {
        Bytes bytes;
        Heard heard;
    };
    static constexpr std::size_t known_max = 64;
    std::array<Known, known_max> known_;
    std::uint64_t decoded_ = 0;
};

} // namespace playhead::load
