import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ClockEstimator } from "./clock.js";
import type { ClockVectorFile } from "./clock-vectors.js";
import { buildConstants, type ConstantsFile } from "./constant-vectors.js";
import { step } from "./controller.js";
import { type ControllerAction, initialState } from "./controller-state.js";
import { type ControllerVectorFile, replayInputs } from "./controller-vectors.js";

function read<File>(name: string): File {
  const path = new URL(`../../../../tests/vectors/${name}`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")) as File;
}

function near(actual: number | undefined, wanted: number | null, tolerance: number, where: string) {
  if (wanted === null) expect(actual, where).toBeUndefined();
  else expect(Math.abs((actual ?? Number.NaN) - wanted), where).toBeLessThanOrEqual(tolerance);
}

test("the constants are those that other implementations are held to", () => {
  expect(buildConstants()).toEqual(read<ConstantsFile>("constants.json"));
});

describe("clock vectors", () => {
  const file = read<ClockVectorFile>("clock.json");
  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_, { steps }) => {
    const clock = new ClockEstimator();
    for (const [index, one] of steps.entries()) {
      const where = `step ${index}`;
      if ("exchange" in one) {
        const [t0, t1, t2, t3] = one.exchange;
        expect(clock.addExchange({ t0, t1, t2, t3 }), where).toBe(one.accepted);
      } else if ("oneWay" in one) {
        const [sent, received] = one.oneWay;
        expect(clock.addOneWay({ sent, received }), where).toBe(one.accepted);
      } else if ("clockId" in one) {
        clock.setClockId(one.clockId);
      } else if ("reset" in one) {
        clock.reset();
      } else {
        const told = clock.estimate(one.at);
        if (one.expect === null) {
          expect(told, where).toBeUndefined();
          continue;
        }
        near(told?.offsetMs, one.expect.offsetMs, file.toleranceMs, where);
        near(told?.errorBoundMs, one.expect.errorBoundMs, file.toleranceMs, where);
        near(told?.rttMs, one.expect.rttMs, file.toleranceMs, where);
        near(told?.jitterMs, one.expect.jitterMs, file.toleranceMs, where);
        expect(told, where).toMatchObject({
          samples: one.expect.samples,
          settled: one.expect.settled,
        });
      }
    }
  });
});

describe("controller vectors", () => {
  const file = read<ControllerVectorFile>("controller.json");

  function sameAction(
    actual: ControllerAction | undefined,
    wanted: ControllerAction,
    where: string,
  ) {
    expect(actual?.kind, where).toBe(wanted.kind);
    if (wanted.kind === "seek" && actual?.kind === "seek") {
      near(actual.positionMs, wanted.positionMs, file.toleranceMs, where);
    }
    if (wanted.kind === "rate" && actual?.kind === "rate") {
      near(actual.rate, wanted.rate, file.rateTolerance, where);
      expect(actual.preservesPitch, where).toBe(wanted.preservesPitch);
    }
  }

  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_, vector) => {
    let state = initialState;
    for (const [index, input] of replayInputs(vector).entries()) {
      const wanted = vector.steps[index]?.expect as (typeof vector.steps)[number]["expect"];
      const where = `step ${index} at ${input.localMs}`;
      const result = step(state, input);
      state = result.state;
      expect(result.phase, where).toBe(wanted.phase);
      expect(result.actions.length, where).toBe(wanted.actions.length);
      for (const [nth, action] of wanted.actions.entries()) {
        sameAction(result.actions[nth], action, where);
      }
      near(result.wakeAtMs, wanted.wakeAtMs, file.toleranceMs, where);
      near(result.errorMs, wanted.errorMs, file.toleranceMs, where);
    }
  });
});
