// How far the server's clock is ahead of ours.
//
// A forward leg (we stamp, the server reads its clock on arrival) can only be too late, so
// `t1 - t0` is an upper bound of the offset; a backward leg gives a lower bound the same way.
// The tightest upper and the tightest lower bound rarely come from one exchange, so each is
// looked for on its own, and the offset is the middle between them. The bounds age: our clock
// may drift against the server's, so an old bound loosens a little with every second, and a
// fresh one that is almost as good takes over. What lies between the two bounds is what nobody
// can know (the path may be asymmetric), so half of it is the stated error.

/** A ping: sent (t0) and answered (t3) on our clock, received (t1) and answered (t2) on the server's. */
export interface ClockExchange {
  readonly t0: number;
  readonly t1: number;
  readonly t2: number;
  readonly t3: number;
}

/** A broadcast stamped by the server as it was written, and our clock as it arrived. */
export interface OneWaySample {
  readonly sent: number;
  readonly received: number;
}

export interface ClockEstimate {
  /** Server clock minus local clock. */
  readonly offsetMs: number;
  /** The true offset is within this of `offsetMs`, whatever the path's asymmetry. */
  readonly errorBoundMs: number;
  /** Median round trip of the window, without the server's own time. */
  readonly rttMs: number;
  /** How far the 90th percentile of the round trips lies above the smallest. */
  readonly jitterMs: number;
  /** Exchanges accepted since the last reset. */
  readonly samples: number;
  /** Enough quick exchanges are in that a player may be steered by this clock. */
  readonly settled: boolean;
}

/** Bounds older than this are dropped. Unit: ms. Source: reference/browser-sync.md section 1 (10 to 15 s follows drift). */
export const WINDOW_MS = 15_000;
/** A sparse connection (one exchange in ten seconds) keeps this many bounds a direction, however old. */
export const WINDOW_KEEP_SAMPLES = 12;
/** ... but none older than this. Unit: ms. */
export const WINDOW_AGE_MS_MAX = 180_000;
/** How fast a bound loosens: drift to be expected between two quartz clocks. Unit: ms per ms (50 ppm). */
export const AGEING_RATE = 50e-6;
/** The worst drift the stated error still covers. Unit: ms per ms (200 ppm). */
export const DRIFT_RATE_MAX = 200e-6;
/** Most bounds kept a direction; 15 s of ten exchanges and twenty broadcasts a second fit. */
export const WINDOW_SAMPLES_MAX = 512;
/** Most round trips kept for the median and the jitter. */
export const ROUND_TRIPS_MAX = 64;
/** For so long after the first sample the output follows the bounds at once. Unit: ms. */
export const SLEW_AFTER_MS = 3_000;
/** Later the output moves at most this much a sample, or a second if samples are rarer. Unit: ms. */
export const SLEW_STEP_MS = 0.5;
/** A sample this far outside the bounds is impossible on one pair of clocks. Unit: ms. */
export const CONTRADICTION_MS = 1;
/** That many impossible samples in a row mean a clock has stepped; fewer are ignored as spikes. */
export const CONTRADICTIONS_MAX = 3;
/** A round trip above this is a stalled page or server, not the path. Unit: ms. Source: browser-sync.md note (a). */
export const GOOD_RTT_MS = 200;
/** The clock counts as settled after this many good exchanges ... */
export const SETTLED_GOOD_SAMPLES = 10;
/** ... or, on a path that is never that quick, after this many of any kind: 0.8 s into the burst, within 7 ms. */
export const SETTLED_SAMPLES_MAX = 16;

interface Bound {
  /** Local time of the sample. */
  readonly at: number;
  /** The leg's clock difference: offset + delay forward, delay - offset backward. */
  readonly value: number;
}

/** One direction's samples, and the smallest of them once aged. */
class DelayWindow {
  private bounds: Bound[] = [];

  add(bound: Bound): void {
    this.bounds.push(bound);
    if (this.bounds.length > WINDOW_SAMPLES_MAX) this.bounds.shift();
  }

  expire(now: number): void {
    let drop = 0;
    while (drop < this.bounds.length) {
      const age = now - (this.bounds[drop] as Bound).at;
      const spare = this.bounds.length - drop > WINDOW_KEEP_SAMPLES;
      if (!(age > WINDOW_AGE_MS_MAX || (age > WINDOW_MS && spare))) break;
      drop += 1;
    }
    if (drop > 0) this.bounds.splice(0, drop);
  }

  /** The smallest value, each loosened by its age; infinite when there is none. */
  smallest(now: number, ageingRate = AGEING_RATE): number {
    let best = Number.POSITIVE_INFINITY;
    for (const { at, value } of this.bounds) {
      const aged = value + Math.max(0, now - at) * ageingRate;
      if (aged < best) best = aged;
    }
    return best;
  }

  clear(): void {
    this.bounds = [];
  }
}

