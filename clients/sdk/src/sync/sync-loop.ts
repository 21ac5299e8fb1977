// The thin driver of the sync controller: wakes it in time, reads the player properly, and does
// what it says. Everything that can be decided is decided in controller.ts.

import type { Player, PlayerReport } from "../player/player.js";
import type { ClockEstimate } from "./clock.js";
import { step } from "./controller.js";
import {
  type ControllerAction,
  type ControllerState,
  initialState,
  type Phase,
} from "./controller-state.js";
import type { Motion } from "./motion.js";

/** Timers of a browser are late by up to this; the rest is waited for in tiny tasks. Unit: ms. */
export const TIMER_SLACK_MS = 6;
/** A reading of the player during which so much time passed is repeated. Unit: ms. */
export const READING_MS_MAX = 0.5;
export const READING_ATTEMPTS_MAX = 3;

/** A start that waits for data for so long counts as a stall. Unit: ms. */
export const STARVED_MS = 500;

/** A player that ran out of data and was stopped is short of it until it has so much ahead again. Unit: ms. */
export const REFILLED_MS = 1_500;
/** What is buffered to so near the end is buffered to the end. Unit: ms. */
export const END_MS = 250;
/** How often a stopped player that is short of data is looked at: nothing tells when it has enough. Unit: ms. */
export const REFILL_LOOK_MS = 250;

/** What the loop needs of a clock estimator. */
export interface ServerClock {
  serverNow(localMs: number): number | undefined;
  /** The best guess there is, while serverNow() is still undefined. */
  roughServerNow(localMs: number): number | undefined;
  estimate(localMs: number): ClockEstimate | undefined;
}

/** Time and timers, so that tests can hold them. */
export interface LoopTimers {
  now(): number;
  after(delayMs: number, run: () => void): () => void;
  /** Runs in a new task as soon as possible. */
  soon(run: () => void): void;
}

export interface SyncLoopOptions {
  readonly player: Player;
  readonly clock: ServerClock;
  /** Where the room is; undefined before the first snapshot or without media. */
  readonly motion: () => Motion | undefined;
  /** Length of a tick. Unit: microseconds. */
  readonly tickUs: number | (() => number);
  /** Added to the room's position for this source. Unit: ms. */
  readonly sourceOffsetMs?: () => number;
  readonly onStatus?: (status: SyncStatus) => void;
  readonly timers?: LoopTimers;
}

/** For a badge: how the player stands to the room. */
export interface SyncStatus {
  readonly phase: Phase;
  /** Player minus room; undefined while it means nothing. Unit: ms. */
  readonly errorMs: number | undefined;
  readonly rate: number;
  readonly stalled: boolean;
  readonly blocked: boolean;
  /** This player cannot be steered finely: its error is what it is. */
  readonly inexact: boolean;
  readonly bufferMs: number;
  readonly durationMs: number | undefined;
}

/** What a viewer reports of itself about once a second. Units as named. */
export interface SyncTelemetry {
  readonly driftUs: number;
  readonly delayUs: number;
  readonly bufferMs: number;
  readonly stalled: boolean;
  readonly blocked: boolean;
  /** 0 while unknown. */
  readonly durationUs: number;
}

/**
 * Keeps one player with its room.
 *   Owner: whoever made it stops it; stopping leaves the player as it is.
 */
export class SyncLoop {
  private readonly options: SyncLoopOptions;
  private readonly timers: LoopTimers;
  private state: ControllerState = initialState;
  private last: SyncStatus;
  private cancelTimer: (() => void) | undefined;
  private stopListening: (() => void) | undefined;
  private running = false;
  private stepping = false;
  private again = false;
  private acting = false;
  private starvedSinceMs: number | undefined;
  private short = false;

  constructor(options: SyncLoopOptions) {
    this.options = options;
    this.timers = options.timers ?? browserTimers();
    this.last = statusOf("idle", undefined, options.player.report(), false);
  }

  get status(): SyncStatus {
    return this.last;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.stopListening = this.options.player.onChange(() => this.poke());
    this.poke();
  }

  stop(): void {
    this.running = false;
    this.stopListening?.();
    this.cancelTimer?.();
    this.stopListening = undefined;
    this.cancelTimer = undefined;
  }

  /** The room's motion, the clock or the page's visibility has changed: look now. */
  poke(): void {
    if (!this.running) return;
    if (this.stepping) {
      this.again = true;
      return;
    }
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.stepping = true;
    void this.run();
  }

  /** While the user scrubs, the player is theirs. */
  setUserActing(acting: boolean): void {
    if (this.acting === acting) return;
    this.acting = acting;
    this.poke();
  }

  telemetry(): SyncTelemetry {
    const { errorMs, bufferMs, stalled, blocked, durationMs } = this.last;
    const roundTripMs = this.options.clock.estimate(this.timers.now())?.rttMs ?? 0;
    return {
      driftUs: Math.round((errorMs ?? 0) * 1000),
      delayUs: Math.round((roundTripMs / 2) * 1000),
      bufferMs: Math.round(bufferMs),
      stalled,
      blocked,
      durationUs: Math.round((durationMs ?? 0) * 1000),
    };
  }

