// Following a playing room: measure, then close the error with one well-shaped burst of rate, or
// with a seek where rates do not work or would take too long.

import * as k from "./controller-constants.js";
import {
  blindAfterPlayMs,
  blindAfterStallMs,
  type Draft,
  forgetReadings,
  learn,
  learnedCost,
  median,
  type Outcome,
} from "./controller-state.js";
import { abortBurst, baseRate, hasFineRate, keepsPitch, writeRate } from "./rate.js";
import { planLocalStart, roomPositionMs, runPlan } from "./start-plan.js";
import { observeDrift } from "./trim.js";

/** One step of a player that plays in a room that plays. */
export function follow(draft: Draft): Outcome {
  const { state, input } = draft;
  const { player, localMs } = input;
  const roughMs = player.positionMs - roomPositionMs(draft);

  if (player.stalled || player.seeking || !player.ready) {
    abortBurst(draft);
    forgetReadings(draft);
    state.wasStalled = true;
    state.aimedLatencyMs = undefined;
    return { phase: "stalled", wakeAtMs: localMs + k.WAKE_SOON_MS * 2, errorMs: roughMs };
  }
  if (state.wasStalled) {
    state.wasStalled = false;
    state.fastUntilMs = localMs + k.FAST_PHASE_MS;
    state.blindUntilMs = Math.max(state.blindUntilMs, localMs + blindAfterStallMs(draft));
    if (state.aimedMissMs !== undefined) state.blindUntilMs = localMs + k.COARSE_SEEK_BLIND_MS;
  }
  if (localMs < state.blindUntilMs) {
    const far = Math.abs(roughMs) > k.HARD_SEEK_MS + blindAfterPlayMs(draft);
    if (far && hasFineRate(draft) && state.burst === undefined) {
      const seeking = hardSeek(draft);
      if (seeking !== undefined) return seeking;
    }
    const phase = state.judged === undefined ? "starting" : "correcting";
    return { phase, wakeAtMs: state.blindUntilMs };
  }
  if (state.burst !== undefined) return runBurst(draft, roughMs);

  if (writeRate(draft, baseRate(draft))) {
    // The room has another rate now; what that costs is repaired as after a start.
    state.fastUntilMs = localMs + k.FAST_PHASE_MS;
    forgetReadings(draft);
    return { phase: "following", wakeAtMs: state.blindUntilMs };
  }
  state.readings = [...state.readings, { atMs: localMs, errorMs: roughMs }].slice(-k.READINGS_MAX);
  const measured = smooth(draft) ?? hopeless(draft, roughMs);
  if (measured === undefined) return { phase: "following", wakeAtMs: nextReading(draft) };
  if (state.aimedLatencyMs !== undefined) {
    learn(draft, "playLatencyMs", state.aimedLatencyMs - measured / baseRate(draft));
    state.aimedLatencyMs = undefined;
  }
  judgeBurst(draft, measured);
  if (!hasFineRate(draft)) return followBySeek(draft, measured);
  return decide(draft, measured);
}

/** The error as several readings together tell it; undefined while there are too few. */
function smooth(draft: Draft): number | undefined {
  const { state, input } = draft;
  const stepMs = input.capabilities.clockResolutionMs;
  if (stepMs <= k.COARSE_CLOCK_MS && !keepsPitch(draft)) {
    const wanted = isFast(draft) ? k.READINGS_FAST : k.READINGS_STEADY;
    if (state.readings.length < wanted) return undefined;
    return median(state.readings.slice(-wanted).map((reading) => reading.errorMs));
  }
  const from = input.localMs - windowMs(draft);
  const first = state.readings[0];
  if (first === undefined || first.atMs > from) return undefined;
  const recent = state.readings.filter(({ atMs }) => atMs >= from).map(({ errorMs }) => errorMs);
  // A saw-tooth is right on average. A stepping clock only ever reads late, and is right just after
  // a step: the largest of many.
  if (stepMs <= k.COARSE_CLOCK_MS) return recent.reduce((sum, one) => sum + one, 0) / recent.length;
  return Math.max(...recent);
}

/** How long a clock that is not smooth has to be looked at. Unit: ms. */
function windowMs(draft: Draft): number {
  const stepsMs = draft.input.capabilities.clockResolutionMs * k.COARSE_STEPS;
  const leastMs = keepsPitch(draft) ? k.SAWTOOTH_WINDOW_MS : k.COARSE_WINDOW_MS_MIN;
  return Math.min(k.COARSE_WINDOW_MS_MAX, Math.max(leastMs, stepsMs));
}

