// The golden vectors of the controller (tests/vectors/README.md), how they are recorded from
// simulations, and how a recorded input is put together again. Used by tests and by
// tests/vectors/generate-sync.mjs only.

import type { PlayerCapabilities, PlayerReport } from "../player/player.js";
import { rounded } from "./clock-vectors.js";
import type { ControllerAction, ControllerInput, Phase } from "./controller-state.js";
import type { Motion } from "./motion.js";
import {
  type Behaviour,
  type Entry,
  FINE,
  playhead,
  QUICK,
  QUICK_SAYS,
  SimulatedPlayer,
  SimulatedViewer,
  TICK_US,
} from "./simulated-player.js";

/** What changed in the input since the step before, and what the controller must answer. */
export interface ControllerVectorStep {
  readonly localMs: number;
  /** Null while the server's clock is unknown. */
  readonly serverMs: number | null;
  readonly motion?: Motion | null;
  readonly player?: Partial<Record<keyof PlayerReport, number | boolean | null>>;
  readonly expect: {
    readonly actions: readonly ControllerAction[];
    readonly wakeAtMs: number;
    readonly phase: Phase;
    readonly errorMs: number | null;
  };
}

export interface ControllerVectorCase {
  readonly name: string;
  readonly tickUs: number;
  readonly sourceOffsetMs: number;
  readonly capabilities: PlayerCapabilities;
  readonly steps: readonly ControllerVectorStep[];
}

export interface ControllerVectorFile {
  readonly toleranceMs: number;
  readonly rateTolerance: number;
  readonly cases: readonly ControllerVectorCase[];
}

function controllerCase(
  name: string,
  act: (viewer: SimulatedViewer) => void,
  behaviour: Partial<Behaviour> = {},
  capabilities: Partial<PlayerCapabilities> = {},
  sourceOffsetMs = 0,
): ControllerVectorCase {
  const viewer = new SimulatedViewer(new SimulatedPlayer(behaviour, capabilities));
  viewer.sourceOffsetMs = sourceOffsetMs;
  act(viewer);
  return {
    name,
    tickUs: TICK_US,
    sourceOffsetMs,
    capabilities: { ...FINE, ...capabilities },
    steps: recordSteps(viewer.entries),
  };
}

function recordSteps(entries: readonly Entry[]): ControllerVectorStep[] {
  let before: ControllerInput | undefined;
  return entries.map(({ input, result }) => {
    const changed: Record<string, number | boolean | null> = {};
    for (const [key, value] of Object.entries(input.player)) {
      const known = before?.player[key as keyof PlayerReport];
      if (key !== "localMs" && (before === undefined || known !== value))
        changed[key] = value ?? null;
    }
    const movedOn = before === undefined || before.motion !== input.motion;
    before = input;
    return {
      localMs: input.localMs,
      serverMs: input.serverMs ?? null,
      ...(movedOn ? { motion: input.motion ?? null } : {}),
      ...(Object.keys(changed).length > 0 ? { player: changed } : {}),
      expect: {
        actions: result.actions.map(roundedAction),
        wakeAtMs: rounded(result.wakeAtMs),
        phase: result.phase,
        errorMs: result.errorMs === undefined ? null : rounded(result.errorMs),
      },
    };
  });
}

function roundedAction(action: ControllerAction): ControllerAction {
  if (action.kind === "seek") return { ...action, positionMs: rounded(action.positionMs) };
  if (action.kind === "rate") return { ...action, rate: rounded(action.rate, 9) };
  return action;
}

/** Puts the inputs of a case together again: what a step leaves out is as in the step before. */
export function replayInputs(vector: ControllerVectorCase): ControllerInput[] {
  let motion: Motion | undefined;
  let player: Record<string, unknown> = {};
  return vector.steps.map((step) => {
    if (step.motion !== undefined) motion = step.motion ?? undefined;
    player = { ...player, ...step.player, localMs: step.localMs };
    const durationMs = player.durationMs ?? undefined;
    return {
      localMs: step.localMs,
      serverMs: step.serverMs ?? undefined,
      motion,
      tickUs: vector.tickUs,
      sourceOffsetMs: vector.sourceOffsetMs,
      player: { ...player, durationMs } as unknown as PlayerReport,
      capabilities: vector.capabilities,
    };
  });
}

function join(viewer: SimulatedViewer): void {
  viewer.motion = { current: playhead(60_000, viewer.serverMs - 20_000, true) };
  viewer.stepNow();
  viewer.run(6_000);
}

