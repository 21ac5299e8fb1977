import { beforeEach, describe, expect, test } from "vitest";
import {
  DISTURBED_MS,
  INTENT_HOLD_MS,
  type MediaElementLike,
  MediaElementPlayer,
  type MediaElementPlayerOptions,
  STALL_MS,
} from "./media-element-player.js";
import type { UserIntent } from "./player.js";

/** An element whose events come later than the acts, as a browser's do. */
class FakeElement extends EventTarget implements MediaElementLike {
  duration = 600;
  paused = true;
  ended = false;
  seeking = false;
  readyState = 4;
  isConnected = true;
  preservesPitch = true;
  ranges: [number, number][] = [[0, 30]];
  playResult: () => Promise<void> | undefined = () => Promise.resolve();
  roundRate = (rate: number) => rate;
  private position = 0;
  private rate = 1;
  private readonly queue: string[] = [];

  get currentTime(): number {
    return this.position;
  }
  set currentTime(seconds: number) {
    this.position = seconds;
    this.seeking = true;
    this.queue.push("seeking");
  }
  get playbackRate(): number {
    return this.rate;
  }
  set playbackRate(rate: number) {
    this.rate = this.roundRate(rate);
    this.queue.push("ratechange");
  }
  get buffered() {
    const { ranges } = this;
    return {
      length: ranges.length,
      start: (index: number) => ranges[index]?.[0] as number,
      end: (index: number) => ranges[index]?.[1] as number,
    };
  }
  play() {
    if (this.paused) this.queue.push("play");
    this.paused = false;
    return this.playResult();
  }
  pause(): void {
    if (!this.paused) this.queue.push("pause");
    this.paused = true;
  }
  emit(type: string): void {
    this.dispatchEvent(new Event(type));
  }
  /** Lets the events of everything done so far arrive. */
  deliver(): void {
    for (const type of this.queue.splice(0)) this.emit(type);
    if (this.seeking) {
      this.seeking = false;
      this.emit("seeked");
    }
  }
  move(seconds: number): void {
    this.position += seconds;
  }
}

let element: FakeElement;
let nowMs: number;
let intents: UserIntent[];

function playerOf(options: MediaElementPlayerOptions = {}): MediaElementPlayer {
  const player = new MediaElementPlayer(element, { now: () => nowMs, ...options });
  player.onIntent((intent) => intents.push(intent));
  return player;
}

/** Plays on for so long, reported every 20 ms. */
function playOn(player: MediaElementPlayer, forMs: number, stepMs = 0): void {
  const from = element.currentTime;
  const end = nowMs + forMs;
  let shown = 0;
  while (nowMs < end) {
    nowMs += 20;
    const elapsed = forMs - (end - nowMs);
    const target = stepMs > 0 ? Math.floor(elapsed / stepMs) * stepMs : elapsed;
    element.move((target - shown) / 1000);
    shown = target;
    player.report();
  }
  expect(element.currentTime).toBeGreaterThanOrEqual(from);
}

beforeEach(() => {
  element = new FakeElement();
  nowMs = 1_000;
  intents = [];
});

describe("who did it", () => {
  test("our own actions never come back as intents", () => {
    const player = playerOf();
    player.play();
    player.seek(42_000);
    player.setRate(1.05, false);
    element.deliver();
    player.pause();
    element.deliver();
    expect(intents).toEqual([]);
  });

  test("our own pause and play in one task are not mistaken for a user's", () => {
    const player = playerOf();
    player.play();
    element.deliver();
    player.pause();
    player.seek(10_000);
    player.play();
    element.deliver();
    expect(intents).toEqual([]);
  });

  test("a pause by media key becomes an intent, once, and holds the controller off", () => {
    const player = playerOf();
    player.play();
    element.deliver();
    element.move(5);
    element.pause();
    element.deliver();
    element.emit("pause");
    expect(intents).toEqual([{ kind: "pause", positionMs: 5_000 }]);
    expect(player.report().userActing).toBe(true);
    nowMs += INTENT_HOLD_MS;
    expect(player.report().userActing).toBe(false);
  });

  test("play, seek and rate of the user become intents", () => {
    const player = playerOf();
    player.play();
    player.pause();
    element.deliver();
    element.play();
    element.deliver();
    element.currentTime = 99;
    element.deliver();
    element.playbackRate = 1.5;
    element.deliver();
    expect(intents).toEqual([
      { kind: "play", positionMs: 0 },
      { kind: "seek", positionMs: 99_000 },
      { kind: "rate", rate: 1.5 },
    ]);
  });

  test("reaching the end and leaving the page are not pauses of the user", () => {
    const player = playerOf();
    player.play();
    element.deliver();
    element.move(600);
    element.ended = true;
    element.pause();
    element.deliver();
    element.ended = false;
    element.move(-500);
    player.play();
    element.deliver();
    element.isConnected = false;
    element.pause();
    element.deliver();
    expect(intents).toEqual([]);
  });

  test("an adaptive player that hops a gap or finds its beginning is not a user seeking", () => {
    const player = playerOf();
    element.currentTime = 3;
    element.deliver();
    player.play();
    element.deliver();
    player.report();
    element.readyState = 2;
    element.emit("waiting");
    element.currentTime = 3.1;
    element.deliver();
    expect(intents).toEqual([]);
  });

  test("another source resets the element without anyone having acted", () => {
    const player = playerOf();
    player.play();
    player.setRate(1.05, false);
    element.deliver();
    element.paused = true;
    element.playbackRate = 1;
    element.emit("emptied");
    element.deliver();
    expect(intents).toEqual([]);
  });
});

