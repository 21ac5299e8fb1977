#pragma once

#include <optional>
#include <vector>

namespace playhead::client {

// What a kind of player can do; declared by its adapter and corrected by probing.
//   Units: milliseconds. What is not set is as in browsers, from whose measurement the defaults come; the controller
//   learns
//          each player's own figures anyway, so these only shape its first seconds.
struct PlayerCapabilities {
    // Any rate near 1 is obeyed exactly, so an error can be closed by playing a little faster or slower.
    bool fine_rate = false;
    // The rates a player without fine rates accepts; empty when its rate cannot be changed at all.
    std::vector<double> rate_steps;
    // How far its position moves at once: 0 for a smooth clock.
    double clock_resolution_ms = 0;
    // It says so itself when it runs out of data.
    bool waiting = false;
    // Its renditions, and its captions, can be listed and chosen.
    bool quality = false;
    bool captions = false;
    // From play() to the media moving.
    std::optional<double> play_latency_ms;
    // From set_rate() to the rate showing.
    std::optional<double> rate_delay_ms;
    // For so long after play(), and after data has returned, its position is not true.
    std::optional<double> blind_after_play_ms;
};

// The player at one instant. Units: milliseconds; local times are the steady clock that the caller polls with.
struct PlayerReport {
    // When position_ms was true. A player that has not answered lately says when it last did, and is taken for stalled.
    double local_ms = 0;
    double position_ms = 0;
    // Not set until known, and for live media.
    std::optional<double> duration_ms;
    // It knows its media: positions mean something and seeks are obeyed.
    bool loaded = false;
    // Enough data to play on from here.
    bool ready = false;
    bool paused = true;
    bool seeking = false;
    bool ended = false;
    // It should move but does not: out of data.
    bool stalled = false;
    // It refuses to start until a person has touched it.
    bool blocked = false;
    // The person is scrubbing, or has just acted and the room has not answered: hands off.
    bool user_acting = false;
    double rate = 1;
    // How much is buffered ahead of the position; 0 = not known.
    double buffer_ms = 0;
    // It plays something else than the room's address, such as a copy of the person's: the room is not told how long
    // that is.
    bool other_copy = false;
};

// What a person did to the player itself: its keys, its own controls.
struct UserIntent {
    enum class Kind { play, pause, seek, rate };
    Kind kind = Kind::play;
    // Where the player stood, or shall stand; of play, pause and seek. Unit: ms.
    double position_ms = 0;
    // Of rate.
    double rate = 1;
};

// A player as a room drives it. Implement it over whatever renders media, and give it to Room::attach_player.
//   Owner:  whoever made it; detach it before it goes.
//   Thread: everything is called from within Room::poll, and must return soon: what takes longer is only begun.
//   Errors: nothing throws. A position that is not finite is taken for a player that has not loaded.
class Player {
  public:
    virtual ~Player() = default;

    virtual PlayerCapabilities capabilities() const = 0;
    // The newest reading, not extrapolated over anything that may have disturbed the player since. The younger the
    // better: what lies between local_ms and the call is what actions come late by.
    virtual PlayerReport report() = 0;

    virtual void play() = 0;
    virtual void pause() = 0;
    virtual void seek(double position_ms) = 0;
    // With the pitch kept, a change of rate may cost more than it should; it is asked for only where ears need it.
    virtual void set_rate(double rate, bool preserves_pitch) = 0;

    // Whether something happened since the last call that the room should look at now (a seek has landed, data ran
    // out).
    virtual bool take_change() = 0;
    // What the person did since the last call, oldest first. What was done by the calls above never comes back here.
    virtual std::vector<UserIntent> take_intents() = 0;

  protected:
    Player() = default;
    Player(const Player&) = default;
    Player& operator=(const Player&) = default;
};

} // namespace playhead::client
