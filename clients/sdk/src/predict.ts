// What the room will make of a command, so that it can be shown before the room has answered: the rules of
// schemas/PROTOCOL.md for motion, as far as one viewer can know them. The room's answer replaces whatever this says.

import type { Action } from "./messages.js";
import { type Motion, type Playhead, playheadAt, positionMsAt } from "./sync/motion.js";

/** A pause may name a position that its author saw this long before or after. Unit: ms. */
export const PAUSE_WINDOW_MS = 500;

/** When and where a command was given. Fixed then, so that predicting again gives the same motion. */
export interface Issue {
  /** Server time at which the person acted. Unit: ms. */
  readonly serverMs: number;
  /** What the person's screen showed. Unit: us. */
  readonly positionUs: number | undefined;
  readonly tickUs: number;
  /** Ticks after the action at which a start, or a start after a seek, is expected. */
  readonly startTicks: number;
  readonly seekTicks: number;
  /** 0 = not known. */
  readonly durationUs: number;
}

/** What the room is meant to be doing. */
export function intentOf(motion: Motion): Playhead {
  return motion.pending ?? motion.current;
}

/** The motion after a command, or the same object where it changes nothing (any more). */
export function predict(motion: Motion, action: Action, issue: Issue): Motion {
  switch (action.kind) {
    case "play":
      return predictPlay(motion, issue);
    case "pause":
      return predictPause(motion, issue);
    case "seek":
      return predictSeek(motion, action.positionUs, issue);
    case "setRate":
      return predictRate(motion, action.ratePermille, issue);
    case "load":
    case "setName":
    case "plugin":
      return motion;
  }
}

function tickOf({ serverMs, tickUs }: Issue): number {
  return Math.max(0, Math.floor((serverMs * 1000) / tickUs));
}

function withinMedia(positionUs: number, { durationUs }: Issue): number {
  return Math.max(0, durationUs > 0 ? Math.min(positionUs, durationUs) : positionUs);
}

function positionUsAt(playhead: Playhead, serverMs: number, issue: Issue): number {
  return withinMedia(Math.trunc(positionMsAt(playhead, serverMs, issue.tickUs) * 1000), issue);
}

function predictPlay(motion: Motion, issue: Issue): Motion {
  if (intentOf(motion).playing) return motion;
  const { current } = motion;
  const { durationUs } = issue;
  const atEnd = durationUs > 0 && current.anchorPositionUs >= durationUs;
  return {
    current,
    pending: {
      ...current,
      playing: true,
      anchorPositionUs: atEnd ? 0 : current.anchorPositionUs,
      anchorTick: tickOf(issue) + issue.startTicks,
    },
  };
}

function predictPause(motion: Motion, issue: Issue): Motion {
  const intent = intentOf(motion);
  if (!intent.playing) return motion;
  const now = playheadAt(motion, issue.serverMs, issue.tickUs);
  const expectedUs = positionUsAt(now, issue.serverMs, issue);
  const doubtUs = PAUSE_WINDOW_MS * now.ratePermille;
  const seenUs = issue.positionUs ?? expectedUs;
  const positionUs = Math.min(expectedUs + doubtUs, Math.max(expectedUs - doubtUs, seenUs));
  return {
    current: {
      ...intent,
      playing: false,
      anchorPositionUs: withinMedia(positionUs, issue),
      anchorTick: tickOf(issue),
    },
  };
}

function predictSeek(motion: Motion, targetUs: number, issue: Issue): Motion {
  const intent = intentOf(motion);
  const positionUs = withinMedia(targetUs, issue);
  const tick = tickOf(issue);
  // The room has done it already, and its answer is on the way.
  if (intent.anchorPositionUs === positionUs && intent.anchorTick >= tick) return motion;
  const current = { ...intent, playing: false, anchorPositionUs: positionUs, anchorTick: tick };
  if (!intent.playing) return { current };
  return { current, pending: { ...current, playing: true, anchorTick: tick + issue.seekTicks } };
}

function predictRate(motion: Motion, ratePermille: number, issue: Issue): Motion {
  if (intentOf(motion).ratePermille === ratePermille) return motion;
  const { current, pending } = motion;
  if (!current.playing) {
    return {
      current: { ...current, ratePermille },
      ...(pending === undefined ? {} : { pending: { ...pending, ratePermille } }),
    };
  }
  // Back to what still holds.
  if (current.ratePermille === ratePermille) return { current };
  const anchorTick = tickOf(issue) + issue.startTicks;
  const anchorPositionUs = positionUsAt(current, (anchorTick * issue.tickUs) / 1000, issue);
  return { current, pending: { ...current, ratePermille, anchorTick, anchorPositionUs } };
}
