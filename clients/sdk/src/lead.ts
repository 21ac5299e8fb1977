import type { Delta } from "./messages.js";

/** What engines use before they have measured their viewers. Unit: us. */
export const START_LEAD_US = 150_000;
export const SEEK_LEAD_US = 225_000;

/** How far ahead the room schedules starts, learnt from what it does; for showing own commands at once. */
export class LeadEstimate {
  private startTicks: number | undefined;
  private seekTicks: number | undefined;

  /** `media` is the instance before the delta: a load has a lead of its own. */
  observe({ tick, fields: { motion } }: Delta, media: number): void {
    if (motion?.pending === undefined || motion.pending.media !== media) return;
    const ticks = motion.pending.anchorTick - tick;
    if (ticks <= 0) return;
    // A seek stands still from its own tick on; a start leaves what was there before.
    if (motion.current.anchorTick === tick) this.seekTicks = ticks;
    else this.startTicks = ticks;
  }

  /** From the moment a person acts: the way there and half a tick of waiting come on top. */
  ticks(
    tickUs: number,
    rttMs: number,
  ): { readonly startTicks: number; readonly seekTicks: number } {
    const wayTicks = Math.ceil((rttMs * 500) / tickUs + 0.5);
    return {
      startTicks: (this.startTicks ?? Math.ceil(START_LEAD_US / tickUs)) + wayTicks,
      seekTicks: (this.seekTicks ?? Math.ceil(SEEK_LEAD_US / tickUs)) + wayTicks,
    };
  }
}
