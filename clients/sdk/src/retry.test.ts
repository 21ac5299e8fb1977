import { describe, expect, it } from "vitest";
import type { ErrorCodeName } from "./api.js";
import { ERROR_CODES } from "./messages.js";
import { afterEnding, endingOfClose, FAULTS_MAX, RETRY_MS_MAX, RETRY_MS_MIN } from "./retry.js";

const attempts = { failures: 1, resumed: false, hasJoinToken: true, asked: true };
const ending = (code: ErrorCodeName, resumable = true, retryMs = 0) => ({
  code,
  message: "",
  resumable,
  retryMs,
});

describe("after a connection has ended", () => {
  it("waits longer with each failure, up to a limit, and all of it is chance", () => {
    const delays = (failures: number, random: number) => {
      const decision = afterEnding(ending("unreachable"), { ...attempts, failures }, random);
      return decision.kind === "retry" ? decision.delayMs : undefined;
    };
    expect([1, 2, 3].map((failures) => delays(failures, 0.5))).toEqual([125, 250, 500]);
    expect(delays(1, 0)).toBe(0);
    expect(delays(1, 0.999)).toBeLessThan(RETRY_MS_MIN);
    expect(delays(1000, 0.999)).toBeLessThan(RETRY_MS_MAX);
  });

  it("never comes back sooner than the engine asked for", () => {
    const decision = afterEnding(ending("draining", true, 3000), attempts, 0);
    expect(decision).toEqual({ kind: "retry", delayMs: 3000, floorMs: 3000, forget: false });
  });

  it("comes back as the same viewer where too many join, at a moment of its own", () => {
    const busy = ending("rate_limited", true, 4000);
    const delays = [0, 0.5, 0.999].map((random) => {
      const decision = afterEnding(busy, { ...attempts, failures: 50, resumed: true }, random);
      expect(decision).toMatchObject({ kind: "retry", floorMs: 4000, forget: false });
      return decision.kind === "retry" ? decision.delayMs - 4000 : undefined;
    });
    expect(delays).toEqual([0, RETRY_MS_MAX / 2, RETRY_MS_MAX * 0.999]);
  });

  it("joins anew where the place is lost", () => {
    expect(afterEnding(ending("draining", false), attempts, 0)).toMatchObject({ forget: true });
  });

  it("gives a bad resume token up once, at once, if there is a join token", () => {
    const resumed = { ...attempts, resumed: true };
    for (const code of [
      "token_wrong",
      "token_stale",
      "token_foreign",
      "token_malformed",
    ] as const) {
      expect(afterEnding(ending(code, false), resumed, 0.9)).toEqual({
        kind: "retry",
        delayMs: 0,
        floorMs: 0,
        forget: true,
      });
      expect(afterEnding(ending(code, false), attempts, 0.9)).toEqual({ kind: "close" });
      expect(afterEnding(ending(code, false), { ...resumed, hasJoinToken: false }, 0)).toEqual({
        kind: "close",
      });
    }
  });

  it("asks for another token once, where the link's is good for nothing else", () => {
    const first = { ...attempts, asked: false };
    expect(afterEnding(ending("token_stale"), first, 0)).toEqual({ kind: "ask" });
    expect(afterEnding(ending("token_wrong"), first, 0)).toEqual({ kind: "close" });
    expect(afterEnding(ending("token_stale"), { ...first, hasJoinToken: false }, 0)).toEqual({
      kind: "close",
    });
  });

  it("closes where trying again would end the same way", () => {
    const closing = ERROR_CODES.filter(
      (code) => afterEnding(ending(code), attempts, 0).kind === "close",
    );
    expect(closing).toEqual([
      "unsupported_protocol",
      "token_missing",
      "token_malformed",
      "token_wrong",
      "token_foreign",
      "token_stale",
      "room_unknown",
      "room_full",
      "replaced",
      "room_closed",
      "kicked",
      "banned",
    ]);
  });

  it("takes a fault for chance a few times, then for a bug", () => {
    const few = { ...attempts, failures: FAULTS_MAX - 1 };
    expect(afterEnding(ending("malformed"), few, 0).kind).toBe("retry");
    expect(afterEnding(ending("malformed"), { ...few, failures: FAULTS_MAX }, 0).kind).toBe(
      "close",
    );
  });

  it("understands close codes without a goodbye", () => {
    expect(endingOfClose(1006).code).toBe("unreachable");
    expect(endingOfClose(1001).code).toBe("draining");
    expect(endingOfClose(4018).code).toBe("slow");
    expect(endingOfClose(4000).code).toBe("unreachable");
    expect(endingOfClose(4999).code).toBe("internal");
    expect(endingOfClose(1009).code).toBe("too_large");
  });
});