describe("autoplay", () => {
  const refusal = () => {
    element.paused = true;
    return Promise.reject(Object.assign(new Error("no gesture"), { name: "NotAllowedError" }));
  };

  test("a refused start is reported as blocked, and a gesture lifts it", async () => {
    const player = playerOf();
    element.playResult = refusal;
    player.play();
    await Promise.resolve();
    await Promise.resolve();
    element.deliver();
    expect(player.report().blocked).toBe(true);
    expect(intents).toEqual([]);
    element.playResult = () => Promise.resolve();
    player.unblock();
    await Promise.resolve();
    expect(player.report().blocked).toBe(false);
  });

  test("a start that was overtaken by a pause is not blocked", async () => {
    const player = playerOf();
    element.playResult = () =>
      Promise.reject(Object.assign(new Error("x"), { name: "AbortError" }));
    player.play();
    await Promise.resolve();
    await Promise.resolve();
    expect(player.report().blocked).toBe(false);
  });

  test("a stand-in whose play() returns nothing is fine", () => {
    const player = playerOf();
    element.playResult = () => undefined;
    expect(() => player.play()).not.toThrow();
  });
});

describe("stalls", () => {
  test("waiting is a stall until the position moves", () => {
    const player = playerOf();
    player.play();
    element.deliver();
    playOn(player, 200);
    element.emit("waiting");
    expect(player.report().stalled).toBe(true);
    element.move(0.02);
    expect(player.report().stalled).toBe(false);
  });

  test("a player that never says waiting stalls when its position stands still", () => {
    const player = playerOf({ capabilities: { waiting: false } });
    player.play();
    element.deliver();
    playOn(player, 200);
    nowMs += STALL_MS - 50;
    expect(player.report().stalled).toBe(false);
    nowMs += 100;
    expect(player.report().stalled).toBe(true);
  });

  test("a paused, ended or seeking player is not stalled", () => {
    const player = playerOf();
    nowMs += 10_000;
    expect(player.report().stalled).toBe(false);
    player.play();
    element.deliver();
    player.seek(50_000);
    nowMs += STALL_MS + 200;
    expect(player.report()).toMatchObject({ stalled: false, seeking: true });
  });
});

describe("what it can do", () => {
  test("a rate that reads back otherwise disproves fine rates", () => {
    const player = playerOf();
    element.roundRate = (rate) => Math.round(rate * 4) / 4;
    player.play();
    player.setRate(1.03, false);
    element.deliver();
    expect(player.capabilities.fineRate).toBe(false);
    expect(intents).toEqual([]);
  });

  test("a clock that moves in steps is found out, a smooth one is not", () => {
    const stepping = playerOf();
    stepping.play();
    element.deliver();
    nowMs += DISTURBED_MS;
    playOn(stepping, 2_000, 60);
    expect(stepping.capabilities.clockResolutionMs).toBeGreaterThanOrEqual(50);
    // Looked at rarely it always seems to move, which proves nothing.
    for (let reading = 0; reading < 100; reading += 1) {
      nowMs += 120;
      element.move(0.12);
      stepping.report();
    }
    expect(stepping.capabilities.clockResolutionMs).toBeGreaterThanOrEqual(50);
    const smooth = playerOf();
    smooth.play();
    element.deliver();
    nowMs += DISTURBED_MS;
    playOn(smooth, 2_000);
    expect(smooth.capabilities.clockResolutionMs).toBe(0);
  });

  test("pitch is left free or kept as told", () => {
    const player = playerOf();
    player.setRate(1.01, false);
    expect(element.preservesPitch).toBe(false);
    player.setRate(1.5, true);
    expect(element.preservesPitch).toBe(true);
  });
});

test("a report tells position, duration and what is buffered ahead", () => {
  const player = playerOf();
  element.currentTime = 12;
  element.deliver();
  expect(player.report()).toMatchObject({
    positionMs: 12_000,
    durationMs: 600_000,
    bufferMs: 18_000,
  });
  element.duration = Number.POSITIVE_INFINITY;
  expect(player.report().durationMs).toBeUndefined();
  element.readyState = 0;
  expect(player.report()).toMatchObject({ loaded: false, ready: false });
});

test("a disposed player listens no more", () => {
  const player = playerOf();
  player.play();
  element.deliver();
  player.dispose();
  element.pause();
  element.deliver();
  expect(intents).toEqual([]);
});

test("an element that answers late is not taken for its user", () => {
  const player = playerOf({ answerMs: 2_000 });
  player.play();
  player.pause();
  // The start that was taken back shows only now.
  nowMs += 160;
  element.paused = false;
  element.emit("play");
  nowMs += 100;
  element.paused = true;
  element.emit("pause");
  expect(intents).toEqual([]);
  // Long after the last act it is the user's.
  nowMs += 2_000;
  element.paused = false;
  element.emit("play");
  expect(intents).toEqual([{ kind: "play", positionMs: 0 }]);
});
