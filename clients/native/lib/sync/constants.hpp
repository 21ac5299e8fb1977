#pragma once

#include <cstddef>

// Every number the sync controller acts on: the same as the browser's (clients/sdk/src/sync/controller-constants.ts);
// tests/vectors/constants.json holds the two together.
//   Source: reference/browser-sync.md, measured in Chromium with a null audio device, unless another is given; "lab" is
//           our own run of the same measurement (tests/bench, sync-browsers).
namespace playhead::client::sync::constants {

// Call of play() to the media actually moving, before anything is learnt. Unit: ms. Source: section 2, mean.
inline constexpr double play_latency_ms = 78;
// Nothing measured is true for so long after play(). Unit: ms. Source: section 2 and trap 3.
inline constexpr double blind_after_play_ms = 105;
// The audio device takes data in quanta: a start lands up to half of one early or late. Unit: ms (1024/48000 s).
inline constexpr double audio_quantum_ms = 21.4;
// A change of rate takes effect that much later, both ways, so its net cost is nothing. Unit: ms. Source: section 3.
inline constexpr double rate_delay_ms = 80;
// Nothing measured is true until a rate change has taken effect and a bit. Unit: ms. Source: section 3, 100 in all.
inline constexpr double blind_after_rate_margin_ms = 25;
// Nothing measured is true right after data returns, as after play(). Unit: ms.
inline constexpr double blind_after_stall_ms = 105;
// A seek while paused, before anything is learnt. Unit: ms. Source: players.md, p50 17 to 29, max 68.
inline constexpr double seek_cost_ms = 50;
// Added to the learnt seek cost when a start is planned behind a seek. Unit: ms.
inline constexpr double seek_margin_ms = 25;
// A start is planned at most this far behind a slow seek: by then its data may be there already. Unit: ms.
inline constexpr double seek_lead_ms_max = 800;
// What follows the data that a seek has waited for is on its way: so much of it a second attempt counts on. Unit: ms.
inline constexpr double data_follows_ms = 500;
// How much a seek while playing falls short, before anything is learnt (players without fine rates). Unit: ms.
inline constexpr double seek_miss_ms = 150;
// Costs learnt from the player are medians of this many. Source: trap 11.
inline constexpr std::size_t learned_samples = 8;
// A learnt cost above this is a fault, not a habit. Unit: ms.
inline constexpr double learned_ms_max = 1'500;
// The same for the delay of a rate change, which keeps us blind. Unit: ms.
inline constexpr double rate_delay_ms_max = 250;

// An error this large starts a correction. Unit: ms. Source: section 2, "enter 3".
inline constexpr double enter_ms = 3;
// The same while starting, where corrections are allowed to be many. Unit: ms.
inline constexpr double enter_fast_ms = 1.2;
// The same once an error has lasted for patience_ms. Unit: ms.
inline constexpr double enter_patient_ms = 1.5;
// Unit: ms. Three such corrections a minute cost six rate writes of the twelve allowed.
inline constexpr double patience_ms = 20'000;
// After a start, seek, join or stall, corrections may be strong for so long. Unit: ms. Source: issue 2,
// steady_rate_dev_max.
inline constexpr double fast_phase_ms = 3'000;
// A steady error this large is a stall of the media clock, and repaired like one. A slip of one to three quanta is
// below: closing it unheard takes some seconds, closing it at once would be heard. Unit: ms. Source: trap 7.
inline constexpr double slip_ms = 80;

// How far the rate may leave the room's in steady state, trim included. Unit: fraction. Source: issue 2,
// steady_rate_dev_max.
inline constexpr double steady_step = 0.0098;
// Longest steady correction: one audio quantum. Unit: ms.
inline constexpr double steady_burst_ms_max = 2'300;
// Steps in the fast phase are multiples of one of so many. Unit: steps in the rate 1.
inline constexpr double fast_steps_in_one = 100;
// How long a fast correction of a small error should take. Unit: ms.
inline constexpr double fast_burst_ms = 110;
// Smallest and largest step up to fast_large_ms, and the largest above. Unit: fraction. Source: trap 7.
inline constexpr double fast_step_min = 0.02;
inline constexpr double fast_step_max = 0.16;
inline constexpr double fast_step_large = 0.25;
// Errors above this take the large step. Unit: ms. Source: trap 7.
inline constexpr double fast_large_ms = 20;
// Longest fast correction before measuring again. Unit: ms. Source: trap 7.
inline constexpr double fast_burst_ms_max = 400;
// A burst may overshoot by this when its end is called as late as the last ones were. Unit: ms.
inline constexpr double overshoot_ms = 3;
// How fast a late call is forgotten: kept share per burst.
inline constexpr double lateness_kept = 0.7;
// An error beyond what one large burst and a half closes is closed by a seek. Unit: ms.
inline constexpr double hard_seek_ms = 150;
// The first gap between two such seeks; it doubles while they come in a row. Unit: ms. Source: sync.md 2.4, thrashing.
inline constexpr double hard_seek_gap_ms = 500;
inline constexpr double hard_seek_gap_ms_max = 16'000;
// Seeks further apart than this are not in a row. Unit: ms.
inline constexpr double hard_seek_row_ms = 10'000;
// A start that would be later than this is planned anew instead. Unit: ms.
inline constexpr double late_start_ms_max = 100;
// ... but only so often, then it starts late and is corrected.
inline constexpr std::size_t start_attempts_max = 3;
// play() is called when it is due within this. Unit: ms.
inline constexpr double due_ms = 0.5;
// A start that has not moved the media for so long is a stall. Unit: ms.
inline constexpr double start_timeout_ms = 1'000;
// Less movement than this since play() is none. Unit: ms.
inline constexpr double moved_ms = 5;

// A paused player this close to the room's position is left alone. Unit: ms (under half a frame at 60 per second).
inline constexpr double held_tolerance_ms = 5;
// A pending playhead that continues the current one this closely is no jump. Unit: ms.
inline constexpr double continuous_ms = 25;
// Plans are the same when they differ by less. Unit: ms.
inline constexpr double same_plan_ms = 2;
// The room counts as at its end this close to it. Unit: ms.
inline constexpr double end_ms = 30;
// A player this close to its end is left to run out. Unit: ms.
inline constexpr double run_out_ms = 2'000;

// Readings looked at once: the median of so many in the fast phase and in steady state.
inline constexpr std::size_t readings_fast = 3;
inline constexpr std::size_t readings_steady = 5;
// Gap between readings in the fast phase and in steady state. Unit: ms.
inline constexpr double read_gap_fast_ms = 10;
inline constexpr double read_gap_steady_ms = 100;
// After so many readings of the fast phase without a correction the gap is this. Unit: readings, ms.
inline constexpr std::size_t readings_calm = 8;
inline constexpr double read_gap_calm_ms = 50;
// A clock that moves in steps above this is smoothed. Unit: ms. Source: players.md, Firefox 40, Chromium 0.1.
inline constexpr double coarse_clock_ms = 5;
// A stepping clock is read for so many of its steps, within bounds. Unit: steps, ms.
inline constexpr double coarse_steps = 12;
inline constexpr double coarse_window_ms_min = 500;
inline constexpr double coarse_window_ms_max = 3'000;
// Gap between readings of such a clock, and about how many of them a window takes. Unit: ms, readings.
inline constexpr double read_gap_coarse_ms = 17;
inline constexpr double coarse_readings = 48;
// An error has to be this share of a step.
inline constexpr double coarse_enter = 1.0 / 8;
// Most readings kept; more than a window takes.
inline constexpr std::size_t readings_max = 64;

// While the pitch is kept, readings are averaged over this,
inline constexpr double sawtooth_window_ms = 600;
// and an error has to be this large. Unit: ms. Source: section 3 (saw-tooth of 5 to 9 ms), lab at rate 1.5.
inline constexpr double sawtooth_enter_ms = 12;

// A player without fine rates is corrected by a seek beyond this, or beyond coarse_seek_steps of its clock. Unit: ms.
inline constexpr double coarse_seek_ms = 120;
inline constexpr double coarse_seek_steps = 3;
// Beyond this, and a step of its clock, it is not measured finely first. Unit: ms.
inline constexpr double hopeless_ms = 1'500;
// First gap between such seeks; doubles while they come within coarse_seek_row_ms of each other. Unit: ms.
inline constexpr double coarse_seek_gap_ms = 2'000;
inline constexpr double coarse_seek_gap_ms_max = 30'000;
inline constexpr double coarse_seek_row_ms = 60'000;
// How long after such a seek its miss is measured. Unit: ms.
inline constexpr double coarse_seek_blind_ms = 400;

// An interval tells a drift once the error has moved by this; the clock estimate wanders by less. Unit: ms.
inline constexpr double trim_signal_ms = 2;
// Shorter intervals tell little, longer ones end. Unit: ms.
inline constexpr double trim_interval_ms_min = 3'000;
inline constexpr double trim_interval_ms_max = 60'000;
// A drift so strong that a correction ends each interval before that has to show in three that agree, of at least this.
// Unit: ms (trim_signal_ms at a little more than trim_max).
inline constexpr double trim_short_ms_min = 1'200;
// A jump of the error inside an interval is a slip and spoils it. Unit: ms. Source: trap 9.
inline constexpr double trim_slip_ms = 1.5;
// Two intervals agree when their slopes differ by no more than this share of the larger.
inline constexpr double trim_agreement = 0.4;
// Largest trim. Unit: fraction.
inline constexpr double trim_max = 0.0015;
// Drift slower than this is not worth a trim. Unit: fraction (60 ppm).
inline constexpr double trim_min = 60e-6;

// So many bursts in a row without effect mean that the player's rate does not work.
inline constexpr std::size_t burst_failures_max = 3;
// A burst that leaves more than this share of an error above burst_judged_ms had no effect.
inline constexpr double burst_failure_share = 0.6;
inline constexpr double burst_judged_ms = 8;
// After so long a player whose rate did not work gets another chance. Unit: ms.
inline constexpr double burst_failures_forgiven_ms = 60'000;

// How soon to look again while nothing is expected, something is, and the player is held. Unit: ms.
inline constexpr double wake_idle_ms = 500;
inline constexpr double wake_soon_ms = 15;
inline constexpr double wake_held_ms = 250;
// A pause, play or seek that shows no effect is asked for again after this. Unit: ms.
inline constexpr double retry_ms = 1'000;

} // namespace playhead::client::sync::constants
