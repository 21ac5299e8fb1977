// The room's playhead as arithmetic: where the media should be at an instant of server time.

/** A straight line of media position over ticks. */
export interface Playhead {
  /** Which loading of which media this is about. */
  readonly media: number;
  readonly anchorPositionUs: number;
  readonly anchorTick: number;
  readonly ratePermille: number;
  readonly playing: boolean;
}

/** What the room does now, and at most one change that is already agreed on. */
export interface Motion {
  readonly current: Playhead;
  readonly pending?: Playhead | undefined;
}

/** Server time at which a playhead takes over. Unit: ms. */
export function anchorMs(playhead: Playhead, tickUs: number): number {
  return (playhead.anchorTick * tickUs) / 1000;
}

/** The playhead that holds at a server time. */
export function playheadAt(motion: Motion, serverMs: number, tickUs: number): Playhead {
  const { current, pending } = motion;
  return pending !== undefined && serverMs >= anchorMs(pending, tickUs) ? pending : current;
}

/** Position on a playhead at a server time, never before its anchor. Unit: ms. */
export function positionMsAt(playhead: Playhead, serverMs: number, tickUs: number): number {
  const anchorPositionMs = playhead.anchorPositionUs / 1000;
  if (!playhead.playing) return anchorPositionMs;
  const elapsedMs = Math.max(0, serverMs - anchorMs(playhead, tickUs));
  return anchorPositionMs + (elapsedMs * playhead.ratePermille) / 1000;
}
