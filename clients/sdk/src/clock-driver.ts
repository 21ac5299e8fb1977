// Feeds the clock estimator: decides when to ping, matches answers to questions, and starts afresh when what was
// learnt no longer holds (another run of the engine, a machine that slept, a page that comes back into view).

import type { Environment } from "./environment.js";
import type { Pong } from "./messages.js";
import { type ClockEstimate, ClockEstimator, GOOD_RTT_MS } from "./sync/clock.js";
import { CLOSE_PHASE_MS, pingSchedule } from "./sync/ping-schedule.js";
import type { ServerClock } from "./sync/sync-loop.js";

/** Unanswered pings remembered; the oldest is forgotten first. */
export const PINGS_MAX = 64;
/** So much more wall time than monotonic time has passed only when the machine slept. Unit: ms. */
export const SLEEP_MS = 2_000;
/** A clock that slept is looked for this often. Unit: ms. */
export const SLEEP_CHECK_MS = 1_000;

export interface ClockDriverOptions {
  readonly environment: Pick<Environment, "now" | "wallMs" | "after">;
  /** False when it cannot be sent now. */
  readonly ping: (t0Us: number) => boolean;
  readonly viewers: () => number;
  /** The estimate was thrown away. */
  readonly onReset: () => void;
}

export class ClockDriver implements ServerClock {
  private readonly estimator = new ClockEstimator();
  /** By t0_us: local time at which each was sent. */
  private readonly pings = new Map<number, number>();
  private clockId: string | undefined;
  private samples = 0;
  private goodSamples = 0;
  private startedMs = 0;
  private steadyGapMs = 0;
  /** Survives a reset: good enough to say when a person acted, not to steer a player. */
  private lastOffsetMs: number | undefined;
  private wallAheadMs: number;
  private cancelPing: (() => void) | undefined;
  private cancelWatch: (() => void) | undefined;

  constructor(private readonly options: ClockDriverOptions) {
    this.wallAheadMs = this.measureWall();
  }

  /** A connection is there: quick pings first, then as the room's size allows. */
  start(welcome: {
    readonly clockId: string;
    readonly serverTimeUs: number;
    readonly pingIntervalMs: number;
  }): void {
    const nowMs = this.options.environment.now();
    if (this.clockId !== undefined && this.clockId !== welcome.clockId) {
      this.reset();
      // That of the run that has ended.
      this.lastOffsetMs = undefined;
    }
    this.clockId = welcome.clockId;
    this.estimator.setClockId(welcome.clockId);
    this.steadyGapMs = welcome.pingIntervalMs;
    this.lastOffsetMs ??= welcome.serverTimeUs / 1000 - nowMs;
    this.startedMs = nowMs;
    this.samples = 0;
    this.goodSamples = 0;
    this.pings.clear();
    this.sendPing();
    this.cancelWatch?.();
    this.watchSleep();
  }

  /** The connection is gone: its unanswered pings will stay so. */
  stop(): void {
    this.cancelPing?.();
    this.cancelWatch?.();
    this.cancelPing = undefined;
    this.pings.clear();
  }

  pong({ t0Us, t1Us, t2Us }: Pong, receivedMs: number): void {
    const t0 = this.pings.get(t0Us);
    if (t0 === undefined) return;
    this.pings.delete(t0Us);
    if (!this.estimator.addExchange({ t0, t1: t1Us / 1000, t2: t2Us / 1000, t3: receivedMs })) {
      return;
    }
    this.samples += 1;
    if (receivedMs - t0 < GOOD_RTT_MS) this.goodSamples += 1;
    this.keepOffset(receivedMs);
  }

  /** A broadcast stamped as it was written. */
  oneWay(sentUs: number, receivedMs: number): void {
    this.estimator.addOneWay({ sent: sentUs / 1000, received: receivedMs });
    this.keepOffset(receivedMs);
  }

  /** Starts afresh: what was learnt before a sleep or in the background may be wrong. */
  reset(): void {
    this.estimator.reset();
    this.pings.clear();
    this.samples = 0;
    this.goodSamples = 0;
    this.startedMs = this.options.environment.now();
    this.wallAheadMs = this.measureWall();
    this.options.onReset();
    if (this.cancelPing !== undefined) this.sendPing();
  }

  estimate(localMs: number): ClockEstimate | undefined {
    return this.estimator.estimate(localMs);
  }

  /** For steering a player: undefined until enough is known. */
  serverNow(localMs: number): number | undefined {
    return this.estimator.estimate(localMs)?.settled === true
      ? this.estimator.serverNow(localMs)
      : undefined;
  }

  /** For stamping and showing: the best guess there is; undefined before the first welcome. */
  roughServerNow(localMs: number): number | undefined {
    const known = this.estimator.serverNow(localMs);
    if (known !== undefined) return known;
    return this.lastOffsetMs === undefined ? undefined : localMs + this.lastOffsetMs;
  }

  private keepOffset(localMs: number): void {
    const serverMs = this.estimator.serverNow(localMs);
    if (serverMs !== undefined) this.lastOffsetMs = serverMs - localMs;
  }

  private sendPing(): void {
    const { environment, ping, viewers } = this.options;
    this.cancelPing?.();
    const t0Us = Math.round(environment.now() * 1000);
    if (ping(t0Us)) {
      this.pings.set(t0Us, t0Us / 1000);
      if (this.pings.size > PINGS_MAX) {
        for (const oldest of this.pings.keys()) {
          this.pings.delete(oldest);
          break;
        }
      }
    }
    const elapsedMs = environment.now() - this.startedMs;
    const gapMs = pingSchedule({
      samples: this.samples,
      goodSamples: this.goodSamples,
      elapsedMs,
      viewers: Math.max(1, viewers()),
    });
    // The engine knows better than we do what its room can bear, once the opening phase is over.
    const steady = elapsedMs >= CLOSE_PHASE_MS;
    this.cancelPing = environment.after(steady ? Math.max(gapMs, this.steadyGapMs) : gapMs, () =>
      this.sendPing(),
    );
  }

  private measureWall(): number {
    return this.options.environment.wallMs() - this.options.environment.now();
  }

  private watchSleep(): void {
    this.cancelWatch = this.options.environment.after(SLEEP_CHECK_MS, () => {
      const aheadMs = this.measureWall();
      // Either way: a clock that was set is no reason, but costs only a burst.
      if (Math.abs(aheadMs - this.wallAheadMs) > SLEEP_MS) this.reset();
      this.wallAheadMs = aheadMs;
      this.watchSleep();
    });
  }
}
