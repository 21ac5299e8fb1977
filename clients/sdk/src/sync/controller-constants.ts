// Every number the sync controller acts on. Source, unless another is given:
// reference/browser-sync.md, measured in Chromium with a null audio device; "lab" is our own run of
// the same measurement (tests/bench, sync-browsers).

/** Call of play() to the media actually moving, before anything is learnt. Unit: ms. Source: section 2, mean. */
export const PLAY_LATENCY_MS = 78;
/** Nothing measured is true for so long after play(). Unit: ms. Source: section 2 and trap 3. */
export const BLIND_AFTER_PLAY_MS = 105;
/** The audio device takes data in quanta: a start lands up to half of one early or late. Unit: ms (1024/48000 s). */
export const AUDIO_QUANTUM_MS = 21.4;
/** A change of rate takes effect that much later, both ways, so its net cost is nothing. Unit: ms. Source: section 3. */
export const RATE_DELAY_MS = 80;
/** Nothing measured is true until a rate change has taken effect and a bit. Unit: ms. Source: section 3, 100 in all. */
export const BLIND_AFTER_RATE_MARGIN_MS = 25;
/** Nothing measured is true right after data returns, as after play(). Unit: ms. */
export const BLIND_AFTER_STALL_MS = 105;
/** A seek while paused, before anything is learnt. Unit: ms. Source: players.md, p50 17 to 29, max 68. */
export const SEEK_COST_MS = 50;
/** Added to the learnt seek cost when a start is planned behind a seek. Unit: ms. */
export const SEEK_MARGIN_MS = 25;
/** A start is planned at most this far behind a slow seek: by then its data may be there already. Unit: ms. */
export const SEEK_LEAD_MS_MAX = 800;
/** What follows the data that a seek has waited for is on its way: so much of it a second attempt counts on. Unit: ms. */
export const DATA_FOLLOWS_MS = 500;
/** How much a seek while playing falls short, before anything is learnt (players without fine rates). Unit: ms. */
export const SEEK_MISS_MS = 150;
/** Costs learnt from the player are medians of this many. Source: trap 11. */
export const LEARNED_SAMPLES = 8;
/** A learnt cost above this is a fault, not a habit. Unit: ms. */
export const LEARNED_MS_MAX = 1_500;
/** The same for the delay of a rate change, which keeps us blind. Unit: ms. */
export const RATE_DELAY_MS_MAX = 250;

/** An error this large starts a correction. Unit: ms. Source: section 2, "enter 3". */
export const ENTER_MS = 3;
/** The same while starting, where corrections are allowed to be many. Unit: ms. */
export const ENTER_FAST_MS = 1.2;
/** The same once an error has lasted for PATIENCE_MS. Unit: ms. */
export const ENTER_PATIENT_MS = 1.5;
/** Unit: ms. Three such corrections a minute cost six rate writes of the twelve allowed. */
export const PATIENCE_MS = 20_000;
/** After a start, seek, join or stall, corrections may be strong for so long. Unit: ms. Source: issue 2, steady_rate_dev_max. */
export const FAST_PHASE_MS = 3_000;
/**
 * A steady error this large is a stall of the media clock, and repaired like one. A slip of one to three quanta is
 * below: closing it unheard takes some seconds, closing it at once would be heard. Unit: ms. Source: trap 7.
 */
export const SLIP_MS = 80;

/** How far the rate may leave the room's in steady state, trim included. Unit: fraction. Source: issue 2, steady_rate_dev_max. */
export const STEADY_STEP = 0.0098;
/** Longest steady correction: one audio quantum. Unit: ms. */
export const STEADY_BURST_MS_MAX = 2_300;
/** Steps in the fast phase are multiples of one of so many. Unit: steps in the rate 1. */
export const FAST_STEPS_IN_ONE = 100;
/** How long a fast correction of a small error should take. Unit: ms. */
export const FAST_BURST_MS = 110;
/** Smallest and largest step up to FAST_LARGE_MS, and the largest above. Unit: fraction. Source: trap 7. */
export const FAST_STEP_MIN = 0.02;
export const FAST_STEP_MAX = 0.16;
export const FAST_STEP_LARGE = 0.25;
/** Errors above this take the large step. Unit: ms. Source: trap 7. */
export const FAST_LARGE_MS = 20;
/** Longest fast correction before measuring again. Unit: ms. Source: trap 7. */
export const FAST_BURST_MS_MAX = 400;
/** A burst may overshoot by this when its end is called as late as the last ones were. Unit: ms. */
export const OVERSHOOT_MS = 3;
/** How fast a late call is forgotten: kept share per burst. */
export const LATENESS_KEPT = 0.7;
/** An error beyond what one large burst and a half closes is closed by a seek. Unit: ms. */
export const HARD_SEEK_MS = 150;
/** The first gap between two such seeks; it doubles while they come in a row. Unit: ms. Source: sync.md 2.4, thrashing. */
export const HARD_SEEK_GAP_MS = 500;
export const HARD_SEEK_GAP_MS_MAX = 16_000;
/** Seeks further apart than this are not in a row. Unit: ms. */
export const HARD_SEEK_ROW_MS = 10_000;
/** A start that would be later than this is planned anew instead. Unit: ms. */
export const LATE_START_MS_MAX = 100;
/** ... but only so often, then it starts late and is corrected. */
export const START_ATTEMPTS_MAX = 3;
/** play() is called when it is due within this. Unit: ms. */
export const DUE_MS = 0.5;
/** A start that has not moved the media for so long is a stall. Unit: ms. */
export const START_TIMEOUT_MS = 1_000;
/** Less movement than this since play() is none. Unit: ms. */
export const MOVED_MS = 5;

