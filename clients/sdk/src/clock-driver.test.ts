import { describe, expect, it } from "vitest";
import { FakeEnvironment, FakeTime } from "../test/fake-environment.js";
import { ClockDriver, PINGS_MAX } from "./clock-driver.js";

const AHEAD_MS = 70_000;
const welcome = { clockId: "1", serverTimeUs: 0, pingIntervalMs: 250 };

function setUp(delayMs = 10) {
  const time = new FakeTime();
  const environment = new FakeEnvironment(time);
  const pings: number[] = [];
  let answering = true;
  let viewers = 2;
  const clock: ClockDriver = new ClockDriver({
    environment,
    ping: (t0Us) => {
      pings.push(time.nowMs);
      const serverUs = (time.nowMs + delayMs + AHEAD_MS) * 1000;
      if (answering) {
        time.after(2 * delayMs, () =>
          clock.pong({ type: "pong", t0Us, t1Us: serverUs, t2Us: serverUs }, environment.now()),
        );
      }
      return true;
    },
    viewers: () => viewers,
    onReset: () => {},
  });
  return {
    time,
    environment,
    clock,
    pings,
    answer: (yes: boolean) => {
      answering = yes;
    },
    crowd: (count: number) => {
      viewers = count;
    },
  };
}

const perSecond = (pings: readonly number[], fromMs: number) =>
  pings.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000).length;

describe("the clock driver", () => {
  it("pings quickly at first, ten times a second for a minute, then as the engine says", async () => {
    const { time, clock, pings } = setUp();
    clock.start(welcome);
    await time.advance(70_000);
    expect(perSecond(pings, 0)).toBeGreaterThan(15);
    expect(perSecond(pings, 5_000)).toBe(10);
    expect(perSecond(pings, 65_000)).toBe(4);
  });

  it("pings less in a crowd", async () => {
    const { time, clock, pings, crowd } = setUp();
    crowd(2_000);
    clock.start({ ...welcome, pingIntervalMs: 10_000 });
    await time.advance(90_000);
    expect(pings.filter((atMs) => atMs > 70_000).length).toBeLessThanOrEqual(2);
  });

  it("is for steering only once it has settled, but can stamp from the welcome on", async () => {
    const { time, clock, environment } = setUp();
    expect(clock.roughServerNow(0)).toBeUndefined();
    clock.start({ ...welcome, serverTimeUs: AHEAD_MS * 1000 });
    expect(clock.roughServerNow(environment.now())).toBe(AHEAD_MS);
    expect(clock.serverNow(environment.now())).toBeUndefined();
    await time.advance(2_000);
    expect(clock.serverNow(environment.now())).toBeCloseTo(2_000 + AHEAD_MS, 3);
  });

  it("forgets the time of an engine run that has ended", async () => {
    const { time, clock, environment } = setUp();
    clock.start({ ...welcome, serverTimeUs: AHEAD_MS * 1000 });
    await time.advance(2_000);
    clock.start({ ...welcome, clockId: "2", serverTimeUs: 5_000_000 });
    expect(clock.serverNow(environment.now())).toBeUndefined();
    expect(clock.roughServerNow(environment.now())).toBe(5_000);
  });

  it("takes no answer to a question that was not asked, and none twice", async () => {
    const { time, clock, environment, answer } = setUp();
    answer(false);
    clock.start(welcome);
    await time.advance(100);
    clock.pong({ type: "pong", t0Us: 77, t1Us: 1e9, t2Us: 1e9 }, environment.now());
    expect(clock.estimate(environment.now())).toBeUndefined();
    const pong = { type: "pong", t0Us: 50_000, t1Us: 1e9, t2Us: 1e9 } as const;
    clock.pong(pong, environment.now());
    clock.pong(pong, environment.now() + 50);
    expect(clock.estimate(environment.now())?.samples).toBe(1);
  });

  it("forgets the oldest of too many unanswered pings", async () => {
    const { time, clock, environment, answer, pings } = setUp();
    answer(false);
    clock.start(welcome);
    await time.advance(30_000);
    expect(pings.length).toBeGreaterThan(PINGS_MAX);
    clock.pong({ type: "pong", t0Us: 0, t1Us: 1e9, t2Us: 1e9 }, environment.now());
    expect(clock.estimate(environment.now())).toBeUndefined();
  });

  it("asks nothing while there is no connection", async () => {
    const { time, clock, pings } = setUp();
    clock.start(welcome);
    await time.advance(500);
    clock.stop();
    const before = pings.length;
    clock.reset();
    await time.advance(5_000);
    expect(pings).toHaveLength(before);
  });
});
