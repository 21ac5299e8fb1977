// Learning how fast the player's own clock drifts, so that a permanent trim of the rate replaces
// a correction every few seconds. One interval between two corrections says too little: a slip of
// the audio device looks like drift. Two that agree are believed (browser-sync.md trap 9), or three short ones.

import * as k from "./controller-constants.js";
import type { Draft } from "./controller-state.js";

/** Feeds one steady measurement. True when the trim has changed. */
export function observeDrift(draft: Draft, errorMs: number): boolean {
  const { state, input } = draft;
  const reading = { atMs: input.localMs, errorMs };
  const from = state.trimFrom;
  const last = state.trimLast;
  if (
    from === undefined ||
    last === undefined ||
    Math.abs(errorMs - last.errorMs) > k.TRIM_SLIP_MS
  ) {
    state.trimFrom = reading;
    state.trimLast = reading;
    return false;
  }
  state.trimLast = reading;
  const lengthMs = reading.atMs - from.atMs;
  const movedMs = errorMs - from.errorMs;
  if (lengthMs > k.TRIM_INTERVAL_MS_MAX) {
    state.trimFrom = reading;
    forgetSlope(draft);
    return false;
  }
  if (Math.abs(movedMs) < k.TRIM_SIGNAL_MS || lengthMs < k.TRIM_SHORT_MS_MIN) return false;

  state.trimFrom = reading;
  const slope = movedMs / lengthMs;
  const before = state.trimSlope;
  state.trimSlope = slope;
  if (before === undefined) return false;
  const larger = Math.max(Math.abs(before), Math.abs(slope));
  const agrees = Math.abs(before - slope) <= larger * k.TRIM_AGREEMENT;
  state.trimAgreed = agrees ? state.trimAgreed + 1 : 0;
  if (state.trimAgreed < (lengthMs < k.TRIM_INTERVAL_MS_MIN ? 2 : 1)) return false;
  const drift = (before + slope) / 2;
  if (Math.abs(drift) < k.TRIM_MIN) return false;
  state.trim = Math.max(-k.TRIM_MAX, Math.min(k.TRIM_MAX, state.trim - drift));
  forgetSlope(draft);
  return true;
}

function forgetSlope({ state }: Draft): void {
  state.trimSlope = undefined;
  state.trimAgreed = 0;
}
