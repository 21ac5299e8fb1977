import { describe, expect, it } from "vitest";
import { FakeTime } from "../test/fake-environment.js";
import type { CommandResult } from "./api.js";
import { Scrubber } from "./scrub.js";

function setUp() {
  const time = new FakeTime();
  const sent: { atMs: number; positionMs: number }[] = [];
  const scrubber = new Scrubber({
    now: () => time.nowMs,
    after: (delayMs, run) => time.after(delayMs, run),
    seek: (positionMs) => {
      sent.push({ atMs: time.nowMs, positionMs });
      const result: CommandResult = {
        verdict: "applied",
        code: "none",
        message: String(positionMs),
        retryMs: 0,
      };
      return Promise.resolve(result);
    },
  });
  return { time, sent, scrubber };
}

describe("scrubbing", () => {
  it("sends at most four seeks in any second of dragging, and always the last", async () => {
    const { time, sent, scrubber } = setUp();
    for (let i = 0; i <= 500; i += 1) {
      scrubber.move(i * 10);
      await time.advance(8);
    }
    await scrubber.end();
    expect(sent.at(-1)?.positionMs).toBe(5000);
    expect(sent.length).toBeGreaterThan(10);
    for (const { atMs } of sent) {
      const within = sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
      expect(within.length).toBeLessThanOrEqual(4);
    }
  });

  it("sends the first position at once and the last as the slider is let go", async () => {
    const { time, sent, scrubber } = setUp();
    scrubber.move(1);
    expect(sent).toEqual([{ atMs: 0, positionMs: 1 }]);
    await time.advance(10);
    scrubber.move(2);
    const result = await scrubber.end();
    expect(sent.at(-1)).toEqual({ atMs: 10, positionMs: 2 });
    expect(result?.message).toBe("2");
  });

  it("sends a position on which the slider rests without being let go", async () => {
    const { time, sent, scrubber } = setUp();
    scrubber.move(1);
    scrubber.move(2);
    await time.advance(1000);
    expect(sent.map(({ positionMs }) => positionMs)).toEqual([1, 2]);
  });

  it("answers the last seek also when nothing waits, and nothing when nothing was scrubbed", async () => {
    const { scrubber } = setUp();
    expect(scrubber.end()).toBeUndefined();
    scrubber.move(7);
    expect((await scrubber.end())?.message).toBe("7");
    expect(scrubber.end()).toBeUndefined();
  });

  it("forgets what waits when another action took its place", async () => {
    const { time, sent, scrubber } = setUp();
    scrubber.move(1);
    scrubber.move(2);
    scrubber.cancel();
    await time.advance(1000);
    expect(sent).toHaveLength(1);
  });
});
