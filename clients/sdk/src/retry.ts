// What to do after a connection ended: a pure decision, so that every ending can be read as one row of a table.

import type { ErrorCodeName } from "./api.js";
import { errorCodeName, type Goodbye } from "./messages.js";

/** Bounds of the time between attempts, before jitter; it doubles in between. Unit: ms. */
export const RETRY_MS_MIN = 250;
export const RETRY_MS_MAX = 10_000;
/** After so many attempts in a row that ended in a fault of ours, trying again is no use. */
export const FAULTS_MAX = 3;

/** How a connection ended: with a goodbye, with a close code only, or by our own finding. */
export interface Ending {
  readonly code: ErrorCodeName;
  readonly message: string;
  readonly resumable: boolean;
  readonly retryMs: number;
}

export interface Attempts {
  /** Endings in a row without a stable connection between them, this one included. */
  readonly failures: number;
  /** The connection that ended had presented a resume token. */
  readonly resumed: boolean;
  readonly hasJoinToken: boolean;
  /** A connect token was asked for, and nothing has come of it yet. */
  readonly asked: boolean;
}

export type Decision =
  | { readonly kind: "close" }
  /** The token is good for asking for another [J14]. */
  | { readonly kind: "ask" }
  /** `forget`: the place is lost; join as a new viewer. `floorMs`: not sooner, whatever the page hints. */
  | {
      readonly kind: "retry";
      readonly delayMs: number;
      readonly floorMs: number;
      readonly forget: boolean;
    };

/** Trying again would end the same way. */
const TERMINAL: ReadonlySet<ErrorCodeName> = new Set([
  "unsupported_protocol",
  "token_missing",
  "token_malformed",
  "token_wrong",
  "token_foreign",
  "token_stale",
  "room_unknown",
  "room_full",
  "room_closed",
  "replaced",
  "kicked",
  "banned",
]);

/** What the token presented may be to blame for. */
const OF_TOKEN: ReadonlySet<ErrorCodeName> = new Set([
  "token_malformed",
  "token_wrong",
  "token_foreign",
  "token_stale",
]);

/** We or the engine broke a rule: once may be chance, always is not. */
const FAULT: ReadonlySet<ErrorCodeName> = new Set([
  "malformed",
  "hello_expected",
  "hello_repeated",
  "too_large",
  "text_frame",
]);

/** `random` is in [0, 1). */
export function afterEnding(ending: Ending, attempts: Attempts, random: number): Decision {
  const { code, resumable, retryMs } = ending;
  if (OF_TOKEN.has(code) && attempts.resumed && attempts.hasJoinToken) {
    return { kind: "retry", delayMs: 0, floorMs: 0, forget: true };
  }
  if (code === "token_stale" && attempts.hasJoinToken && !attempts.asked) return { kind: "ask" };
  if (TERMINAL.has(code)) return { kind: "close" };
  if (FAULT.has(code) && attempts.failures >= FAULTS_MAX) return { kind: "close" };
  const backoffMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(attempts.failures - 1, 10));
  // All of it is chance: viewers that lost the engine at one moment must not return at one moment.
  const delayMs = retryMs + backoffMs * random;
  return { kind: "retry", delayMs, floorMs: retryMs, forget: !resumable };
}

/** Close codes of ours are 4000 + ErrorCode; those of RFC 6455 stand for what the engine means by them. */
const CLOSE_CODES: ReadonlyMap<number, ErrorCodeName> = new Map([
  [1001, "draining"],
  [1002, "malformed"],
  [1003, "text_frame"],
  [1007, "malformed"],
  [1009, "too_large"],
]);
const CLOSE_CODE_BASE = 4000;

export function endingOfGoodbye({ code, message, resumable, retryMs }: Goodbye): Ending {
  return { code, message, resumable, retryMs };
}

/** A connection that closed without a goodbye: the place is kept for a while. */
export function endingOfClose(closeCode: number): Ending {
  const code =
    closeCode > CLOSE_CODE_BASE && closeCode < CLOSE_CODE_BASE + 1000
      ? errorCodeName(closeCode - CLOSE_CODE_BASE)
      : (CLOSE_CODES.get(closeCode) ?? "unreachable");
  const message =
    code === "unreachable" ? "the connection was lost" : `the connection was closed: ${code}`;
  return { code, message, resumable: true, retryMs: 0 };
}
