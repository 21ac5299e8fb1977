import { expect, test } from "vitest";
import type { Player, UserIntent } from "../player/player.js";
import type { ClockEstimate } from "./clock.js";
import type { ControllerAction } from "./controller-state.js";
import type { Motion } from "./motion.js";
import { playhead, SimulatedPlayer, TICK_US } from "./simulated-player.js";
import { type LoopTimers, SyncLoop, type SyncStatus, TIMER_SLACK_MS } from "./sync-loop.js";

const OFFSET_MS = 50_000;

/** Virtual time with timers that fire late, as a browser's do. */
class LateTimers implements LoopTimers {
  nowMs = 0;
  latenessMs = 4;
  private tasks: { atMs: number; run: () => void }[] = [];
  now = () => this.nowMs;
  after(delayMs: number, run: () => void): () => void {
    const task = { atMs: this.nowMs + delayMs + this.latenessMs, run };
    this.tasks.push(task);
    return () => {
      this.tasks = this.tasks.filter((other) => other !== task);
    };
  }
  soon(run: () => void): void {
    this.tasks.push({ atMs: this.nowMs + 0.1, run });
  }
  async run(toMs: number, advance: (nowMs: number) => void): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      this.tasks.sort((a, b) => a.atMs - b.atMs);
      const next = this.tasks[0];
      if (next === undefined || next.atMs > toMs) break;
      this.tasks.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      advance(this.nowMs);
      next.run();
    }
    this.nowMs = toMs;
    advance(toMs);
  }
}

class Bench implements Player {
  readonly timers = new LateTimers();
  readonly simulated = new SimulatedPlayer();
  readonly done: (ControllerAction & { atMs: number })[] = [];
  readonly statuses: SyncStatus[] = [];
  motion: Motion | undefined;
  private listener = () => {};
  readonly loop = new SyncLoop({
    player: this,
    clock: {
      serverNow: (localMs) => localMs + OFFSET_MS,
      roughServerNow: (localMs) => localMs + OFFSET_MS,
      estimate: () => ({ rttMs: 60 }) as ClockEstimate,
    },
    motion: () => this.motion,
    tickUs: TICK_US,
    timers: this.timers,
    onStatus: (status) => this.statuses.push(status),
  });
  get capabilities() {
    return this.simulated.capabilities;
  }
  report() {
    return this.simulated.report();
  }
  private act(action: ControllerAction): void {
    this.done.push({ ...action, atMs: this.timers.nowMs });
    this.simulated.apply(action);
    this.listener();
  }
  play = () => this.act({ kind: "play" });
  pause = () => this.act({ kind: "pause" });
  seek = (positionMs: number) => this.act({ kind: "seek", positionMs });
  setRate = (rate: number, preservesPitch: boolean) =>
    this.act({ kind: "rate", rate, preservesPitch });
  unblock(): void {}
  onChange(listener: () => void) {
    this.listener = listener;
    return () => {
      this.listener = () => {};
    };
  }
  onIntent(_: (intent: UserIntent) => void) {
    return () => {};
  }
  dispose(): void {}
  run(forMs: number): Promise<void> {
    return this.timers.run(this.timers.nowMs + forMs, (nowMs) => this.simulated.advance(nowMs));
  }
}

test("a scheduled start is met to the millisecond although timers are late", async () => {
  const bench = new Bench();
  const server = bench.timers.nowMs + OFFSET_MS;
  bench.motion = {
    current: playhead(0, server, false),
    pending: playhead(30_000, server + 500, true),
  };
  bench.loop.start();
  await bench.run(2_000);
  const played = bench.done.find((action) => action.kind === "play");
  expect(bench.timers.latenessMs).toBeLessThan(TIMER_SLACK_MS);
  expect(played?.atMs).toBeGreaterThanOrEqual(500 - 78 - 1);
  expect(played?.atMs).toBeLessThan(500 - 78 + 1);
});

test("its own actions, which raise events, do not make it step in circles", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS - 5_000, true) };
  bench.loop.start();
  await bench.run(10_000);
  expect(bench.statuses.length).toBeLessThan(600);
  expect(bench.loop.status.phase).toBe("following");
  expect(Math.abs(bench.loop.status.errorMs ?? 99)).toBeLessThan(3);
});

