#pragma once

#include "core/time.hpp"
#include "lib/sync/motion.hpp"
#include "playhead/player.hpp"
#include "playhead/sync_status.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

// What the sync controller remembers between steps, and what goes in and out of a step.
//   Units: milliseconds as doubles; local times of the steady clock that the player was read with.
namespace playhead::client::sync {

struct ControllerInput {
    // Our clock as the player was read.
    double local_ms = 0;
    // The server's clock at that instant; empty until it is known.
    std::optional<double> server_ms;
    // The best guess at it meanwhile: too rough to start by, good enough to have data fetched.
    std::optional<double> rough_server_ms;
    // Empty before the first snapshot, and without media.
    std::optional<RoomMotion> motion;
    TickLength tick_length;
    // Added to the room's position for this source: the same title can sit frames apart.
    double source_offset_ms = 0;
    PlayerReport player;
    PlayerCapabilities capabilities;
};

struct ControllerAction {
    enum class Kind { play, pause, seek, rate };
    Kind kind = Kind::play;
    double position_ms = 0;       // of seek
    double rate = 1;              // of rate
    bool preserves_pitch = false; // of rate
    bool operator==(const ControllerAction&) const = default;
};

// The last few costs of each kind, each used as their median.
struct Learned {
    std::vector<double> play_latency_ms;
    std::vector<double> seek_cost_ms;
    std::vector<double> fetch_cost_ms; // of seeks to where nothing was buffered
    std::vector<double> seek_miss_ms;
    std::vector<double> rate_delay_ms;
    bool operator==(const Learned&) const = default;
};
using LearnedKind = std::vector<double> Learned::*;

// A start at an instant of server time: stop, seek there, and call play() a latency ahead.
struct StartPlan {
    double start_server_ms = 0;
    // On the player's own timeline.
    double position_ms = 0;
    std::size_t attempt = 1;
    std::optional<double> seek_sent_at_ms;
    // The seek goes to where nothing is buffered.
    bool fetches = false;
    std::optional<double> seek_cost_ms;
    std::optional<double> play_sent_at_ms;
    double played_from_ms = 0;
    // How late play() was called, and the latency it reckoned with.
    double late_ms = 0;
    double latency_ms = 0;
    // The start met a stall: it teaches nothing about latency.
    bool disturbed = false;
};

// One correction by rate, from its first to its second rate write.
struct Burst {
    double started_at_ms = 0;
    double end_at_ms = 0;
    double error_ms = 0;
    // How much faster than the room the player runs meanwhile, as a fraction.
    double gain = 0;
};

struct Reading {
    double at_ms = 0;
    double error_ms = 0;
};

struct ControllerState {
    std::optional<MediaInstance> media;
    Learned learned;
    // What drift makes of rate 1, as a fraction to add to it.
    double trim = 0;
    // Start of the interval in which a drift is being measured, and the last reading in it.
    std::optional<Reading> trim_from;
    std::optional<Reading> trim_last;
    // What the previous interval said, until a second one agrees.
    std::optional<double> trim_slope;
    // How many intervals in a row have agreed with the one before.
    std::size_t trim_agreed = 0;
    std::optional<StartPlan> plan;
    std::optional<Burst> burst;
    // The burst whose outcome the next measurement judges.
    std::optional<Burst> judged;
    // How late the ends of bursts have been called lately: a busy machine.
    double lateness_ms = 0;
    std::size_t burst_failures = 0;
    double burst_failed_at_ms = -std::numeric_limits<double>::infinity();
    // Since when the error has been above enter_patient_ms.
    std::optional<double> impatient_since_ms;
    std::vector<Reading> readings; // at most readings_max, oldest first
    double blind_until_ms = -std::numeric_limits<double>::infinity();
    double fast_until_ms = -std::numeric_limits<double>::infinity();
    bool was_stalled = false;
    // The rate last written; empty before the first write.
    std::optional<double> rate_set;
    // When seeks against a large error were last sent, and the gap to the next.
    std::optional<double> hard_seek_at_ms;
    double hard_seek_gap_ms = 0;
    // A start whose latency shows only in the first measurement (coarse clocks): what it reckoned with.
    std::optional<double> aimed_latency_ms;
    // A seek of a playing player whose miss is still to be measured, and what was added for it.
    std::optional<double> aimed_miss_ms;
    // Where the paused player was last put; not repeated when it lands a little off.
    std::optional<double> held_at_ms;
    // The player has run since it was last put in place, so its decoders and audio queue are full: play() would then
    // move it at once and some 85 ms ahead (measured in Chromium), where one that was put in place starts a latency
    // later.
    bool warm = false;
    // The media whose data was fetched before the clock was known.
    std::optional<MediaInstance> fetched_for;
    // When a pause was last asked for, so that it is not asked for at every step.
    std::optional<double> asked_at_ms;
};

struct StepResult {
    ControllerState state;
    std::vector<ControllerAction> actions;
    // Local time at which to step again at the latest, if nothing happens before.
    double wake_at_ms = 0;
    Phase phase = Phase::idle;
    // Player's position minus the room's; empty while it means nothing.
    std::optional<double> error_ms;
};

// A step in the making: the state as it is being written, and the actions so far.
struct Draft {
    const ControllerInput& input;
    ControllerState state;
    std::vector<ControllerAction> actions;

    void act(ControllerAction::Kind kind) { actions.push_back({.kind = kind}); }
    void seek(double position_ms) {
        actions.push_back({.kind = ControllerAction::Kind::seek, .position_ms = position_ms});
    }
};

// How a step ends.
struct Outcome {
    Phase phase = Phase::idle;
    double wake_at_ms = 0;
    std::optional<double> error_ms;
};

double median(std::vector<double> values);

// The learnt cost, or what is known without learning. Unit: ms.
double learned_cost(const Draft& draft, LearnedKind kind, double otherwise);
// From play() to the media moving. Unit: ms.
double play_latency_ms(const Draft& draft);
// For so long after play(), and after data has returned, nothing measured is true. Unit: ms.
double blind_after_play_ms(const Draft& draft);
double blind_after_stall_ms(const Draft& draft);

// Keeps one observed cost, unless it is a fault.
void learn(Draft& draft, LearnedKind kind, double cost_ms);

// Forgets what was measured, because the player's clock has just been disturbed.
void forget_readings(Draft& draft);

} // namespace playhead::client::sync
