import { describe, expect, it } from "vitest";
import { FakeEnvironment, FakeTime } from "../test/fake-environment.js";
import { encodeClientMessage } from "./encode.js";
import { Reports, reportOf } from "./reports.js";
import type { SyncStatus } from "./sync/sync-loop.js";

const sync: SyncStatus = {
  phase: "following",
  errorMs: -1.5,
  rate: 1,
  stalled: false,
  blocked: true,
  inexact: true,
  bufferMs: 1234.5,
  durationMs: 90_000,
};
const clock = {
  offsetMs: 1,
  errorBoundMs: 0.5,
  rttMs: 40,
  jitterMs: 3,
  samples: 20,
  settled: true,
};

describe("a report", () => {
  it("says how the player is doing, in the wire's units", () => {
    expect(reportOf({ version: 3, media: 2, clock, sync, pageVisible: true })).toEqual({
      type: "report",
      version: 3,
      media: 2,
      driftUs: -1500,
      delayUs: 20_000,
      clockErrorUs: 500,
      bufferMs: 1235,
      durationUs: 90_000_000,
      flags: 4 | 8,
    });
  });

  it("says away without a player and on a hidden page", () => {
    const flags = (change: { sync?: SyncStatus | undefined; pageVisible?: boolean }) =>
      reportOf({ version: 1, media: 1, clock, sync, pageVisible: true, ...change }).flags & 2;
    expect(flags({})).toBe(0);
    expect(flags({ sync: undefined })).toBe(2);
    expect(flags({ pageVisible: false })).toBe(2);
  });

  it("can always be written, whatever a player says", () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300]) {
      const report = reportOf({
        version: 1,
        media: 1,
        clock: { ...clock, rttMs: odd, errorBoundMs: odd },
        sync: { ...sync, errorMs: odd, bufferMs: odd, durationMs: odd },
        pageVisible: true,
      });
      expect(() => encodeClientMessage(report)).not.toThrow();
    }
  });

  it("goes out at the interval the engine asks for, within bounds, until stopped", async () => {
    const time = new FakeTime();
    let sent = 0;
    const reports = new Reports(new FakeEnvironment(time), () => {
      sent += 1;
    });
    reports.start(0);
    await time.advance(10_000);
    expect(sent).toBeLessThanOrEqual(40);
    sent = 0;
    reports.start(2_000);
    await time.advance(20_000);
    expect(sent).toBe(10);
    reports.stop();
    await time.advance(20_000);
    expect(sent).toBe(10);
  });
});
