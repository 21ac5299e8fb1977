import { describe, expect, test } from "vitest";
import * as k from "./controller-constants.js";
import { playhead } from "./simulated-player.js";
import { settleMs, steadyViewer, viewer } from "./simulated-viewers.js";

describe("following", () => {
  test("a player in step is left alone for ten minutes", () => {
    const one = steadyViewer({ durationMs: 3_600_000 });
    const since = one.entries.length;
    one.run(600_000);
    expect(one.entries.slice(since).flatMap((entry) => entry.result.actions)).toEqual([]);
  });

  test("a small error is closed by one burst of two writes within the steady bounds", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.player.slip(8);
    one.run(3_000);
    const rates = one.actions("rate", since).map((a) => (a.kind === "rate" ? a.rate : 0));
    expect(rates).toEqual([1 + k.STEADY_STEP, 1]);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(1);
  });

  test("an error below the threshold is corrected only when it lasts", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.player.slip(2.2);
    one.run(k.PATIENCE_MS - 2_000);
    expect(one.actions("rate", since)).toHaveLength(0);
    one.run(4_000);
    expect(one.actions("rate", since)).toHaveLength(2);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(1);
  });

  test("on a machine whose timers come late the corrections are gentle", () => {
    const one = steadyViewer();
    const strongest = () => {
      const since = one.entries.length;
      one.player.slip(100);
      one.run(8_000);
      const rates = one.actions("rate", since).map((a) => (a.kind === "rate" ? a.rate : 1));
      return Math.max(...rates.map((rate) => Math.abs(rate - 1)));
    };
    expect(strongest()).toBe(k.FAST_STEP_LARGE);
    one.lateMs = 60;
    strongest();
    one.run(5_000);
    expect(strongest()).toBeLessThanOrEqual(k.OVERSHOOT_MS / 60 + 0.01);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS + 1);
  });

  test("a slip of three quanta is repaired unheard, a larger one at once", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.player.slip(60);
    expect(settleMs(one, 10_000)).toBeLessThan(7_000);
    for (const action of one.actions("rate", since)) {
      expect(Math.abs((action.kind === "rate" ? action.rate : 1) - 1)).toBeLessThanOrEqual(0.01);
    }
    one.player.slip(110);
    expect(settleMs(one, 3_000)).toBeLessThan(1_500);
  });

  test("an error no burst can close is closed by a seek and a start, once", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.player.slip(900);
    expect(settleMs(one, 3_000)).toBeLessThan(900);
    expect(one.actions("seek", since)).toHaveLength(1);
  });

  test("500 ppm of drift is trimmed away after two agreeing intervals", () => {
    const one = steadyViewer({ drift: 500e-6 });
    one.run(40_000);
    expect(one.controllerState.trim).toBeCloseTo(-500e-6, 4);
    const since = one.entries.length;
    let worst = 0;
    one.run(60_000, () => {
      worst = Math.max(worst, Math.abs(one.trueErrorMs));
    });
    expect(worst).toBeLessThan(k.ENTER_MS + 0.5);
    expect(one.actions("rate", since).length).toBeLessThanOrEqual(4);
  });

  test("1,000 ppm of drift, which is corrected every three seconds, is trimmed away by three agreeing intervals", () => {
    const one = steadyViewer({ drift: 1000e-6, durationMs: 3_600_000 });
    one.run(20_000);
    expect(one.controllerState.trim).toBeCloseTo(-1000e-6, 4);
    const since = one.entries.length;
    one.run(60_000);
    expect(one.actions("rate", since).length).toBeLessThanOrEqual(8);
  });

  test("a slip inside an interval is not taken for drift", () => {
    const one = steadyViewer();
    for (let slips = 0; slips < 4; slips += 1) {
      one.player.slip(slips % 2 === 0 ? 2.5 : -2.5);
      one.run(5_000);
    }
    expect(one.controllerState.trim).toBe(0);
  });

  test("in steady state no rate leaves 1 by more than 0.01", () => {
    const one = steadyViewer({ drift: 900e-6 });
    const since = one.entries.length;
    one.run(60_000);
    one.player.slip(21);
    one.run(20_000);
    for (const action of one.actions("rate", since)) {
      expect(Math.abs((action.kind === "rate" ? action.rate : 1) - 1)).toBeLessThanOrEqual(0.01);
    }
  });

  test("the per-source offset shifts where the player stands", () => {
    const one = viewer();
    one.sourceOffsetMs = 80;
    one.pauseRoom(5_000);
    one.run(500);
    expect(one.player.truePositionMs).toBe(5_080);
    one.schedulePlay(5_000, 500);
    one.run(3_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });
});

describe("stalls", () => {
  test("a stall is not fought, and is repaired after it ends", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.player.setStalled(true);
    one.run(1_000);
    expect(one.entries.slice(since).flatMap((entry) => entry.result.actions)).toEqual([]);
    expect(one.entries.at(-1)?.result.phase).toBe("stalled");
    one.player.setStalled(false);
    expect(settleMs(one, 3_000)).toBeLessThan(600);
  });

  test("a burst that meets a stall is aborted", () => {
    const one = steadyViewer();
    one.player.slip(15);
    one.run(1_200);
    expect(one.player.report().rate).toBe(1 + k.STEADY_STEP);
    one.player.setStalled(true);
    one.stepNow();
    expect(one.player.report().rate).toBe(1);
  });

  test("a burst that meets a pause is aborted", () => {
    const one = steadyViewer();
    one.player.slip(15);
    one.run(1_200);
    one.pauseRoom(18_000);
    expect(one.player.report().rate).toBe(1);
    one.run(300);
    expect(one.player.truePositionMs).toBe(18_000);
  });

  test("a player that stalls after every repair is not thrashed", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    for (let round = 0; round < 30; round += 1) {
      one.player.setStalled(true);
      one.run(700);
      one.player.setStalled(false);
      one.run(300);
    }
    expect(one.actions("seek", since).length).toBeLessThanOrEqual(6);
  });
});