test("nothing is done after stop, and start can be called twice", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS, true) };
  bench.loop.start();
  bench.loop.start();
  bench.loop.stop();
  await bench.run(3_000);
  expect(bench.done).toEqual([]);
});

test("while the user scrubs nothing is done, and after it the room is followed", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS, false) };
  bench.loop.start();
  bench.loop.setUserActing(true);
  await bench.run(1_000);
  expect(bench.done).toEqual([]);
  bench.loop.setUserActing(false);
  await bench.run(1_000);
  expect(bench.done.map((action) => action.kind)).toEqual(["seek"]);
});

test("telemetry carries drift, delay, buffer, stall and duration", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS - 5_000, true) };
  bench.loop.start();
  await bench.run(5_000);
  const telemetry = bench.loop.telemetry();
  expect(telemetry).toMatchObject({
    delayUs: 30_000,
    bufferMs: 10_000,
    stalled: false,
    blocked: false,
    durationUs: 600_000_000,
  });
  expect(Math.abs(telemetry.driftUs)).toBeLessThan(3_000);
  bench.simulated.setStalled(true);
  await bench.run(500);
  expect(bench.loop.telemetry().stalled).toBe(true);
});

test("a start that waits for data is shown as stalled", async () => {
  const bench = new Bench();
  bench.simulated.setStalled(true);
  bench.motion = { current: playhead(5_000, OFFSET_MS - 5_000, true) };
  bench.loop.start();
  await bench.run(300);
  expect(bench.loop.status.stalled).toBe(false);
  await bench.run(700);
  expect(bench.loop.status.stalled).toBe(true);
  bench.simulated.setStalled(false);
  await bench.run(3_000);
  expect(bench.loop.status).toMatchObject({ stalled: false, phase: "following" });
});

test("a player that knows nothing of its media yet is stalled while the room plays it", async () => {
  const bench = new Bench();
  bench.simulated.loaded = false;
  bench.simulated.setStalled(true);
  bench.motion = { current: playhead(5_000, OFFSET_MS, false) };
  bench.loop.start();
  await bench.run(3_000);
  expect(bench.loop.status).toMatchObject({ stalled: false, phase: "idle" });
  bench.motion = { current: playhead(5_000, OFFSET_MS, true) };
  bench.loop.poke();
  await bench.run(6_000);
  expect(bench.loop.status).toMatchObject({ stalled: true, phase: "idle" });
  bench.simulated.loaded = true;
  bench.simulated.setStalled(false);
  await bench.run(10_000);
  expect(bench.loop.status).toMatchObject({ stalled: false, phase: "following" });
});

test("a player that ran dry and is stopped stays stalled until it has data again", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS - 5_000, true) };
  bench.loop.start();
  await bench.run(3_000);
  bench.simulated.setStalled(true);
  await bench.run(1_000);
  expect(bench.loop.status.stalled).toBe(true);
  // The room stops for it.
  bench.motion = { current: playhead(8_000, OFFSET_MS, false) };
  bench.loop.poke();
  await bench.run(2_000);
  expect(bench.simulated.report()).toMatchObject({ paused: true, stalled: false });
  expect(bench.loop.status.stalled).toBe(true);
  expect(bench.loop.telemetry().stalled).toBe(true);
  // Data is back; no event tells.
  bench.simulated.setStalled(false);
  await bench.run(300);
  expect(bench.loop.status.stalled).toBe(false);
});

test("a player that was only stopped is not stalled", async () => {
  const bench = new Bench();
  bench.motion = { current: playhead(5_000, OFFSET_MS - 5_000, true) };
  bench.loop.start();
  await bench.run(3_000);
  bench.motion = { current: playhead(8_000, OFFSET_MS, false) };
  bench.loop.poke();
  await bench.run(500);
  bench.simulated.setStalled(true);
  await bench.run(2_000);
  expect(bench.loop.status.stalled).toBe(false);
});