/** A paused player this close to the room's position is left alone. Unit: ms (under half a frame at 60 per second). */
export const HELD_TOLERANCE_MS = 5;
/** A pending playhead that continues the current one this closely is no jump. Unit: ms. */
export const CONTINUOUS_MS = 25;
/** Plans are the same when they differ by less. Unit: ms. */
export const SAME_PLAN_MS = 2;
/** The room counts as at its end this close to it. Unit: ms. */
export const END_MS = 30;
/** A player this close to its end is left to run out. Unit: ms. */
export const RUN_OUT_MS = 2_000;

/** Readings looked at once: the median of so many in the fast phase and in steady state. */
export const READINGS_FAST = 3;
export const READINGS_STEADY = 5;
/** Gap between readings in the fast phase and in steady state. Unit: ms. */
export const READ_GAP_FAST_MS = 10;
export const READ_GAP_STEADY_MS = 100;
/** After so many readings of the fast phase without a correction the gap is this. Unit: readings, ms. */
export const READINGS_CALM = 8;
export const READ_GAP_CALM_MS = 50;
/** A clock that moves in steps above this is smoothed. Unit: ms. Source: players.md, Firefox 40, Chromium 0.1. */
export const COARSE_CLOCK_MS = 5;
/** A stepping clock is read for so many of its steps, within bounds. Unit: steps, ms. */
export const COARSE_STEPS = 12;
export const COARSE_WINDOW_MS_MIN = 500;
export const COARSE_WINDOW_MS_MAX = 3_000;
/** Gap between readings of such a clock, and about how many of them a window takes. Unit: ms, readings. */
export const READ_GAP_COARSE_MS = 17;
export const COARSE_READINGS = 48;
/** An error has to be this share of a step. */
export const COARSE_ENTER = 1 / 8;
/** Most readings kept; more than a window takes. */
export const READINGS_MAX = 64;

/** While the pitch is kept, readings are averaged over this, */
export const SAWTOOTH_WINDOW_MS = 600;
/** and an error has to be this large. Unit: ms. Source: section 3 (saw-tooth of 5 to 9 ms), lab at rate 1.5. */
export const SAWTOOTH_ENTER_MS = 12;

/** A player without fine rates is corrected by a seek beyond this, or beyond COARSE_SEEK_STEPS of its clock. Unit: ms. */
export const COARSE_SEEK_MS = 120;
export const COARSE_SEEK_STEPS = 3;
/** Beyond this, and a step of its clock, it is not measured finely first. Unit: ms. */
export const HOPELESS_MS = 1_500;
/** First gap between such seeks; doubles while they come within COARSE_SEEK_ROW_MS of each other. Unit: ms. */
export const COARSE_SEEK_GAP_MS = 2_000;
export const COARSE_SEEK_GAP_MS_MAX = 30_000;
export const COARSE_SEEK_ROW_MS = 60_000;
/** How long after such a seek its miss is measured. Unit: ms. */
export const COARSE_SEEK_BLIND_MS = 400;

/** An interval tells a drift once the error has moved by this; the clock estimate wanders by less. Unit: ms. */
export const TRIM_SIGNAL_MS = 2;
/** Shorter intervals tell little, longer ones end. Unit: ms. */
export const TRIM_INTERVAL_MS_MIN = 3_000;
export const TRIM_INTERVAL_MS_MAX = 60_000;
/**
 * A drift so strong that a correction ends each interval before that has to show in three that agree, of at least this.
 * Unit: ms (TRIM_SIGNAL_MS at a little more than TRIM_MAX).
 */
export const TRIM_SHORT_MS_MIN = 1_200;
/** A jump of the error inside an interval is a slip and spoils it. Unit: ms. Source: trap 9. */
export const TRIM_SLIP_MS = 1.5;
/** Two intervals agree when their slopes differ by no more than this share of the larger. */
export const TRIM_AGREEMENT = 0.4;
/** Largest trim. Unit: fraction. */
export const TRIM_MAX = 0.0015;
/** Drift slower than this is not worth a trim. Unit: fraction (60 ppm). */
export const TRIM_MIN = 60e-6;

/** So many bursts in a row without effect mean that the player's rate does not work. */
export const BURST_FAILURES_MAX = 3;
/** A burst that leaves more than this share of an error above BURST_JUDGED_MS had no effect. */
export const BURST_FAILURE_SHARE = 0.6;
export const BURST_JUDGED_MS = 8;
/** After so long a player whose rate did not work gets another chance. Unit: ms. */
export const BURST_FAILURES_FORGIVEN_MS = 60_000;

/** How soon to look again while nothing is expected, something is, and the player is held. Unit: ms. */
export const WAKE_IDLE_MS = 500;
export const WAKE_SOON_MS = 15;
export const WAKE_HELD_MS = 250;
/** A pause, play or seek that shows no effect is asked for again after this. Unit: ms. */
export const RETRY_MS = 1_000;
