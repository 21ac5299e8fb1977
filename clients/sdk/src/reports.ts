// Tells the room, about once a second, how this viewer is doing. Lossy: a report that cannot be sent is not kept.

import type { Environment } from "./environment.js";
import { FLAG_AWAY, FLAG_BLOCKED, FLAG_INEXACT, FLAG_STALLED, type Report } from "./messages.js";
import type { ClockEstimate } from "./sync/clock.js";
import type { SyncStatus } from "./sync/sync-loop.js";

/** Bounds on what an engine may ask for. Unit: ms. */
export const REPORT_MS_MIN = 250;
export const REPORT_MS_MAX = 60_000;

const I32_MAX = 0x7fff_ffff;
const U32_MAX = 0xffff_ffff;

export interface Figures {
  readonly version: number;
  readonly media: number;
  readonly clock: ClockEstimate | undefined;
  /** Undefined without a player: this viewer watches nothing. */
  readonly sync: SyncStatus | undefined;
  readonly pageVisible: boolean;
}

function clamp(value: number, min: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(min, Math.round(value))) : 0;
}

export function reportOf({ version, media, clock, sync, pageVisible }: Figures): Report {
  const away = sync === undefined || !pageVisible;
  return {
    type: "report",
    version,
    media,
    driftUs: clamp((sync?.errorMs ?? 0) * 1000, -I32_MAX, I32_MAX),
    delayUs: clamp(((clock?.rttMs ?? 0) / 2) * 1000, 0, U32_MAX),
    clockErrorUs: clamp((clock?.errorBoundMs ?? 0) * 1000, 0, U32_MAX),
    bufferMs: clamp(sync?.bufferMs ?? 0, 0, U32_MAX),
    durationUs: clamp((sync?.durationMs ?? 0) * 1000, 0, Number.MAX_SAFE_INTEGER),
    flags:
      (sync?.stalled === true ? FLAG_STALLED : 0) |
      (away ? FLAG_AWAY : 0) |
      (sync?.blocked === true ? FLAG_BLOCKED : 0) |
      (sync?.inexact === true ? FLAG_INEXACT : 0),
  };
}

export class Reports {
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly environment: Pick<Environment, "after" | "random">,
    private readonly send: () => void,
  ) {}

  /** The first after a random part of the interval: viewers that came together do not report together. */
  start(intervalMs: number): void {
    this.stop();
    const everyMs = clamp(intervalMs, REPORT_MS_MIN, REPORT_MS_MAX);
    const run = () => {
      this.send();
      this.cancelTimer = this.environment.after(everyMs, run);
    };
    this.cancelTimer = this.environment.after(
      everyMs * (0.5 + 0.5 * this.environment.random()),
      run,
    );
  }

  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }
}