/**
 * Estimates the server clock from exchanges and stamped broadcasts.
 * Pure: no I/O and no clock of its own.
 *   Units:  ms; local times as performance.now(), server times as floats on the server's monotonic clock.
 *   Errors: estimate() is undefined before the first exchange; a malformed sample is refused (false).
 *   Source: RFC 5905 section 8 (four timestamps); reference/browser-sync.md section 1 (one-way minima).
 */
export class ClockEstimator {
  private readonly forward = new DelayWindow();
  private readonly backward = new DelayWindow();
  private roundTrips: number[] = [];
  private samples = 0;
  private goodSamples = 0;
  private contradictions = 0;
  private firstAt: number | undefined;
  private slewedAt = 0;
  private offset: number | undefined;
  private clockId: string | undefined;

  /** Feeds one ping exchange. False when it was refused as impossible or as a spike. */
  addExchange({ t0, t1, t2, t3 }: ClockExchange): boolean {
    if (![t0, t1, t2, t3].every(Number.isFinite)) return false;
    const roundTrip = t3 - t0 - (t2 - t1);
    if (t3 < t0 || t2 < t1 || roundTrip < 0) return false;
    if (!this.admit(t3, t1 - t0, t3 - t2)) return false;
    this.forward.add({ at: t0, value: t1 - t0 });
    this.backward.add({ at: t3, value: t3 - t2 });
    this.roundTrips.push(roundTrip);
    if (this.roundTrips.length > ROUND_TRIPS_MAX) this.roundTrips.shift();
    this.samples += 1;
    if (roundTrip < GOOD_RTT_MS) this.goodSamples += 1;
    this.update(t3);
    return true;
  }

  /** Feeds one broadcast that was stamped as it was written. False when refused. */
  addOneWay({ sent, received }: OneWaySample): boolean {
    if (!Number.isFinite(sent) || !Number.isFinite(received)) return false;
    if (!this.admit(received, undefined, received - sent)) return false;
    this.backward.add({ at: received, value: received - sent });
    this.update(received);
    return true;
  }

  /** Tells which run of the server the stamps belong to; another one starts afresh. */
  setClockId(clockId: string): void {
    if (this.clockId !== undefined && this.clockId !== clockId) this.reset();
    this.clockId = clockId;
  }

  estimate(localMs: number): ClockEstimate | undefined {
    if (this.offset === undefined) return undefined;
    const upper = this.forward.smallest(localMs, DRIFT_RATE_MAX);
    const lower = -this.backward.smallest(localMs, DRIFT_RATE_MAX);
    const sorted = [...this.roundTrips].sort((a, b) => a - b);
    const quantile = (q: number) => sorted[Math.floor(q * (sorted.length - 1))] as number;
    return {
      offsetMs: this.offset,
      errorBoundMs: Math.max(0, upper - this.offset, this.offset - lower),
      rttMs: quantile(0.5),
      jitterMs: quantile(0.9) - quantile(0),
      samples: this.samples,
      settled: this.goodSamples >= SETTLED_GOOD_SAMPLES || this.samples >= SETTLED_SAMPLES_MAX,
    };
  }

  /** Server time at a local time; undefined before the first exchange. */
  serverNow(localMs: number): number | undefined {
    return this.offset === undefined ? undefined : localMs + this.offset;
  }

  /** Local time at a server time; undefined before the first exchange. */
  localAt(serverMs: number): number | undefined {
    return this.offset === undefined ? undefined : serverMs - this.offset;
  }

  /** Forgets everything: after sleep, a change of visibility, or a new run of the server. */
  reset(): void {
    this.forward.clear();
    this.backward.clear();
    this.roundTrips = [];
    this.samples = 0;
    this.goodSamples = 0;
    this.contradictions = 0;
    this.firstAt = undefined;
    this.offset = undefined;
  }

  /** Whether the legs fit the bounds so far; enough that do not, in a row, start afresh. */
  private admit(now: number, forward: number | undefined, backward: number): boolean {
    this.forward.expire(now);
    this.backward.expire(now);
    const upper = this.forward.smallest(now);
    const lower = -this.backward.smallest(now);
    const impossible =
      -backward > upper + CONTRADICTION_MS ||
      (forward !== undefined && forward < lower - CONTRADICTION_MS);
    if (!impossible) {
      this.contradictions = 0;
      return true;
    }
    this.contradictions += 1;
    if (this.contradictions < CONTRADICTIONS_MAX) return false;
    this.reset();
    return true;
  }

  private update(now: number): void {
    const upper = this.forward.smallest(now);
    const lower = -this.backward.smallest(now);
    if (!Number.isFinite(upper) || !Number.isFinite(lower)) return;
    const middle = (upper + lower) / 2;
    if (this.firstAt === undefined) this.firstAt = now;
    if (this.offset === undefined || now - this.firstAt < SLEW_AFTER_MS) {
      this.offset = middle;
    } else {
      const step = SLEW_STEP_MS * Math.max(1, (now - this.slewedAt) / 1000);
      this.offset += Math.max(-step, Math.min(step, middle - this.offset));
    }
    this.slewedAt = now;
  }
}
