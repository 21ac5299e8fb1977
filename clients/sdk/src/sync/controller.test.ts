import { describe, expect, test } from "vitest";
import * as k from "./controller-constants.js";
import {
  type Behaviour,
  playhead,
  SimulatedPlayer,
  SimulatedViewer,
  seededRandom,
} from "./simulated-player.js";

function viewer(behaviour: Partial<Behaviour> = {}, capabilities = {}): SimulatedViewer {
  return new SimulatedViewer(new SimulatedPlayer(behaviour, capabilities));
}

/** A viewer that has been playing with its room for a while. */
function steadyViewer(behaviour: Partial<Behaviour> = {}, capabilities = {}): SimulatedViewer {
  const one = viewer(behaviour, capabilities);
  one.pauseRoom(10_000);
  one.run(500);
  one.schedulePlay(10_000, 500);
  one.run(8_000);
  return one;
}

/** How long from now until the true error stays within the limit, over the next ms. */
function settleMs(one: SimulatedViewer, forMs: number, limitMs = 10): number {
  const from = one.player.nowMs;
  let outside = from;
  one.run(forMs, () => {
    if (Math.abs(one.trueErrorMs) > limitMs) outside = one.player.nowMs;
  });
  return outside - from;
}

describe("starting", () => {
  test("a scheduled start is primed while waiting and play() comes a latency ahead", () => {
    const one = viewer();
    one.pauseRoom(0);
    one.run(300);
    const startMs = one.schedulePlay(42_000, 500);
    one.run(300);
    expect(one.actions("seek")).toEqual([{ kind: "seek", positionMs: 42_000 }]);
    expect(one.actions("play")).toHaveLength(0);
    one.run(3_000);
    const played = one.entries.find((entry) => entry.result.actions.some((a) => a.kind === "play"));
    expect(startMs - (played?.input.localMs as number)).toBeCloseTo(k.PLAY_LATENCY_MS, 0);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_FAST_MS);
  });

  test("the next start uses the latency learnt from the last", () => {
    const one = viewer({ playLatencyMs: 140 });
    one.pauseRoom(0);
    one.schedulePlay(0, 500);
    one.run(3_000);
    one.pauseRoom(3_000);
    one.run(500);
    const startMs = one.schedulePlay(3_000, 500);
    let atStartMs = Number.NaN;
    one.run(1_000, () => {
      if (one.player.nowMs >= startMs + 20 && Number.isNaN(atStartMs)) atStartMs = one.trueErrorMs;
    });
    expect(Math.abs(atStartMs)).toBeLessThan(2);
  });

  test("a late start teaches no latency, a stalled one neither", () => {
    const one = viewer();
    one.pauseRoom(0);
    one.schedulePlay(0, 300);
    one.run(260);
    one.player.setStalled(true);
    one.run(250);
    one.player.setStalled(false);
    one.run(3_000);
    expect(one.controllerState.learned.playLatencyMs.every((ms) => ms < 100)).toBe(true);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });

  test("one who joins a playing room gets there by one seek and one start", () => {
    const one = viewer();
    one.motion = { current: playhead(60_000, one.serverMs - 20_000, true) };
    one.stepNow();
    expect(settleMs(one, 4_000)).toBeLessThan(600);
    expect(one.actions("seek")).toHaveLength(1);
    expect(one.actions("play")).toHaveLength(1);
  });

  test("a command that arrives after its start instant is caught up with", () => {
    const one = viewer();
    one.pauseRoom(5_000);
    one.run(500);
    one.schedulePlay(5_000, 0);
    expect(settleMs(one, 3_000)).toBeLessThan(700);
  });

  test("a seek while playing stops at once, waits in place and starts with the room", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    const startMs = one.schedulePlay(90_000, 450);
    expect(one.actions("pause", since)).toHaveLength(1);
    one.run(200);
    expect(one.player.truePositionMs).toBe(90_000);
    one.run(3_000);
    expect(one.player.nowMs).toBeGreaterThan(startMs);
    expect(one.actions("seek", since)).toHaveLength(1);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });

  test("a start that is cancelled by a pause never happens", () => {
    const one = viewer();
    one.pauseRoom(5_000);
    one.run(500);
    one.schedulePlay(5_000, 500);
    one.run(200);
    one.pauseRoom(5_000);
    one.run(2_000);
    expect(one.actions("play")).toHaveLength(0);
    expect(one.player.paused).toBe(true);
  });

  test("a pending change of rate is written ahead without stopping", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    const current = one.motion?.pending as NonNullable<typeof one.motion>["current"];
    const changeAtMs = one.serverMs + 500;
    const changed = playhead(0, changeAtMs, true, 1.5);
    const reachedUs = current.anchorPositionUs + (changed.anchorTick - current.anchorTick) * 50_000;
    one.setMotion({ current, pending: { ...changed, anchorPositionUs: reachedUs } });
    let worst = 0;
    one.run(4_000, () => {
      worst = Math.max(worst, Math.abs(one.trueErrorMs));
    });
    expect(worst).toBeLessThan(10);
    expect(one.actions("pause", since)).toHaveLength(0);
    expect(one.actions("seek", since)).toHaveLength(0);
    expect(one.actions("rate", since)[0]).toEqual({
      kind: "rate",
      rate: 1.5,
      preservesPitch: true,
    });
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });
});

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

  test("a slip of two quanta is repaired quickly", () => {
    const one = steadyViewer();
    one.player.slip(60);
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

describe("paused rooms and ends", () => {
  test("a pause stops the player and puts it where the room stands, once", () => {
    const one = steadyViewer();
    const since = one.entries.length;
    one.pauseRoom(17_000);
    one.run(5_000);
    expect(one.actions("pause", since)).toHaveLength(1);
    expect(one.actions("seek", since)).toEqual([{ kind: "seek", positionMs: 17_000 }]);
  });

  test("a source that cannot land exactly is not asked again and again", () => {
    const one = viewer();
    one.pauseRoom(5_000);
    one.run(200);
    one.player.userSeek(4_974);
    one.run(5_000);
    expect(one.actions("seek")).toHaveLength(1);
  });

  test("a player near the end runs out by itself, and nothing is fought after", () => {
    const one = viewer({ durationMs: 20_000 });
    one.pauseRoom(15_000);
    one.run(300);
    one.schedulePlay(15_000, 300);
    one.run(4_500);
    const since = one.entries.length;
    one.run(10_000);
    expect(one.player.report().ended).toBe(true);
    expect(one.entries.slice(since).flatMap((entry) => entry.result.actions)).toEqual([]);
    expect(one.entries.at(-1)?.result.phase).toBe("ended");
  });

  test("a room that goes back from the end takes the player along", () => {
    const one = viewer({ durationMs: 20_000 });
    one.pauseRoom(19_900);
    one.schedulePlay(19_900, 300);
    one.run(3_000);
    one.schedulePlay(1_000, 450);
    one.run(3_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });
});

describe("hands off", () => {
  test("nothing happens without motion, without a clock, or before the media is loaded", () => {
    const one = viewer();
    one.stepNow();
    one.run(2_000);
    expect(one.entries.flatMap((entry) => entry.result.actions)).toEqual([]);
    expect(one.entries.at(-1)?.result.phase).toBe("idle");
  });

  test("a user who is acting is not fought", () => {
    const one = steadyViewer();
    one.player.userActing = true;
    one.player.userSeek(50_000);
    const since = one.entries.length;
    one.run(1_000);
    expect(one.entries.slice(since).flatMap((entry) => entry.result.actions)).toEqual([]);
    one.player.userActing = false;
    one.run(3_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });

  test("a blocked player is not asked to play until it is unblocked", () => {
    const one = viewer();
    one.player.blocked = true;
    one.motion = { current: playhead(5_000, one.serverMs, true) };
    one.stepNow();
    one.run(3_000);
    expect(one.actions("play")).toHaveLength(0);
    expect(one.entries.at(-1)?.result.phase).toBe("blocked");
    one.player.blocked = false;
    one.run(3_000);
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(k.ENTER_MS);
  });

  test("another media keeps what was learnt of the player", () => {
    const one = steadyViewer({ drift: 500e-6 });
    one.run(40_000);
    const { learned, trim } = one.controllerState;
    one.setMotion({ current: { ...playhead(0, one.serverMs, false), media: 2 } });
    expect(one.controllerState.learned).toEqual(learned);
    expect(one.controllerState.trim).toBe(trim);
    expect(one.controllerState.burst).toBeUndefined();
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
    expect(Math.abs(one.trueErrorMs)).toBeLessThan(12);
    expect(one.actions("rate", since).length).toBeLessThanOrEqual(12);
  });
});

test("whatever happens, the player ends in step and nothing is written needlessly", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const one = viewer({
      playLatencyMs: 60 + random() * 60,
      seekMs: 10 + random() * 80,
      drift: (random() - 0.5) * 400e-6,
      durationMs: 3_600_000,
    });
    const said: string[] = [];
    one.pauseRoom(10_000);
    for (let act = 0; act < 12; act += 1) {
      const kind = Math.floor(random() * 6);
      const positionMs = Math.round(random() * 1_000_000);
      said.push(`${kind}@${positionMs}`);
      if (kind === 0) one.pauseRoom(positionMs);
      if (kind === 1) one.schedulePlay(positionMs, random() * 600);
      if (kind === 2) one.player.slip(random() * 100);
      if (kind === 3) one.player.setStalled(true);
      if (kind === 4) one.clockErrorMs = (random() - 0.5) * 4;
      one.run(random() * 1_500);
      one.player.setStalled(false);
    }
    one.clockErrorMs = 0;
    one.schedulePlay(50_000, 400);
    one.run(25_000);
    const since = one.entries.length;
    one.run(30_000);
    const story = `seed ${seed}: ${said.join(" ")}`;
    expect(Math.abs(one.trueErrorMs), story).toBeLessThan(k.ENTER_MS + 1);
    expect(one.actions("seek", since), story).toEqual([]);
    expect(one.actions("rate", since).length, story).toBeLessThanOrEqual(8);
  }
});