/** A coarse player that is far away, as after an advertisement, need not be measured finely first. */
function hopeless(draft: Draft, roughMs: number): number | undefined {
  const far = Math.abs(roughMs) > k.HOPELESS_MS + draft.input.capabilities.clockResolutionMs;
  const sure = draft.state.readings.length >= k.READINGS_STEADY;
  return far && sure && !hasFineRate(draft) ? roughMs : undefined;
}

/** The smallest error that is worth a correction now. */
function enterMs(draft: Draft): number {
  const coarseMs = draft.input.capabilities.clockResolutionMs * k.COARSE_ENTER;
  const smallestMs = isFast(draft) ? k.ENTER_FAST_MS : k.ENTER_MS;
  return Math.max(smallestMs, coarseMs, keepsPitch(draft) ? k.SAWTOOTH_ENTER_MS : 0);
}

function isFast({ state, input }: Draft): boolean {
  return input.localMs < state.fastUntilMs;
}

function nextReading(draft: Draft): number {
  const { localMs, capabilities } = draft.input;
  const smooth = capabilities.clockResolutionMs <= k.COARSE_CLOCK_MS && !keepsPitch(draft);
  if (!smooth) {
    return localMs + Math.max(k.READ_GAP_COARSE_MS, windowMs(draft) / k.COARSE_READINGS);
  }
  const { readings } = draft.state;
  const suspect = Math.abs(readings.at(-1)?.errorMs ?? 0) > k.ENTER_MS;
  if (!isFast(draft)) return localMs + (suspect ? k.READ_GAP_FAST_MS : k.READ_GAP_STEADY_MS);
  const calm = readings.length >= k.READINGS_CALM;
  return localMs + (calm ? k.READ_GAP_CALM_MS : k.READ_GAP_FAST_MS);
}

function decide(draft: Draft, errorMs: number): Outcome {
  const { state, input } = draft;
  const { localMs } = input;
  const size = Math.abs(errorMs);
  if (size > k.HARD_SEEK_MS) {
    const seeking = hardSeek(draft);
    if (seeking !== undefined) return seeking;
  }
  if (size > k.SLIP_MS) state.fastUntilMs = localMs + k.FAST_PHASE_MS;
  // A new trim has to be written anyway, so it goes out as the end of a correction.
  const steady = !isFast(draft) && !keepsPitch(draft);
  const trimmed = steady && observeDrift(draft, errorMs);

  const enoughMs = enterMs(draft);
  if (size <= Math.min(k.ENTER_PATIENT_MS, enoughMs)) state.impatientSinceMs = undefined;
  else state.impatientSinceMs ??= localMs;
  const waitedMs = localMs - (state.impatientSinceMs ?? localMs);
  const impatient = steady && waitedMs >= k.PATIENCE_MS;
  if (size > enoughMs || impatient || trimmed) return startBurst(draft, errorMs);
  return { phase: "following", wakeAtMs: nextReading(draft), errorMs };
}

function startBurst(draft: Draft, errorMs: number): Outcome {
  const { state, input } = draft;
  const base = baseRate(draft);
  const size = Math.abs(errorMs);
  const fast = isFast(draft);
  const towards = errorMs > 0 ? -1 : 1;
  // What the trim uses up of the steady bound is not there for the correction.
  const step = fast
    ? fastStep(size, state.latenessMs)
    : k.STEADY_STEP - Math.max(0, state.trim * towards);
  const gain = base * step * towards;
  const limitMs = fast ? k.FAST_BURST_MS_MAX : k.STEADY_BURST_MS_MAX;
  const lengthMs = Math.min(limitMs, size / Math.abs(gain));
  forgetReadings(draft);
  writeRate(draft, base + gain);
  state.burst = {
    startedAtMs: input.localMs,
    endAtMs: input.localMs + lengthMs,
    errorMs,
    gain,
  };
  return { phase: "correcting", wakeAtMs: state.burst.endAtMs, errorMs };
}

/**
 * A step that closes the error in about FAST_BURST_MS, in multiples of 1/FAST_STEPS_IN_ONE; smaller
 * on a machine so busy that the end of the burst would be called too late.
 */
function fastStep(size: number, latenessMs: number): number {
  const largest = size > k.FAST_LARGE_MS ? k.FAST_STEP_LARGE : k.FAST_STEP_MAX;
  const careful = latenessMs > 0 ? k.OVERSHOOT_MS / latenessMs : largest;
  const wanted = Math.min(size / k.FAST_BURST_MS, largest, careful);
  const steps = Math.round(Math.max(k.FAST_STEP_MIN, wanted) * k.FAST_STEPS_IN_ONE);
  return steps / k.FAST_STEPS_IN_ONE;
}

