// Starting at an instant: stop, put the player where it shall begin, and call play() as much ahead
// as this player is known to take. A scheduled start of the room, joining, and the way back after a
// stall are all the same thing; only who chose the instant differs.

import * as k from "./controller-constants.js";
import {
  blindAfterPlayMs,
  type Draft,
  forgetReadings,
  learn,
  learnedCost,
  type Outcome,
  playLatencyMs,
  type StartPlan,
} from "./controller-state.js";
import { anchorMs, playheadAt, positionMsAt } from "./motion.js";
import { abortBurst, baseRate, writeRate } from "./rate.js";

/** Where the player should be at a server time, on its own timeline. Unit: ms. */
export function playerPositionMsAt({ input }: Draft, serverMs: number): number {
  const { motion, tickUs, sourceOffsetMs, player } = input;
  if (motion === undefined) return player.positionMs;
  const roomMs = positionMsAt(playheadAt(motion, serverMs, tickUs), serverMs, tickUs);
  const most = player.durationMs ?? Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(most, roomMs + sourceOffsetMs));
}

/** Where the player should be now. Unit: ms. */
export function roomPositionMs(draft: Draft): number {
  return playerPositionMsAt(draft, draft.input.serverMs ?? 0);
}

/** The start that the room has agreed on and that this player has to jump for, if there is one. */
export function pendingStart(draft: Draft): StartPlan | undefined {
  const { motion, serverMs, tickUs } = draft.input;
  const pending = motion?.pending;
  if (motion === undefined || serverMs === undefined || pending === undefined) return undefined;
  const startServerMs = anchorMs(pending, tickUs);
  const { current } = motion;
  if (!pending.playing || pending.media !== current.media || serverMs >= startServerMs) {
    return undefined;
  }
  const continuedMs = positionMsAt(current, startServerMs, tickUs);
  const jumpMs = Math.abs(continuedMs - pending.anchorPositionUs / 1000);
  if (current.playing && jumpMs <= k.CONTINUOUS_MS) return undefined;
  return { startServerMs, positionMs: playerPositionMsAt(draft, startServerMs), attempt: 1 };
}

/** Whether the room still wants what the plan was made for. */
export function planHolds(draft: Draft, plan: StartPlan): boolean {
  const { motion, tickUs } = draft.input;
  if (motion === undefined) return false;
  const { playing } = playheadAt(motion, plan.startServerMs, tickUs);
  const positionMs = playerPositionMsAt(draft, plan.startServerMs);
  return playing && Math.abs(positionMs - plan.positionMs) < k.SAME_PLAN_MS;
}

/** Adopts the room's start, unless it is already being worked on. */
export function adoptPlan(draft: Draft, plan: StartPlan): void {
  const own = draft.state.plan;
  const same =
    own !== undefined &&
    Math.abs(own.startServerMs - plan.startServerMs) < k.SAME_PLAN_MS &&
    Math.abs(own.positionMs - plan.positionMs) < k.SAME_PLAN_MS;
  if (!same) draft.state.plan = plan;
}

/** Plans a start of our own choosing: as soon as a seek and a start can be done. */
export function planLocalStart(draft: Draft, attempt: number): void {
  const { input, state } = draft;
  const serverMs = input.serverMs ?? 0;
  const playMs = playLatencyMs(draft);
  const planBehind = (seekMs: number): StartPlan => {
    const leadMs = Math.min(k.SEEK_LEAD_MS_MAX, seekMs) + k.SEEK_MARGIN_MS;
    const startServerMs = serverMs + leadMs + playMs;
    return { startServerMs, positionMs: playerPositionMsAt(draft, startServerMs), attempt };
  };
  const seekMs = learnedCost(draft, "seekCostMs", k.SEEK_COST_MS);
  const plan = planBehind(seekMs);
  // An earlier attempt may have waited for data, which the next one finds there.
  const followsMs = attempt > 1 ? k.DATA_FOLLOWS_MS : 0;
  if (hasData(draft, plan.positionMs, followsMs)) {
    state.plan = plan;
    return;
  }
  const fetchMs = Math.max(seekMs, learnedCost(draft, "fetchCostMs", 0));
  const lastSeekMs = attempt > 1 ? (state.plan?.seekCostMs ?? 0) : 0;
  state.plan = planBehind(Math.max(fetchMs, lastSeekMs));
}

/** Whether what is buffered, and so much that is on its way, reaches to a position. */
export function hasData({ input }: Draft, positionMs: number, followsMs = 0): boolean {
  const aheadMs = positionMs - input.player.positionMs;
  return aheadMs >= 0 && aheadMs <= input.player.bufferMs + followsMs;
}

/** Whether a start would come early unless the player is put in place first. */
export function needsCooling({ state, input }: Draft): boolean {
  return state.warm && input.capabilities.fineRate;
}

