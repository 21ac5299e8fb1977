// Own commands from the moment a person acts until the room has answered: numbered once, sent again with the same
// number after a loss (the room applies each number once), shown at once and taken back when refused.
//   Thread: one.   Owner: the room.   Pure but for the promises it settles: time comes in as arguments.

import type { CommandResult, ErrorCodeName } from "./api.js";
import type { Action, CommandMessage, Reply } from "./messages.js";
import { type Issue, predict } from "./predict.js";
import type { Motion } from "./sync/motion.js";

/** The room keeps so many answers for commands that are sent again (Member::outcomes_kept). */
export const UNANSWERED_MAX = 16;
/** A command that could not be sent for so long is given up: nobody expects it any more. Unit: ms. */
export const UNSENT_MS_MAX = 10_000;

/** When a person acted, and what they saw. */
export interface Act {
  readonly media: number;
  readonly localMs: number;
  readonly positionUs: number | undefined;
  /** For showing it at once; undefined while the room's time is not known. */
  readonly issue: Issue | undefined;
}

interface Unanswered {
  readonly action: Action;
  readonly act: Act;
  readonly settle: (result: CommandResult) => void;
  /** Once it has been sent; sent again as it was. */
  message: CommandMessage | undefined;
}

export class Commands {
  private unanswered: Unanswered[] = [];
  private lastIssuedUs = -1;
  private lastLogical = 0;

  /** `sequence` is that of the last command of this viewer, from before a reload. */
  constructor(private sequence = 0) {}

  get pending(): number {
    return this.unanswered.length;
  }
  get lastSequence(): number {
    return this.sequence;
  }

  submit(action: Action, act: Act): Promise<CommandResult> {
    if (this.unanswered.length >= UNANSWERED_MAX) {
      return Promise.resolve(
        refusal("rate_limited", "too many commands are waiting for an answer"),
      );
    }
    return new Promise((settle) => {
      this.unanswered.push({ action, act, settle, message: undefined });
    });
  }

  /**
   * Commands that have not been sent yet, in order, ready for it. `issuedAtUs` tells server time at a local time.
   * Numbers and stamps are given here, once: both grow, also when the clock estimate steps back.
   */
  takeUnsent(issuedAtUs: (localMs: number) => number): CommandMessage[] {
    const messages: CommandMessage[] = [];
    for (const command of this.unanswered) {
      if (command.message !== undefined) continue;
      command.message = this.stamp(command, issuedAtUs(command.act.localMs));
      messages.push(command.message);
    }
    return messages;
  }

  /** After a resumed connection: commands whose fate is not known, to be sent again. */
  sent(): CommandMessage[] {
    return this.unanswered.flatMap(({ message }) => (message === undefined ? [] : [message]));
  }

  /** False when it answers nothing that waits. */
  answer(reply: Reply): boolean {
    const index = this.unanswered.findIndex(({ message }) => message?.sequence === reply.sequence);
    const command = this.unanswered[index];
    if (command === undefined) return false;
    this.unanswered.splice(index, 1);
    const { type: _, sequence: __, tick: ___, version: ____, ...result } = reply;
    command.settle(result);
    return true;
  }

  /** A new viewer starts counting afresh; the fate of what the old one sent will never be told. */
  restart(): void {
    this.sequence = 0;
    this.lastIssuedUs = -1;
    this.refuseWhere(
      ({ message }) => message !== undefined,
      "lost",
      "the connection was lost before the room answered; it may or may not have been done",
    );
  }

  /** The engine's clock started anew: stamps no longer need to follow the old ones. */
  forgetStamps(): void {
    this.lastIssuedUs = -1;
  }

  /** Gives up what could not be sent in time. True when something was given up. */
  expire(localMs: number): boolean {
    return this.refuseWhere(
      ({ message, act }) => message === undefined && localMs - act.localMs >= UNSENT_MS_MAX,
      "unreachable",
      "the room could not be reached",
    );
  }

  refuseAll(code: ErrorCodeName, message: string): void {
    this.refuseWhere(() => true, code, message);
  }

  /** The room's motion with everything unanswered on top; commands meant for other media change nothing. */
  echo(confirmed: Motion, media: number): Motion {
    return this.unanswered.reduce(
      (motion, { action, act }) =>
        act.media === media && act.issue !== undefined
          ? predict(motion, action, act.issue)
          : motion,
      confirmed,
    );
  }

  private refuseWhere(
    matches: (command: Unanswered) => boolean,
    code: ErrorCodeName,
    message: string,
  ): boolean {
    const refused = this.unanswered.filter(matches);
    if (refused.length === 0) return false;
    this.unanswered = this.unanswered.filter((command) => !refused.includes(command));
    for (const { settle } of refused) settle(refusal(code, message));
    return true;
  }

  private stamp({ action, act }: Unanswered, issuedAtUs: number): CommandMessage {
    this.sequence += 1;
    const issuedUs = Math.max(0, Math.round(issuedAtUs));
    if (issuedUs > this.lastIssuedUs) {
      this.lastIssuedUs = issuedUs;
      this.lastLogical = 0;
    } else {
      this.lastLogical += 1;
    }
    return {
      type: "command",
      sequence: this.sequence,
      media: act.media,
      issuedAtUs: this.lastIssuedUs,
      issuedLogical: Math.min(this.lastLogical, 0xffff),
      positionUs: act.positionUs ?? -1,
      action,
    };
  }
}

export function refusal(code: ErrorCodeName, message: string): CommandResult {
  return { verdict: "refused", code, message, retryMs: 0 };
}