  private async run(): Promise<void> {
    try {
      const report = await this.read();
      if (this.running) this.decide(report);
    } finally {
      this.stepping = false;
    }
    if (this.again) {
      this.again = false;
      this.poke();
    }
  }

  /** Reads position and time as one; a reading torn apart by the scheduler is taken again. */
  private async read(): Promise<PlayerReport> {
    let report: PlayerReport;
    let attempt = 0;
    do {
      // A position stays frozen within one task until a microtask has run.
      await Promise.resolve();
      report = this.options.player.report();
      attempt += 1;
    } while (this.timers.now() - report.localMs > READING_MS_MAX && attempt < READING_ATTEMPTS_MAX);
    return this.acting ? { ...report, userActing: true } : report;
  }

  private decide(report: PlayerReport): void {
    const { player, clock, motion, sourceOffsetMs, onStatus, tickUs } = this.options;
    const result = step(this.state, {
      localMs: report.localMs,
      serverMs: clock.serverNow(report.localMs),
      roughServerMs: clock.roughServerNow(report.localMs),
      motion: motion(),
      tickUs: typeof tickUs === "number" ? tickUs : tickUs(),
      sourceOffsetMs: sourceOffsetMs?.() ?? 0,
      player: report,
      capabilities: player.capabilities,
    });
    this.state = result.state;
    for (const action of result.actions) perform(player, action);
    const inexact = !player.capabilities.fineRate;
    const starved = this.isStarved(result.phase, report, motion());
    const stalled = starved || report.stalled;
    this.short = stalled || (this.short && isShort(report));
    this.last = statusOf(
      result.phase,
      result.errorMs ?? this.keptError(result.phase),
      { ...report, stalled: this.short },
      inexact,
    );
    onStatus?.(this.last);
    const lookAtMs = this.short ? report.localMs + REFILL_LOOK_MS : Number.POSITIVE_INFINITY;
    this.wakeAt(Math.min(result.wakeAtMs, lookAtMs));
  }

  /** Between measurements the last error still stands. */
  private keptError(phase: Phase): number | undefined {
    return phase === "following" || phase === "correcting" ? this.last.errorMs : undefined;
  }

  /**
   * A player that is stopped while it waits for data to start with, or knows nothing of its media yet, is as stalled as
   * one that ran dry.
   */
  private isStarved(
    phase: Phase,
    { loaded, ready, localMs }: PlayerReport,
    motion: Motion | undefined,
  ): boolean {
    const wanted = (motion?.pending ?? motion?.current)?.playing === true;
    const waits = !ready && (phase === "priming" || phase === "starting" || (!loaded && wanted));
    this.starvedSinceMs = waits ? (this.starvedSinceMs ?? localMs) : undefined;
    return this.starvedSinceMs !== undefined && localMs - this.starvedSinceMs >= STARVED_MS;
  }

  private wakeAt(atMs: number): void {
    const leftMs = atMs - this.timers.now();
    if (leftMs > TIMER_SLACK_MS) {
      this.cancelTimer = this.timers.after(leftMs - TIMER_SLACK_MS, () => this.wakeAt(atMs));
    } else if (leftMs > 0) {
      let cancelled = false;
      this.cancelTimer = () => {
        cancelled = true;
      };
      this.timers.soon(() => {
        if (!cancelled) this.wakeAt(atMs);
      });
    } else {
      this.timers.soon(() => this.poke());
    }
  }
}

/**
 * Is a player that stalled still short of data? One that plays again is not. A stopped one does not stall: it would look
 * recovered at once, and a room that stops for it would start, and stop, again and again.
 */
function isShort({ paused, ready, bufferMs, positionMs, durationMs }: PlayerReport): boolean {
  if (!paused) return false;
  const toEndMs = (durationMs ?? Number.POSITIVE_INFINITY) - positionMs;
  // Players that do not say what they have buffered say 0.
  return !ready || (bufferMs > 0 && bufferMs < Math.min(REFILLED_MS, toEndMs - END_MS));
}

function perform(player: Player, action: ControllerAction): void {
  switch (action.kind) {
    case "play":
      player.play();
      break;
    case "pause":
      player.pause();
      break;
    case "seek":
      player.seek(action.positionMs);
      break;
    case "rate":
      player.setRate(action.rate, action.preservesPitch);
      break;
  }
}

function statusOf(
  phase: Phase,
  errorMs: number | undefined,
  report: PlayerReport,
  inexact: boolean,
): SyncStatus {
  const { rate, stalled, blocked, bufferMs, durationMs } = report;
  return { phase, errorMs, rate, stalled, blocked, inexact, bufferMs, durationMs };
}

/** Timers of the page: a message to oneself is the only wake-up that browsers do not delay. */
function browserTimers(): LoopTimers {
  const channel = new MessageChannel();
  const queue: (() => void)[] = [];
  channel.port1.onmessage = () => queue.shift()?.();
  return {
    now: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    soon: (run) => {
      queue.push(run);
      channel.port2.postMessage(undefined);
    },
  };
}
