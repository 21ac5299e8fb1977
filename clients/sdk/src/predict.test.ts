import { describe, expect, it } from "vitest";
import type { Action } from "./messages.js";
import { type Issue, predict } from "./predict.js";
import type { Motion, Playhead } from "./sync/motion.js";

const playhead: Playhead = {
  media: 1,
  anchorPositionUs: 20_000_000,
  anchorTick: 100,
  ratePermille: 1000,
  playing: false,
};
const paused: Motion = { current: playhead };
const playing: Motion = { current: { ...playhead, playing: true } };
/** One second after tick 100. */
const issue: Issue = {
  serverMs: 6_010,
  positionUs: undefined,
  tickUs: 50_000,
  startTicks: 4,
  seekTicks: 7,
  durationUs: 60_000_000,
};
const now = (motion: Motion, action: Action, change: Partial<Issue> = {}) =>
  predict(motion, action, { ...issue, ...change });

describe("what the room will make of a command", () => {
  it("play starts from where the room stands, a lead ahead", () => {
    expect(now(paused, { kind: "play" })).toEqual({
      current: playhead,
      pending: { ...playhead, playing: true, anchorTick: 124 },
    });
  });

  it("play at the end starts over", () => {
    const atEnd = { current: { ...playhead, anchorPositionUs: 60_000_000 } };
    expect(now(atEnd, { kind: "play" }).pending?.anchorPositionUs).toBe(0);
  });

  it("pause takes the position that its author saw, within half a second", () => {
    const at = (positionUs: number | undefined, motion = playing) =>
      now(motion, { kind: "pause" }, { positionUs }).current.anchorPositionUs;
    expect(at(undefined)).toBe(21_010_000);
    expect(at(20_900_000)).toBe(20_900_000);
    expect(at(0)).toBe(20_510_000);
    expect(at(59_000_000)).toBe(21_510_000);
    const fast = { current: { ...playing.current, ratePermille: 2000 } };
    expect(at(0, fast)).toBe(20_000_000 + 2 * 1_010_000 - 1_000_000);
  });

  it("pause cancels a start that is pending", () => {
    const starting = now(paused, { kind: "play" });
    expect(now(starting, { kind: "pause" })).toEqual({
      current: { ...playhead, anchorTick: 120 },
    });
  });

  it("seek stands at its target, and starts from there if the room plays", () => {
    const target = { ...playhead, anchorPositionUs: 5_000_000, anchorTick: 120 };
    const seek: Action = { kind: "seek", positionUs: 5_000_000 };
    expect(now(paused, seek)).toEqual({ current: target });
    expect(now(playing, seek)).toEqual({
      current: target,
      pending: { ...target, playing: true, anchorTick: 127 },
    });
  });

  it("seek stays within the media", () => {
    const to = (positionUs: number, change: Partial<Issue> = {}) =>
      now(paused, { kind: "seek", positionUs }, change).current.anchorPositionUs;
    expect(to(-1)).toBe(0);
    expect(to(90_000_000)).toBe(60_000_000);
    expect(to(90_000_000, { durationUs: 0 })).toBe(90_000_000);
  });

  it("a rate holds at once while standing, and from a lead on while playing", () => {
    const faster: Action = { kind: "setRate", ratePermille: 1500 };
    expect(now(paused, faster)).toEqual({ current: { ...playhead, ratePermille: 1500 } });
    expect(now(playing, faster)).toEqual({
      current: playing.current,
      pending: {
        ...playing.current,
        ratePermille: 1500,
        anchorTick: 124,
        anchorPositionUs: 21_200_000,
      },
    });
    const starting = now(paused, { kind: "play" });
    expect(now(starting, faster).pending?.ratePermille).toBe(1500);
    const changing = now(playing, faster);
    expect(now(changing, { kind: "setRate", ratePermille: 1000 })).toEqual(playing);
  });

  it("changes nothing where the room has done it already", () => {
    const starting = now(paused, { kind: "play" });
    expect(now(starting, { kind: "play" })).toBe(starting);
    expect(now(playing, { kind: "play" })).toBe(playing);
    expect(now(paused, { kind: "pause" })).toBe(paused);
    const sought = now(playing, { kind: "seek", positionUs: 5_000_000 });
    expect(now(sought, { kind: "seek", positionUs: 5_000_000 })).toBe(sought);
    expect(now(paused, { kind: "setRate", ratePermille: 1000 })).toBe(paused);
    expect(now(paused, { kind: "setName", name: "x" })).toBe(paused);
  });
});