export function buildControllerVectors(): ControllerVectorFile {
  const coarse = { fineRate: false, rateSteps: [0.5, 1, 1.25, 2], waiting: false };
  const cases = [
    controllerCase("a scheduled start from a paused room", (viewer) => {
      viewer.pauseRoom(0);
      viewer.run(300);
      viewer.schedulePlay(42_000, 500);
      viewer.run(2_500);
    }),
    controllerCase(
      "a second start uses the latency learnt from the first",
      (viewer) => {
        viewer.pauseRoom(0);
        viewer.schedulePlay(0, 400);
        viewer.run(1_500);
        viewer.pauseRoom(1_100);
        viewer.run(400);
        viewer.schedulePlay(1_100, 400);
        viewer.run(1_500);
      },
      { playLatencyMs: 130 },
    ),
    controllerCase("joining a playing room", join),
    controllerCase("a seek while playing", (viewer) => {
      join(viewer);
      viewer.schedulePlay(90_000, 450);
      viewer.run(2_000);
    }),
    controllerCase("a start that arrives late, and one that is cancelled", (viewer) => {
      viewer.pauseRoom(5_000);
      viewer.run(300);
      viewer.schedulePlay(5_000, 0);
      viewer.run(1_500);
      viewer.pauseRoom(6_000);
      viewer.run(300);
      viewer.schedulePlay(6_000, 500);
      viewer.run(150);
      viewer.pauseRoom(6_000);
      viewer.run(600);
    }),
    controllerCase("a small error, one that lasts, a slip and one beyond a burst", (viewer) => {
      join(viewer);
      for (const lostMs of [8, 60, 900]) {
        viewer.player.slip(lostMs);
        viewer.run(2_500);
      }
      viewer.player.slip(2);
      viewer.run(24_000);
    }),
    controllerCase(
      "500 ppm of drift is trimmed away",
      (viewer) => {
        join(viewer);
        viewer.run(30_000);
      },
      { drift: 500e-6 },
    ),
    controllerCase("a stall of a second", (viewer) => {
      join(viewer);
      viewer.player.setStalled(true);
      viewer.run(1_000);
      viewer.player.setStalled(false);
      viewer.run(2_000);
    }),
    controllerCase("a burst that meets a stall, and one that meets a pause", (viewer) => {
      join(viewer);
      viewer.player.slip(15);
      viewer.run(900);
      viewer.player.setStalled(true);
      viewer.stepNow();
      viewer.run(200);
      viewer.player.setStalled(false);
      viewer.run(4_000);
      viewer.player.slip(15);
      viewer.run(900);
      viewer.pauseRoom(80_000);
      viewer.run(500);
    }),
    controllerCase("a change of rate agreed ahead", (viewer) => {
      join(viewer);
      const { current } = viewer.motion as Motion;
      const changed = playhead(0, viewer.serverMs + 400, true, 1.5);
      const anchorPositionUs =
        current.anchorPositionUs + (changed.anchorTick - current.anchorTick) * TICK_US;
      viewer.setMotion({ current, pending: { ...changed, anchorPositionUs } });
      viewer.run(2_500);
    }),
    controllerCase(
      "the end of the media, and back from it",
      (viewer) => {
        viewer.pauseRoom(18_000);
        viewer.schedulePlay(18_000, 300);
        viewer.run(4_000);
        viewer.schedulePlay(1_000, 450);
        viewer.run(1_500);
      },
      { durationMs: 20_000 },
    ),
    controllerCase("a user who is acting, a blocked player, another media", (viewer) => {
      join(viewer);
      viewer.player.userActing = true;
      viewer.player.userSeek(10_000);
      viewer.run(600);
      viewer.player.userActing = false;
      viewer.player.blocked = true;
      viewer.run(600);
      viewer.player.blocked = false;
      viewer.run(1_500);
      viewer.setMotion({ current: { ...playhead(3_000, viewer.serverMs, false), media: 2 } });
      viewer.run(300);
    }),
    controllerCase(
      "a player without fine rates",
      (viewer) => {
        join(viewer);
        viewer.player.slip(700);
        viewer.run(8_000);
        viewer.player.slip(700);
        viewer.run(8_000);
      },
      { playLatencyMs: 300, seekMs: 200 },
      coarse,
    ),
    controllerCase(
      "a player that accepts rates and ignores them",
      (viewer) => {
        join(viewer);
        viewer.player.slip(100);
        viewer.run(8_000);
      },
      { liesAboutRate: true },
    ),
    controllerCase(
      "a clock that moves in steps",
      (viewer) => {
        join(viewer);
        viewer.player.slip(50);
        viewer.run(5_000);
      },
      {},
      { clockResolutionMs: 40 },
    ),
    controllerCase("a source that sits 80 ms apart", join, {}, {}, 80),
    controllerCase(
      "1,000 ppm of drift",
      (viewer) => {
        join(viewer);
        viewer.run(20_000);
      },
      { drift: 1000e-6 },
    ),
    controllerCase(
      "a player that says how quick it is",
      (viewer) => {
        join(viewer);
        viewer.schedulePlay(90_000, 225);
        viewer.run(2_000);
        viewer.player.slip(12);
        viewer.run(2_500);
        viewer.player.setStalled(true);
        viewer.run(1_000);
        viewer.player.setStalled(false);
        viewer.run(2_000);
      },
      QUICK,
      QUICK_SAYS,
    ),
  ];
  return { toleranceMs: 1e-3, rateTolerance: 1e-7, cases };
}
