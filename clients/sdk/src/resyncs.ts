// When to ask for a snapshot: at once when something is missing, but never in a storm. If even the snapshot does not
// match its hash, asking again soon is no use.

/** First gap between two requests; it doubles while they do not help. Unit: ms. */
export const RESYNC_MS_MIN = 1_000;
export const RESYNC_MS_MAX = 30_000;

export class Resyncs {
  private mismatches_ = 0;
  private gapMs = 0;
  private askedMs = Number.NEGATIVE_INFINITY;
  private waiting = false;

  /** States that did not match the engine's hash. */
  get mismatches(): number {
    return this.mismatches_;
  }

  /** True when a request should be sent now. */
  wanted(mismatch: boolean, nowMs: number): boolean {
    // What is wrong while an answer is on the way is the same fault.
    if (this.waiting && nowMs - this.askedMs < this.gapMs) return false;
    if (mismatch) this.mismatches_ += 1;
    if (nowMs - this.askedMs < this.gapMs) return false;
    const inARow = nowMs - this.askedMs < 2 * this.gapMs;
    this.gapMs = inARow ? Math.min(RESYNC_MS_MAX, 2 * this.gapMs) : RESYNC_MS_MIN;
    this.askedMs = nowMs;
    this.waiting = true;
    return true;
  }

  answered(): void {
    this.waiting = false;
  }

  /** A new connection begins with a state of its own. */
  connected(): void {
    this.waiting = false;
  }
}
