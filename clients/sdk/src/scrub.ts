// Turns the many positions of a dragged slider into few seeks: three a second while it is dragged and the last one
// as it is let go, so that never more than four are sent in any second, and the last always is.

import type { CommandResult } from "./api.js";

/** Unit: ms. */
export const SCRUB_GAP_MS = 334;

export interface ScrubOptions {
  readonly now: () => number;
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly seek: (positionMs: number) => Promise<CommandResult>;
}

export class Scrubber {
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private waitingMs: number | undefined;
  private last: Promise<CommandResult> | undefined;
  private cancelTimer: (() => void) | undefined;

  constructor(private readonly options: ScrubOptions) {}

  /** Where the slider stands while its seek has not been sent yet. */
  get waiting(): number | undefined {
    return this.waitingMs;
  }

  move(positionMs: number): void {
    this.waitingMs = positionMs;
    if (this.cancelTimer !== undefined) return;
    const leftMs = this.sentAtMs + SCRUB_GAP_MS - this.options.now();
    if (leftMs <= 0) this.flush();
    else this.cancelTimer = this.options.after(leftMs, () => this.flush());
  }

  /** The answer to the last seek; undefined when nothing was scrubbed. */
  end(): Promise<CommandResult> | undefined {
    this.flush();
    const { last } = this;
    this.last = undefined;
    return last;
  }

  /** Forgets what waits: another action took its place. */
  cancel(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.waitingMs = undefined;
  }

  private flush(): void {
    const positionMs = this.waitingMs;
    this.cancel();
    if (positionMs === undefined) return;
    this.sentAtMs = this.options.now();
    this.last = this.options.seek(positionMs);
  }
}