/** Seeks a stopped player to where it shall stand or start. */
export function putInPlace({ state, actions }: Draft, positionMs: number): void {
  actions.push({ kind: "seek", positionMs });
  state.warm = false;
}

/** One step of the plan at hand; undefined when it is done and the player is to be followed. */
export function runPlan(draft: Draft): Outcome | undefined {
  const { state, input, actions } = draft;
  const { player, localMs } = input;
  const plan = state.plan as StartPlan;
  if (plan.playSentAtMs !== undefined) return watchStart(draft, plan, plan.playSentAtMs);

  abortBurst(draft);
  forgetReadings(draft);
  if (!player.paused) actions.push({ kind: "pause" });
  writeRate(draft, baseRate(draft));
  const soon = { phase: "priming", wakeAtMs: localMs + k.WAKE_SOON_MS } as const;

  const offMs = player.positionMs - plan.positionMs;
  if (plan.seekSentAtMs === undefined) {
    if (Math.abs(offMs) > k.HELD_TOLERANCE_MS || needsCooling(draft)) {
      putInPlace(draft, plan.positionMs);
      state.plan = { ...plan, seekSentAtMs: localMs, fetches: !hasData(draft, plan.positionMs) };
      return soon;
    }
  } else if (plan.seekCostMs === undefined) {
    if (player.seeking || !player.ready) return soon;
    const seekCostMs = localMs - plan.seekSentAtMs;
    learn(draft, plan.fetches === true ? "fetchCostMs" : "seekCostMs", seekCostMs);
    state.plan = { ...plan, seekCostMs };
  }
  if (!player.paused || player.seeking || !player.ready) return soon;
  return playWhenDue(draft, state.plan as StartPlan, offMs);
}

function playWhenDue(draft: Draft, plan: StartPlan, offMs: number): Outcome | undefined {
  const { state, input, actions } = draft;
  const { localMs, serverMs, player } = input;
  const latencyMs = playLatencyMs(draft);
  // A player that landed ahead of the plan starts later, one behind it earlier.
  const dueMs =
    localMs + (plan.startServerMs - (serverMs ?? 0)) - latencyMs + offMs / baseRate(draft);
  const lateMs = localMs - dueMs;
  if (lateMs > k.LATE_START_MS_MAX && plan.attempt < k.START_ATTEMPTS_MAX) {
    planLocalStart(draft, plan.attempt + 1);
    return runPlan(draft);
  }
  if (lateMs < -k.DUE_MS) return { phase: "priming", wakeAtMs: dueMs };
  actions.push({ kind: "play" });
  const playedFromMs = player.positionMs;
  state.plan = { ...plan, playSentAtMs: localMs, playedFromMs, lateMs, latencyMs };
  const blindMs = Math.max(blindAfterPlayMs(draft), latencyMs + k.AUDIO_QUANTUM_MS);
  state.blindUntilMs = Math.max(state.blindUntilMs, localMs + blindMs);
  return { phase: "starting", wakeAtMs: state.blindUntilMs };
}

/** After play(): blind at first, then learns how long it took and hands over. */
function watchStart(draft: Draft, plan: StartPlan, playSentAtMs: number): Outcome | undefined {
  const { state, input } = draft;
  const { player, localMs } = input;
  const sinceMs = localMs - playSentAtMs;
  const disturbed = plan.disturbed === true || player.stalled || !player.ready;
  state.plan = { ...plan, disturbed };
  if (localMs < state.blindUntilMs - k.DUE_MS) {
    return { phase: "starting", wakeAtMs: state.blindUntilMs };
  }
  const movedMs = player.positionMs - (plan.playedFromMs ?? player.positionMs);
  if (player.paused || player.seeking || player.stalled || movedMs < k.MOVED_MS) {
    if (sinceMs < k.START_TIMEOUT_MS) {
      return { phase: "starting", wakeAtMs: localMs + k.WAKE_SOON_MS * 2 };
    }
    state.plan = undefined;
    return undefined;
  }
  const smoothClock = input.capabilities.clockResolutionMs <= k.COARSE_CLOCK_MS;
  if (!disturbed && smoothClock) learn(draft, "playLatencyMs", sinceMs - movedMs / baseRate(draft));
  // A coarse clock tells only after a while: then the error is what was reckoned wrong, and lateness.
  const tells = !disturbed && !smoothClock && plan.latencyMs !== undefined;
  state.aimedLatencyMs = tells ? (plan.latencyMs ?? 0) - (plan.lateMs ?? 0) : undefined;
  state.plan = undefined;
  state.wasStalled = false;
  state.fastUntilMs = localMs + k.FAST_PHASE_MS;
  forgetReadings(draft);
  return undefined;
}