function runBurst(draft: Draft, roughMs: number): Outcome {
  const { state, input } = draft;
  const burst = state.burst as NonNullable<typeof state.burst>;
  const elapsedMs = input.localMs - burst.startedAtMs;
  if (input.localMs < burst.endAtMs - k.DUE_MS) {
    return { phase: "correcting", wakeAtMs: burst.endAtMs, errorMs: roughMs };
  }
  state.latenessMs = Math.max(input.localMs - burst.endAtMs, state.latenessMs * k.LATENESS_KEPT, 0);
  // Once it shows, the correction tells how late rates take effect; too small a one tells nothing.
  const shown = roughMs - burst.errorMs;
  const tells = Math.abs(shown) > k.BURST_JUDGED_MS && elapsedMs > k.RATE_DELAY_MS;
  if (tells && !keepsPitch(draft)) {
    learn(draft, "rateDelayMs", elapsedMs - shown / burst.gain);
  }
  state.burst = undefined;
  state.judged = burst;
  writeRate(draft, baseRate(draft));
  return { phase: "correcting", wakeAtMs: state.blindUntilMs, errorMs: roughMs };
}

/** Counts bursts without effect: a rate that is accepted and ignored is no rate. */
function judgeBurst(draft: Draft, errorMs: number): void {
  const { state, input } = draft;
  const judged = state.judged;
  if (judged === undefined) return;
  state.judged = undefined;
  const meantMs = Math.min(
    Math.abs(judged.errorMs),
    Math.abs(judged.gain) * (judged.endAtMs - judged.startedAtMs),
  );
  const tellsMs = Math.max(k.BURST_JUDGED_MS, input.capabilities.clockResolutionMs);
  if (meantMs < tellsMs || keepsPitch(draft)) return;
  const closedMs = Math.abs(judged.errorMs) - Math.abs(errorMs);
  const failed = closedMs < meantMs * (1 - k.BURST_FAILURE_SHARE);
  state.burstFailures = failed ? state.burstFailures + 1 : 0;
  if (failed) state.burstFailedAtMs = input.localMs;
}

/** Stops and starts again a little ahead; undefined while the last one is too recent. */
function hardSeek(draft: Draft): Outcome | undefined {
  const { state, input } = draft;
  const { localMs } = input;
  const sinceMs = localMs - (state.hardSeekAtMs ?? Number.NEGATIVE_INFINITY);
  if (sinceMs < state.hardSeekGapMs) return undefined;
  state.hardSeekGapMs =
    sinceMs < k.HARD_SEEK_ROW_MS
      ? Math.min(k.HARD_SEEK_GAP_MS_MAX, state.hardSeekGapMs * 2)
      : k.HARD_SEEK_GAP_MS;
  state.hardSeekAtMs = localMs;
  abortBurst(draft);
  forgetReadings(draft);
  planLocalStart(draft, 1);
  return runPlan(draft);
}

/** The way of players without fine rates: a rare seek, aimed ahead by what earlier ones missed. */
function followBySeek(draft: Draft, errorMs: number): Outcome {
  const { state, input } = draft;
  const { localMs, capabilities } = input;
  if (capabilities.fineRate && localMs - state.burstFailedAtMs > k.BURST_FAILURES_FORGIVEN_MS) {
    state.burstFailures = k.BURST_FAILURES_MAX - 1;
  }
  if (state.aimedMissMs !== undefined) {
    learn(draft, "seekMissMs", state.aimedMissMs - errorMs);
    state.aimedMissMs = undefined;
  }
  const calm = { phase: "following", wakeAtMs: nextReading(draft), errorMs } as const;
  const farMs = Math.max(k.COARSE_SEEK_MS, capabilities.clockResolutionMs * k.COARSE_SEEK_STEPS);
  const sinceMs = localMs - (state.hardSeekAtMs ?? Number.NEGATIVE_INFINITY);
  if (Math.abs(errorMs) <= farMs || sinceMs < state.hardSeekGapMs) return calm;
  state.hardSeekGapMs =
    sinceMs < k.COARSE_SEEK_ROW_MS
      ? Math.min(k.COARSE_SEEK_GAP_MS_MAX, state.hardSeekGapMs * 2)
      : k.COARSE_SEEK_GAP_MS;
  state.hardSeekAtMs = localMs;
  state.aimedMissMs = learnedCost(draft, "seekMissMs", k.SEEK_MISS_MS);
  forgetReadings(draft);
  state.wasStalled = true;
  draft.actions.push({ kind: "seek", positionMs: roomPositionMs(draft) + state.aimedMissMs });
  return { phase: "correcting", wakeAtMs: localMs + k.WAKE_SOON_MS * 2, errorMs };
}
