// Which rate the player should have, and writing it only when it changes.

import * as k from "./controller-constants.js";
import { type Draft, learnedCost } from "./controller-state.js";
import { playheadAt } from "./motion.js";

/** Whether errors can be closed by rate: declared by the player and not disproved by its bursts. */
export function hasFineRate({ state, input }: Draft): boolean {
  return input.capabilities.fineRate && state.burstFailures < k.BURST_FAILURES_MAX;
}

/** Whether the pitch is kept, which makes the player's clock a saw-tooth and every rate change a jump. */
export function keepsPitch(draft: Draft): boolean {
  return roomRate(draft) !== 1;
}

/** How long a rate change takes to show. Unit: ms. */
export function rateDelayMs(draft: Draft): number {
  const otherwise = draft.input.capabilities.rateDelayMs ?? k.RATE_DELAY_MS;
  return learnedCost(draft, "rateDelayMs", otherwise);
}

/** The room's rate as this player can play it, with what drift asks for. */
export function baseRate(draft: Draft): number {
  const rate = roomRate(draft);
  const { fineRate, rateSteps } = draft.input.capabilities;
  return fineRate ? rate * (1 + draft.state.trim) : nearestStep(rateSteps, rate);
}

/** The room's rate when a write made now will show. */
function roomRate(draft: Draft): number {
  const { motion, serverMs, tickUs } = draft.input;
  if (motion === undefined || serverMs === undefined) return 1;
  const showsAtMs = serverMs + (hasFineRate(draft) ? rateDelayMs(draft) : 0);
  return playheadAt(motion, showsAtMs, tickUs).ratePermille / 1000;
}

function nearestStep(steps: readonly number[], rate: number): number {
  let nearest = steps[0] ?? 1;
  for (const step of steps) {
    if (Math.abs(step - rate) < Math.abs(nearest - rate)) nearest = step;
  }
  return nearest;
}

/**
 * Writes the rate if it differs from the last one written, and looks away until it shows.
 * At the room rate 1 the pitch is left free: with it preserved, tiny rates are ignored and every change
 * costs 20 ms at once (browser-sync.md section 3). Other room rates keep the pitch, for the ears.
 */
export function writeRate(draft: Draft, rate: number): boolean {
  const { state, input, actions } = draft;
  const { capabilities } = input;
  if (!capabilities.fineRate && capabilities.rateSteps.length === 0) return false;
  noticeReset(draft);
  if (state.rateSet !== undefined && Math.abs(state.rateSet - rate) < 1e-6) return false;
  state.rateSet = rate;
  actions.push({ kind: "rate", rate, preservesPitch: keepsPitch(draft) });
  const blindMs = rateDelayMs(draft) + k.BLIND_AFTER_RATE_MARGIN_MS;
  state.blindUntilMs = Math.max(state.blindUntilMs, input.localMs + blindMs);
  return true;
}

/** Ends a burst early: it was planned on a player that moves (browser-sync.md trap 8). */
export function abortBurst(draft: Draft): void {
  const { state } = draft;
  if (state.burst === undefined) return;
  state.burst = undefined;
  state.judged = undefined;
  writeRate(draft, baseRate(draft));
}

/** A player that shows another rate than the one written has been reloaded, or does not obey. */
function noticeReset({ state, input }: Draft): void {
  const { player, localMs, capabilities } = input;
  if (!capabilities.fineRate || state.rateSet === undefined || localMs < state.blindUntilMs) return;
  if (Math.abs(player.rate - state.rateSet) < 1e-4) return;
  state.rateSet = undefined;
  state.burstFailures += 1;
}
