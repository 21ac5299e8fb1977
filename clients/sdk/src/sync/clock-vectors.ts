// The golden vectors of the clock (tests/vectors/README.md) and how they are recorded from
// simulated paths. Used by tests and by tests/vectors/generate-sync.mjs only.

import { ClockEstimator } from "./clock.js";
import { arrivalMs, feed, type PathEvent, simulatePath } from "./simulated-path.js";

export interface ClockExpectation {
  readonly offsetMs: number;
  readonly errorBoundMs: number;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly samples: number;
  readonly settled: boolean;
}

export type ClockVectorStep =
  | { readonly exchange: readonly [number, number, number, number]; readonly accepted: boolean }
  | { readonly oneWay: readonly [number, number]; readonly accepted: boolean }
  | { readonly clockId: string }
  | { readonly reset: true }
  | { readonly at: number; readonly expect: ClockExpectation | null };

export interface ClockVectorFile {
  readonly toleranceMs: number;
  readonly cases: readonly { readonly name: string; readonly steps: readonly ClockVectorStep[] }[];
}

/** Recorded numbers are kept short; the tolerances of the files allow for it. */
export function rounded(value: number, decimals = 6): number {
  return Number(value.toFixed(decimals));
}

function clockCase(name: string, steps: (story: ClockStory) => void) {
  const story = new ClockStory();
  steps(story);
  return { name, steps: story.steps };
}

/** Records what is told to an estimator and what it answers. */
class ClockStory {
  readonly steps: ClockVectorStep[] = [];
  private readonly clock = new ClockEstimator();

  hear(event: PathEvent): void {
    if (event.kind === "exchange") {
      const stamps = [event.t0, event.t1, event.t2, event.t3].map((ms) => rounded(ms, 3));
      const [t0, t1, t2, t3] = stamps as [number, number, number, number];
      const accepted = feed(this.clock, { kind: "exchange", t0, t1, t2, t3 });
      this.steps.push({ exchange: [t0, t1, t2, t3], accepted });
    } else {
      const sent = rounded(event.sent, 3);
      const received = rounded(event.received, 3);
      const accepted = feed(this.clock, { kind: "oneWay", sent, received });
      this.steps.push({ oneWay: [sent, received], accepted });
    }
  }

  exchange(t0: number, forwardMs: number, backwardMs: number, offsetMs = 1000): void {
    const t1 = t0 + forwardMs + offsetMs;
    this.hear({ kind: "exchange", t0, t1, t2: t1 + 1, t3: t0 + forwardMs + 1 + backwardMs });
  }

  path(seed: number, meanMs: number, jitterMs: number, drift: number, lengthMs: number): void {
    const path = {
      meanForwardMs: meanMs,
      meanBackwardMs: meanMs,
      jitterMs,
      drift,
      beaconGapMs: 1000,
    };
    let nextAskMs = 500;
    for (const event of simulatePath(seed, path, lengthMs)) {
      while (arrivalMs(event) >= nextAskMs) {
        this.ask(nextAskMs);
        nextAskMs += 500;
      }
      this.hear(event);
    }
  }

  clockId(clockId: string): void {
    this.clock.setClockId(clockId);
    this.steps.push({ clockId });
  }

  reset(): void {
    this.clock.reset();
    this.steps.push({ reset: true });
  }

  ask(at: number): void {
    const told = this.clock.estimate(at);
    const expect =
      told === undefined
        ? null
        : {
            offsetMs: rounded(told.offsetMs),
            errorBoundMs: rounded(told.errorBoundMs),
            rttMs: rounded(told.rttMs),
            jitterMs: rounded(told.jitterMs),
            samples: told.samples,
            settled: told.settled,
          };
    this.steps.push({ at, expect });
  }
}

export function buildClockVectors(): ClockVectorFile {
  const cases = [
    clockCase("nothing is known before the first exchange", (story) => {
      story.ask(0);
      story.hear({ kind: "oneWay", sent: 1000, received: 5 });
      story.ask(5);
      story.exchange(10, 20, 20);
      story.ask(60);
    }),
    clockCase("forward and backward minima come from different exchanges", (story) => {
      story.exchange(0, 20, 80);
      story.exchange(200, 90, 20);
      story.ask(400);
      story.hear({ kind: "oneWay", sent: 1500, received: 510 });
      story.ask(600);
    }),
    clockCase("malformed exchanges are refused", (story) => {
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1019, t3: 40 });
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1021, t3: -1 });
      story.hear({ kind: "exchange", t0: 0, t1: 1020, t2: 1100, t3: 40 });
      story.ask(50);
    }),
    clockCase("one impossible sample is a spike, three in a row are a stepped clock", (story) => {
      for (let t0 = 0; t0 < 1000; t0 += 100) story.exchange(t0, 20, 20);
      story.exchange(1000, 20, 20, 1500);
      story.ask(1090);
      story.exchange(1100, 20, 20);
      for (let t0 = 1200; t0 < 1600; t0 += 100) story.exchange(t0, 20, 20, 1500);
      story.ask(1700);
    }),
    clockCase("after three seconds the output is slewed", (story) => {
      for (let t0 = 0; t0 < 3500; t0 += 100) story.exchange(t0, 60, 20);
      story.ask(3600);
      for (let t0 = 3600; t0 < 9000; t0 += 100) {
        story.exchange(t0, 20, 20);
        if (t0 % 500 === 0) story.ask(t0 + 60);
      }
    }),
    clockCase("rare samples are slewed by time and kept beyond the window", (story) => {
      for (let t0 = 0; t0 <= 200_000; t0 += 10_000) {
        story.exchange(t0, 20 + (t0 % 30_000) / 1000, 25);
        story.ask(t0 + 100);
      }
    }),
    clockCase("a new clock id and a reset start afresh", (story) => {
      story.clockId("a");
      story.exchange(0, 20, 20);
      story.clockId("a");
      story.ask(100);
      story.clockId("b");
      story.ask(150);
      story.exchange(200, 20, 20, 7000);
      story.ask(300);
      story.reset();
      story.ask(350);
    }),
    clockCase("a local path", (story) => story.path(1, 0.2, 0.15, 0, 5_000)),
    clockCase("an impaired path", (story) => story.path(2, 95, 40, 0, 20_000)),
    clockCase("an impaired path with 100 ppm of drift", (story) =>
      story.path(3, 60, 40, 100e-6, 20_000),
    ),
  ];
  return { toleranceMs: 1e-3, cases };
}
