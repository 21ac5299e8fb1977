import { describe, expect, test } from "vitest";
import { step } from "./controller.js";
import * as k from "./controller-constants.js";
import { initialState } from "./controller-state.js";
import { playhead, seededRandom } from "./simulated-player.js";
import { settleMs, steadyViewer, viewer } from "./simulated-viewers.js";

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

  test("data is fetched before the clock is known, once, and nothing is started by a guess", () => {
    const one = viewer();
    one.motion = { current: playhead(60_000, one.serverMs - 20_000, true) };
    const guess = {
      localMs: 0,
      serverMs: undefined,
      roughServerMs: one.serverMs,
      motion: one.motion,
      tickUs: 50_000,
      sourceOffsetMs: 0,
    };
    const report = { ...one.player.report(), bufferMs: 0 };
    const { capabilities } = one.player;
    const first = step(initialState, { ...guess, player: report, capabilities });
    expect(first.actions).toEqual([{ kind: "seek", positionMs: 80_000 }]);
    const second = step(first.state, { ...guess, player: report, capabilities });
    expect(second.actions).toEqual([]);
    for (const other of [
      { ...report, positionMs: 79_000, bufferMs: 5_000 },
      { ...report, paused: false },
      { ...report, userActing: true },
    ]) {
      expect(step(initialState, { ...guess, player: other, capabilities }).actions).toEqual([]);
    }
  });

  test("a second attempt does not wait again for data that has come", () => {
    const one = viewer({ firstSeekMs: 600 });
    one.motion = { current: playhead(60_000, one.serverMs - 20_000, true) };
    one.stepNow();
    expect(settleMs(one, 4_000)).toBeLessThan(1_000);
    expect(one.actions("seek")).toHaveLength(2);
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

describe("paused rooms and ends", () => {
  // Chromium moves a player that was only paused at once, some 85 ms ahead of one that was sought (measured).
  test("whoever paused where the room stands is put there too, so that all start alike", () => {
    const one = viewer();
    one.pauseRoom(5_000);
    one.schedulePlay(5_000, 300);
    one.run(3_000);
    const since = one.entries.length;
    one.pauseRoom(one.player.truePositionMs);
    one.run(500);
    expect(one.actions("seek", since)).toHaveLength(1);
    one.run(500);
    expect(one.actions("seek", since)).toHaveLength(1);
  });

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

  // A browser that is asked to play at the end begins again.
  test("a start at the end is not played", () => {
    const one = viewer({ durationMs: 20_000 });
    one.pauseRoom(19_900);
    one.schedulePlay(19_900, 300);
    one.run(3_000);
    const since = one.entries.length;
    one.schedulePlay(20_000, 300);
    one.run(3_000);
    expect(one.player.report().ended).toBe(true);
    expect(one.entries.slice(since).flatMap((entry) => entry.result.actions)).toEqual([]);
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
