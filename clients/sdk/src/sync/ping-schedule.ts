// When to ping next. A policy, kept apart from the estimator and from the connection that obeys it.

import { SETTLED_GOOD_SAMPLES } from "./clock.js";

/** Gap inside the burst at connect. Unit: ms. Source: browser-sync.md section 1 (20 pings at 50 ms). */
export const BURST_GAP_MS = 50;
/** The burst lasts at least so many exchanges, */
export const BURST_SAMPLES = 20;
/** until that many were quick (a page or server that is starting up makes slow ones), */
export const BURST_GOOD_SAMPLES = SETTLED_GOOD_SAMPLES;
/** but no longer than this many. */
export const BURST_SAMPLES_MAX = 40;
/** How long a small room goes on at the burst's pace: each sample is one more chance of a quick way. Unit: ms. */
export const OPENING_MS = 5_000;
/** Gap after that, while the estimate still gains much from each sample. Unit: ms. */
export const CLOSE_GAP_MS = 100;
/** How long that phase lasts after connecting. Unit: ms. Source: 10 a second is needed for 1.5 ms at 30 s. */
export const CLOSE_PHASE_MS = 60_000;
/** Gap in a small room for good. Unit: ms. */
export const SMALL_ROOM_GAP_MS = 250;
/** Rooms up to this many viewers are small; above it the gap grows in proportion. */
export const SMALL_ROOM_VIEWERS = 20;
/** Gap in the widest rooms, where the ping rides on the viewer's own report. Unit: ms. */
export const WIDE_ROOM_GAP_MS = 10_000;

export interface PingProgress {
  /** Exchanges accepted since connecting or since the estimator was reset. */
  readonly samples: number;
  /** Those with a round trip below GOOD_RTT_MS. */
  readonly goodSamples: number;
  /** Since the first ping of this connection. */
  readonly elapsedMs: number;
  /** How many viewers are in the room; 1 when unknown. */
  readonly viewers: number;
}

/** How long to wait before the next ping, in ms. */
export function pingSchedule({ samples, goodSamples, elapsedMs, viewers }: PingProgress): number {
  const short = samples < BURST_SAMPLES || goodSamples < BURST_GOOD_SAMPLES;
  if (short && samples < BURST_SAMPLES_MAX) return BURST_GAP_MS;
  const crowd = Math.max(1, viewers / SMALL_ROOM_VIEWERS);
  const lasting = Math.min(WIDE_ROOM_GAP_MS, SMALL_ROOM_GAP_MS * crowd);
  if (elapsedMs < OPENING_MS && crowd === 1) return BURST_GAP_MS;
  return elapsedMs < CLOSE_PHASE_MS ? Math.min(lasting, CLOSE_GAP_MS * crowd) : lasting;
}
