// Finds out how coarsely a player's position moves, from the readings that are taken anyway.

/** Readings closer together than this cannot show a step. Unit: ms. */
const GAP_MS_MIN = 8;
/** Steps looked at; their median is the resolution. */
const STEPS = 8;
/** Fewer steps than this prove nothing. */
const STEPS_MIN = 4;
/** So many smooth readings in a row clear the clock. */
const SMOOTH_READINGS = 40;

/** Watches one player's position while it plays undisturbed. Units: ms. */
export class ClockResolutionProbe {
  private last: { atMs: number; positionMs: number } | undefined;
  private frozen = false;
  private steps: number[] = [];
  private smoothReadings = 0;

  /** Feeds a reading taken while the player played undisturbed. */
  add(atMs: number, positionMs: number): void {
    const last = this.last;
    if (last === undefined) {
      this.last = { atMs, positionMs };
      return;
    }
    if (positionMs === last.positionMs) {
      if (atMs - last.atMs >= GAP_MS_MIN) this.frozen = true;
      return;
    }
    if (this.frozen) {
      this.steps = [...this.steps, Math.abs(positionMs - last.positionMs)].slice(-STEPS);
      this.smoothReadings = 0;
    } else if (atMs - last.atMs < (this.stepMs ?? Number.POSITIVE_INFINITY)) {
      // Readings further apart than the steps always see it move, and say nothing.
      this.smoothReadings += 1;
      if (this.smoothReadings >= SMOOTH_READINGS) this.steps = [];
    }
    this.frozen = false;
    this.last = { atMs, positionMs };
  }

  /** The player was disturbed: the next reading starts anew. */
  interrupt(): void {
    this.last = undefined;
    this.frozen = false;
  }

  /** Undefined while no stepping has been seen. */
  get stepMs(): number | undefined {
    if (this.steps.length < STEPS_MIN) return undefined;
    const sorted = [...this.steps].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }
}