describe("players that can do less", () => {
  test("a player without fine rates is corrected by seeks that learn their cost", () => {
    const one = steadyViewer(
      { playLatencyMs: 300, seekMs: 200 },
      { fineRate: false, rateSteps: [0.5, 1, 2] },
    );
    const since = one.entries.length;
    one.player.slip(700);
    one.run(10_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.COARSE_SEEK_MS);
    one.player.slip(700);
    one.run(10_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(40);
    expect(one.actions("rate", since)).toHaveLength(0);
    expect(one.actions("seek", since).length).toBeLessThanOrEqual(4);
  });

  test("an embedded player that comes back from an advertisement returns at once", () => {
    const embedded = { fineRate: false, rateSteps: [1], clockResolutionMs: 250, waiting: false };
    const one = steadyViewer({ playLatencyMs: 200, seekMs: 200 }, embedded);
    one.player.setStalled(true);
    one.run(8_000);
    one.player.setStalled(false);
    one.run(1_500);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(500);
  });

  test("a player that cannot change its rate is never told one", () => {
    const one = steadyViewer({}, { fineRate: false, rateSteps: [] });
    one.player.slip(500);
    one.run(10_000);
    expect(one.actions("rate")).toHaveLength(0);
  });

  test("a rate of the room that a player lacks becomes the nearest it has", () => {
    const one = viewer({}, { fineRate: false, rateSteps: [0.5, 1, 1.25, 2] });
    one.motion = { current: playhead(5_000, one.serverMs, true, 1.3) };
    one.stepNow();
    one.run(1_000);
    expect(one.actions("rate")).toEqual([{ kind: "rate", rate: 1.25, preservesPitch: true }]);
  });

  test("a player that accepts rates and ignores them is found out and corrected by seeks", () => {
    const one = steadyViewer({ liesAboutRate: true });
    one.player.slip(60);
    one.run(20_000);
    expect(one.controllerState.burstFailures).toBeGreaterThanOrEqual(k.BURST_FAILURES_MAX);
    const since = one.entries.length;
    one.player.slip(600);
    one.run(10_000);
    expect(one.actions("rate", since)).toHaveLength(0);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.COARSE_SEEK_MS);
  });

  test("at another rate of the room the saw-tooth of the clock is not chased", () => {
    const one = steadyViewer({ sawtoothMs: 9 });
    one.setMotion({ current: playhead(20_000, one.serverMs, true, 1.5) });
    one.run(8_000);
    const since = one.entries.length;
    one.player.slip(25);
    one.run(60_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.SAWTOOTH_ENTER_MS);
    expect(one.actions("rate", since).length).toBeLessThanOrEqual(6);
    expect(one.controllerState.burstFailures).toBe(0);
  });

  test("a player whose rate seemed not to work gets another chance", () => {
    const one = steadyViewer({ liesAboutRate: true });
    one.player.slip(60);
    one.run(20_000);
    expect(one.controllerState.burstFailures).toBe(k.BURST_FAILURES_MAX);
    const since = one.entries.length;
    one.run(k.BURST_FAILURES_FORGIVEN_MS);
    expect(one.actions("rate", since)).toHaveLength(2);
  });

  test("an embedded player with a coarse clock learns its start from what it was off after it", () => {
    const embedded = {
      fineRate: false,
      rateSteps: [0.5, 1, 2],
      clockResolutionMs: 250,
      waiting: false,
    };
    const one = viewer({ playLatencyMs: 450, seekMs: 300 }, embedded);
    one.pauseRoom(5_000);
    for (let start = 0; start < 4; start += 1) {
      one.run(1_000);
      one.schedulePlay(5_000, 800);
      one.run(12_000);
      one.pauseRoom(5_000);
    }
    one.run(1_000);
    const startMs = one.schedulePlay(5_000, 800);
    one.run(3_000);
    expect(one.player.nowMs).toBeGreaterThan(startMs);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(60);
  });

  test("a room's rate that an embedded player lacks does not end in seek after seek", () => {
    const one = viewer({ seekMs: 200 }, { fineRate: false, rateSteps: [1, 1.25, 2] });
    one.motion = { current: playhead(5_000, one.serverMs, true, 1.35) };
    one.stepNow();
    one.run(60_000);
    expect(one.actions("seek").length).toBeLessThanOrEqual(8);
  });

  test("a clock that moves in steps of 40 ms is followed by its freshest readings", () => {
    const one = steadyViewer({}, { clockResolutionMs: 40 });
    one.run(10_000);
    const since = one.entries.length;
    one.run(60_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(6);
    expect(one.actions("rate", since).length).toBeLessThanOrEqual(12);
  });
});
