// The sync controller: turns where the room is and what the player reports into as few actions as
// possible. It is one pure function over a small state; sync-loop.ts is the thin driver around it.
//
// It knows two situations. A player that has to get somewhere (a scheduled start, a join, the way
// back from a stall) is stopped, put in place and started a learnt latency ahead: start-plan.ts.
// A player that plays is measured, left alone while it is within a few milliseconds, and otherwise
// corrected by one burst of rate: correction.ts. Everything between is looking away, because after
// play(), a rate change or a stall the player's clock is wrong for about a tenth of a second.

import * as k from "./controller-constants.js";
import {
  type ControllerInput,
  type ControllerState,
  type Draft,
  forgetReadings,
  initialState,
  type Outcome,
  type StepResult,
} from "./controller-state.js";
import { follow } from "./correction.js";
import { anchorMs, type Motion, type Playhead, playheadAt } from "./motion.js";
import { abortBurst, rateDelayMs } from "./rate.js";
import {
  adoptPlan,
  hasData,
  needsCooling,
  pendingStart,
  planHolds,
  planLocalStart,
  playerPositionMsAt,
  putInPlace,
  roomPositionMs,
  runPlan,
} from "./start-plan.js";

/**
 * Decides what to do with the player now.
 *   Pure: the same state and input give the same result; feed the returned state to the next step.
 *   Errors: none; while there is nothing to follow it does nothing and asks to be woken later.
 */
export function step(state: ControllerState, input: ControllerInput): StepResult {
  const draft: Draft = { input, state: { ...state }, actions: [] };
  const outcome = decide(draft);
  return {
    state: draft.state,
    actions: draft.actions,
    wakeAtMs: Math.min(outcome.wakeAtMs, nextEdgeMs(draft)),
    phase: outcome.phase,
    errorMs: outcome.errorMs,
  };
}

/** When the room's motion next changes, or a rate has to be written so that it changes then. */
function nextEdgeMs(draft: Draft): number {
  const { motion, serverMs, localMs, tickUs } = draft.input;
  const pending = motion?.pending;
  if (pending === undefined || serverMs === undefined) return Number.POSITIVE_INFINITY;
  const changesAtMs = localMs + anchorMs(pending, tickUs) - serverMs;
  const aheadMs = changesAtMs - rateDelayMs(draft);
  return [aheadMs, changesAtMs].find((edge) => edge > localMs) ?? Number.POSITIVE_INFINITY;
}

function decide(draft: Draft): Outcome {
  const { input, state } = draft;
  const { motion, serverMs, player, tickUs } = input;
  if (motion === undefined || !player.loaded) return letGo(draft, "idle");
  if (serverMs === undefined) return fetchAhead(draft, motion);
  const now = playheadAt(motion, serverMs, tickUs);
  if (state.media !== now.media) startAfresh(draft, now.media);
  if (!player.paused) state.warm = true;
  if (player.userActing) return letGo(draft, "idle");

  const jump = pendingStart(draft);
  if (jump === undefined && !now.playing) return hold(draft);
  if (player.blocked) return letGo(draft, "blocked");
  if (isEnd(draft, jump?.positionMs ?? roomPositionMs(draft))) return runOut(draft);
  if (jump !== undefined) {
    adoptPlan(draft, jump);
  } else if (state.plan !== undefined && !planHolds(draft, state.plan)) {
    state.plan = undefined;
  }
  const stopped = player.paused || player.ended;
  if (state.plan === undefined && stopped) planLocalStart(draft, 1);
  state.heldAtMs = undefined;
  const starting = state.plan === undefined ? undefined : runPlan(draft);
  return starting ?? follow(draft);
}

/**
 * The clock is not known well enough to start by it, but the data can be on its way meanwhile: across a slow network a
 * seek to where nothing is buffered takes longer than the first exchanges of the clock.
 */
function fetchAhead(draft: Draft, motion: Motion): Outcome {
  const { state, input, actions } = draft;
  const { player, roughServerMs, tickUs } = input;
  const outcome = letGo(draft, "idle");
  if (roughServerMs === undefined || !player.paused || player.userActing) return outcome;
  const { media, playing } = playheadAt(motion, roughServerMs, tickUs);
  if (!playing || state.fetchedFor === media) return outcome;
  state.fetchedFor = media;
  const positionMs = playerPositionMsAt(draft, roughServerMs);
  if (!hasData(draft, positionMs)) actions.push({ kind: "seek", positionMs });
  return outcome;
}

/** Another media: what was learnt of the player stays, what was under way goes. */
function startAfresh({ state }: Draft, media: Playhead["media"]): void {
  const { learned, trim } = state;
  Object.assign(state, initialState, { media, learned, trim });
}

/** Hands off: nothing to follow, or somebody else is at the controls. */
function letGo(draft: Draft, phase: "idle" | "blocked"): Outcome {
  abortBurst(draft);
  forgetReadings(draft);
  draft.state.plan = undefined;
  draft.state.heldAtMs = undefined;
  return { phase, wakeAtMs: draft.input.localMs + k.WAKE_IDLE_MS };
}

/** The room is paused: stop, and stand where the room stands. */
function hold(draft: Draft): Outcome {
  const { state, input, actions } = draft;
  const { player, localMs } = input;
  abortBurst(draft);
  forgetReadings(draft);
  state.plan = undefined;
  const targetMs = roomPositionMs(draft);
  const errorMs = player.positionMs - targetMs;
  const soon = { phase: "held", wakeAtMs: localMs + k.WAKE_SOON_MS * 2, errorMs } as const;
  if (!player.paused) {
    if (askAgain(draft)) actions.push({ kind: "pause" });
    state.heldAtMs = undefined;
  } else {
    state.askedAtMs = undefined;
  }
  if (player.seeking) return soon;
  const there =
    state.heldAtMs !== undefined && Math.abs(state.heldAtMs - targetMs) < k.SAME_PLAN_MS;
  const off = Math.abs(errorMs) > k.HELD_TOLERANCE_MS || needsCooling(draft);
  if (player.paused && !there && off) {
    putInPlace(draft, targetMs);
    state.heldAtMs = targetMs;
    return soon;
  }
  return player.paused ? { phase: "held", wakeAtMs: localMs + k.WAKE_HELD_MS, errorMs } : soon;
}

/** A pause that was asked for is asked for again only after a while. */
function askAgain({ state, input }: Draft): boolean {
  const sinceMs = input.localMs - (state.askedAtMs ?? Number.NEGATIVE_INFINITY);
  if (sinceMs < k.RETRY_MS) return false;
  state.askedAtMs = input.localMs;
  return true;
}

function isEnd(draft: Draft, positionMs: number): boolean {
  const { durationMs } = draft.input.player;
  return durationMs !== undefined && positionMs >= durationMs - k.END_MS;
}

/**
 * The room is at the end of the media, or about to start there (a browser would play from the beginning): a player that
 * is nearly there runs out by itself.
 */
function runOut(draft: Draft): Outcome {
  const { state, input, actions } = draft;
  const { player, localMs } = input;
  abortBurst(draft);
  forgetReadings(draft);
  state.plan = undefined;
  const endMs = player.durationMs ?? player.positionMs;
  const near = endMs - player.positionMs <= k.RUN_OUT_MS;
  const there = state.heldAtMs !== undefined && Math.abs(state.heldAtMs - endMs) < k.SAME_PLAN_MS;
  if (!player.ended && !near && !player.seeking && !there) {
    actions.push({ kind: "seek", positionMs: endMs });
    state.heldAtMs = endMs;
  }
  return { phase: "ended", wakeAtMs: localMs + k.WAKE_HELD_MS };
}
