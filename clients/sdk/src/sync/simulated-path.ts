// A ping path made of arithmetic, for the clock's tests and golden vectors: independent jitter each
// way, order kept as TCP keeps it, and a local clock that drifts.

import type { ClockEstimator } from "./clock.js";
import { pingSchedule } from "./ping-schedule.js";
import { seededRandom } from "./simulated-player.js";

/** Units: ms, and fractions for drift. */
export interface PathBehaviour {
  readonly meanForwardMs: number;
  readonly meanBackwardMs: number;
  readonly jitterMs: number;
  readonly drift: number;
  /** Gap between stamped broadcasts; 0 for none. */
  readonly beaconGapMs: number;
}

export const SERVER_OFFSET_MS = 12_345.678;

export type PathEvent =
  | {
      readonly kind: "exchange";
      readonly t0: number;
      readonly t1: number;
      readonly t2: number;
      readonly t3: number;
    }
  | { readonly kind: "oneWay"; readonly sent: number; readonly received: number };

/** Server time at a local time, by the true clocks. */
export function trueServerMs(localMs: number, drift: number): number {
  return localMs + SERVER_OFFSET_MS + drift * localMs;
}

/** Everything that arrives in the given time, in order of arrival. */
export function simulatePath(seed: number, path: PathBehaviour, lengthMs: number): PathEvent[] {
  const random = seededRandom(seed);
  const delay = (mean: number) => mean + (random() * 2 - 1) * path.jitterMs;
  const server = (localMs: number) => trueServerMs(localMs, path.drift);
  const turnaroundMs = 0.05;

  const departures: { readonly atMs: number; readonly t0?: number; readonly t1?: number }[] = [];
  let arrivedMs = 0;
  for (let t0 = 0, samples = 0; t0 < lengthMs; samples += 1) {
    arrivedMs = Math.max(arrivedMs, t0 + delay(path.meanForwardMs));
    departures.push({ atMs: arrivedMs + turnaroundMs, t0, t1: server(arrivedMs) });
    t0 += pingSchedule({ samples, goodSamples: samples, elapsedMs: t0, viewers: 4 });
  }
  for (
    let atMs = path.beaconGapMs;
    path.beaconGapMs > 0 && atMs < lengthMs;
    atMs += path.beaconGapMs
  ) {
    departures.push({ atMs });
  }
  departures.sort((a, b) => a.atMs - b.atMs);

  let receivedMs = 0;
  return departures.map(({ atMs, t0, t1 }) => {
    receivedMs = Math.max(receivedMs, atMs + delay(path.meanBackwardMs));
    if (t0 === undefined || t1 === undefined) {
      return { kind: "oneWay", sent: server(atMs), received: receivedMs };
    }
    return { kind: "exchange", t0, t1, t2: server(atMs), t3: receivedMs };
  });
}

export function arrivalMs(event: PathEvent): number {
  return event.kind === "exchange" ? event.t3 : event.received;
}

export function feed(clock: ClockEstimator, event: PathEvent): boolean {
  return event.kind === "exchange" ? clock.addExchange(event) : clock.addOneWay(event);
}
