// Motions and polls as values, and how they are put into words. Pure.
import type { PluginView } from "@playhead/sdk";
import { formatRate, formatTime } from "../../lib/format";
import {
  type Fields,
  fieldsOf,
  mapOf,
  maybeNumber,
  numberOf,
  numbersOf,
  textOf,
  textsOf,
} from "../plugin";

export interface Motion {
  readonly id: number;
  readonly words: string;
  readonly by: number | undefined;
  readonly byName: string;
  readonly yes: number;
  readonly no: number;
  readonly needed: number;
  readonly endsTick: number;
}

export interface Poll {
  readonly id: number;
  readonly question: string;
  readonly options: readonly string[];
  readonly counts: readonly number[];
  readonly by: number | undefined;
  readonly byName: string;
  readonly endsTick: number | undefined;
  readonly open: boolean;
}

/** What is put to the vote, as a question. */
export function motionWords(motion: Fields): string {
  switch (motion.action) {
    case "skip":
      return "Skip this one?";
    case "play":
      return "Go on playing?";
    case "pause":
      return "Pause?";
    case "seek":
      return `Go to ${formatTime(numberOf(motion.position_s) * 1000)}?`;
    case "rate":
      return `Set the speed to ${formatRate(numberOf(motion.rate))}?`;
    case "load":
      return `Watch “${textOf(motion.title) || textOf(motion.url)}”?`;
    default:
      return textOf(motion.question);
  }
}

export function motionsOf(state: PluginView["state"]): readonly Motion[] {
  return [...mapOf(state.motions)].map(([id, value]) => {
    const motion = fieldsOf(value);
    return {
      id: Number(id),
      words: motionWords(motion),
      by: maybeNumber(motion.by),
      byName: textOf(motion.by_name),
      yes: numberOf(motion.yes),
      no: numberOf(motion.no),
      needed: numberOf(motion.needed),
      endsTick: numberOf(motion.ends_tick),
    };
  });
}

/** The open ones first, the newest of each on top. */
export function pollsOf(state: PluginView["state"]): readonly Poll[] {
  const polls = [...mapOf(state.polls)].map(([id, value]): Poll => {
    const poll = fieldsOf(value);
    return {
      id: Number(id),
      question: textOf(poll.question),
      options: textsOf(poll.options),
      counts: numbersOf(poll.counts),
      by: maybeNumber(poll.by),
      byName: textOf(poll.by_name),
      endsTick: maybeNumber(poll.ends_tick),
      open: poll.open === true,
    };
  });
  return polls.sort((a, b) => Number(b.open) - Number(a.open) || b.id - a.id);
}

export const shareOf = (count: number, of: number): number => (of > 0 ? count / of : 0);
