// The golden vectors of the clock and the controller (tests/vectors/README.md): how they are made
// from simulations, and how a recorded input is put together again. Used by tests and by
// tests/vectors/generate-sync.mjs only.

import type { PlayerCapabilities, PlayerReport } from "../player/player.js";
import { ClockEstimator } from "./clock.js";
import type { ControllerAction, ControllerInput, Phase } from "./controller-state.js";
import type { Motion } from "./motion.js";
import { arrivalMs, feed, type PathEvent, simulatePath } from "./simulated-path.js";
import {
  type Behaviour,
  type Entry,
  FINE,
  playhead,
  SimulatedPlayer,
  SimulatedViewer,
  TICK_US,
} from "./simulated-player.js";

export interface ClockExpectation {
  readonly offsetMs: number;
  readonly errorBoundMs: number;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly samples: number;
  readonly settled: boolean;
}

export type ClockVectorStep =
  | { readonly exchange: readonly [number, number, number, number]; readonly accepted: boolean }
  | { readonly oneWay: readonly [number, number]; readonly accepted: boolean }
  | { readonly clockId: string }
  | { readonly reset: true }
  | { readonly at: number; readonly expect: ClockExpectation | null };

export interface ClockVectorFile {
  readonly toleranceMs: number;
  readonly cases: readonly { readonly name: string; readonly steps: readonly ClockVectorStep[] }[];
}

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

function rounded(value: number, decimals = 6): number {
  return Number(value.toFixed(decimals));
}

// ---- the clock

function clockCase(name: string, steps: (story: ClockStory) => void) {
  const story = new ClockStory();
  steps(story);
  return { name, steps: story.steps };
}

/** Records what is told to an estimator and what it answers. */
class ClockStory {
  readonly steps: ClockVectorStep[] = [];
  private readonly clock = new ClockEstimator();

  hear(event: PathEvent): void {
    if (event.kind === "exchange") {
      const stamps = [event.t0, event.t1, event.t2, event.t3].map((ms) => rounded(ms, 3));
      const [t0, t1, t2, t3] = stamps as [number, number, number, number];
      const accepted = feed(this.clock, { kind: "exchange", t0, t1, t2, t3 });
      this.steps.push({ exchange: [t0, t1, t2, t3], accepted });
    } else {
      const sent = rounded(event.sent, 3);
      const received = rounded(event.received, 3);
      const accepted = feed(this.clock, { kind: "oneWay", sent, received });
      this.steps.push({ oneWay: [sent, received], accepted });
    }
  }

  exchange(t0: number, forwardMs: number, backwardMs: number, offsetMs = 1000): void {
    const t1 = t0 + forwardMs + offsetMs;
    this.hear({ kind: "exchange", t0, t1, t2: t1 + 1, t3: t0 + forwardMs + 1 + backwardMs });
  }

  path(seed: number, meanMs: number, jitterMs: number, drift: number, lengthMs: number): void {
    const path = {
      meanForwardMs: meanMs,
      meanBackwardMs: meanMs,
      jitterMs,
      drift,
      beaconGapMs: 1000,
    };
    let nextAskMs = 500;
    for (const event of simulatePath(seed, path, lengthMs)) {
      while (arrivalMs(event) >= nextAskMs) {
        this.ask(nextAskMs);
        nextAskMs += 500;
      }
      this.hear(event);
    }
  }

  clockId(clockId: string): void {
    this.clock.setClockId(clockId);
    this.steps.push({ clockId });
  }

  reset(): void {
    this.clock.reset();
    this.steps.push({ reset: true });
  }

  ask(at: number): void {
    const told = this.clock.estimate(at);
    const expect =
      told === undefined
        ? null
        : {
            offsetMs: rounded(told.offsetMs),
            errorBoundMs: rounded(told.errorBoundMs),
            rttMs: rounded(told.rttMs),
            jitterMs: rounded(told.jitterMs),
            samples: told.samples,
            settled: told.settled,
          };
    this.steps.push({ at, expect });
  }
}

export function buildClockVectors(): ClockVectorFile {
  const cases = [
    clockCase("nothing is known before the first exchange", (story) => {
      story.ask(0);
      story.hear({ kind: "oneWay", sent: 1000, received: 5 });
      story.ask(5);
      story.exchange(10, 20, 20);
      story.ask(60);
    }),
    clockCase("forward and backward minima come from different exchanges", (story) => {
      story.exchange(0, 20, 80);
      story.exchange(200, 90, 20);
      story.ask(400);
      story.hear({ kind: "oneWay", sent: 1500, received: 510 });
      story.ask(600);
    }),
    clockCase("malformed exchanges are refused", (story) => {
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1019, t3: 40 });
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1021, t3: -1 });
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1100, t3: 40 });
      story.ask(50);
    }),
    clockCase("one impossible sample is a spike, three in a row are a stepped clock", (story) => {
      for (let t0 = 0; t0 < 1000; t0 += 100) story.exchange(t0, 20, 20);
      story.exchange(1000, 20, 20, 1500);
      story.ask(1090);
      story.exchange(1100, 20, 20);
      for (let t0 = 1200; t0 < 1600; t0 += 100) story.exchange(t0, 20, 20, 1500);
      story.ask(1700);
    }),
    clockCase("after three seconds the output is slewed", (story) => {
      for (let t0 = 0; t0 < 3500; t0 += 100) story.exchange(t0, 60, 20);
      story.ask(3600);
      for (let t0 = 3600; t0 < 9000; t0 += 100) {
        story.exchange(t0, 20, 20);
        if (t0 % 500 === 0) story.ask(t0 + 60);
      }
    }),
    clockCase("rare samples are slewed by time and kept beyond the window", (story) => {
      for (let t0 = 0; t0 <= 200_000; t0 += 10_000) {
        story.exchange(t0, 20 + (t0 % 30_000) / 1000, 25);
        story.ask(t0 + 100);
      }
    }),
    clockCase("a new clock id and a reset start afresh", (story) => {
      story.clockId("a");
      story.exchange(0, 20, 20);
      story.clockId("a");
      story.ask(100);
      story.clockId("b");
      story.ask(150);
      story.exchange(200, 20, 20, 7000);
      story.ask(300);
      story.reset();
      story.ask(350);
    }),
    clockCase("a local path", (story) => story.path(1, 0.2, 0.15, 0, 5_000)),
    clockCase("an impaired path", (story) => story.path(2, 95, 40, 0, 20_000)),
    clockCase("an impaired path with 100 ppm of drift", (story) =>
      story.path(3, 60, 40, 100e-6, 20_000),
    ),
  ];
  return { toleranceMs: 1e-3, cases };
}

// ---- the controller

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
        viewer.player.slip(60);
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
  ];
  return { toleranceMs: 1e-3, rateTolerance: 1e-7, cases };
}
