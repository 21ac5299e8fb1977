// The lines of the chat as values, and the small decisions about them. Pure.
import type { RingItem, ViewerView } from "@playhead/sdk";
import { fieldsOf, maybeNumber, numberOf, numbersOf, textOf } from "../plugin";

export interface Line {
  readonly index: number;
  readonly from: number;
  /** As it was then: the viewer may have left. */
  readonly name: string;
  readonly text: string;
  readonly tick: number;
  readonly media: number | undefined;
  readonly positionMs: number | undefined;
  readonly replyTo: number | undefined;
  readonly mentions: readonly number[];
  readonly edited: boolean;
}

const known = new WeakMap<RingItem, Line>();

/** The same object for the same item, so that a line that did not change is not drawn again. */
export function lineOf(item: RingItem): Line {
  let line = known.get(item);
  if (line === undefined) {
    const fields = fieldsOf(item.value);
    const positionS = maybeNumber(fields.position_s);
    line = {
      index: item.index,
      from: numberOf(fields.from),
      name: textOf(fields.name),
      text: textOf(fields.text),
      tick: numberOf(fields.tick),
      media: maybeNumber(fields.media),
      positionMs: positionS === undefined ? undefined : positionS * 1000,
      replyTo: maybeNumber(fields.reply_to),
      mentions: numbersOf(fields.mentions),
      edited: fields.edited === true,
    };
    known.set(item, line);
  }
  return line;
}

/** Lines of one viewer that follow each other so soon stand under one name. Unit: ticks of 50 ms. */
const togetherTicks = 2400;

export const continues = (line: Line, before: Line | undefined): boolean =>
  before !== undefined &&
  before.from === line.from &&
  line.replyTo === undefined &&
  line.tick - before.tick < togetherTicks;

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "time"; readonly text: string; readonly positionMs: number }
  | { readonly kind: "mention"; readonly text: string };

const timestamp = /(?<![\d:.])(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)(?![\d:])/g;

/** Finds the times in a text ("at 1:02:03") and the names that it mentions. */
export function piecesOf(text: string, names: readonly string[]): readonly Piece[] {
  const found: { at: number; piece: Piece }[] = [];
  for (const match of text.matchAll(timestamp)) {
    const [whole, hours = "0", minutes = "0", seconds = "0"] = match;
    if (match[1] !== undefined && Number(minutes) > 59) continue;
    const positionMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    found.push({ at: match.index, piece: { kind: "time", text: whole, positionMs } });
  }
  for (const name of names) {
    const mention = `@${name}`;
    for (let at = text.indexOf(mention); at >= 0; at = text.indexOf(mention, at + mention.length)) {
      found.push({ at, piece: { kind: "mention", text: mention } });
    }
  }
  found.sort((a, b) => a.at - b.at || b.piece.text.length - a.piece.text.length);
  const pieces: Piece[] = [];
  let end = 0;
  for (const { at, piece } of found) {
    if (at < end) continue;
    if (at > end) pieces.push({ kind: "text", text: text.slice(end, at) });
    pieces.push(piece);
    end = at + piece.text.length;
  }
  if (end < text.length) pieces.push({ kind: "text", text: text.slice(end) });
  return pieces;
}

/** The engine's limit on a line's mentions. */
const mentionsMax = 10;

/** Whom a text mentions by the names they have now. */
export function mentionsIn(text: string, viewers: readonly ViewerView[]): readonly number[] {
  return viewers
    .filter(({ name }) => text.includes(`@${name}`))
    .slice(0, mentionsMax)
    .map(({ id }) => id);
}

/** The begin of a name behind an @ before the caret, and where it begins. */
export function mentionBeingTyped(
  text: string,
  caret: number,
): { readonly at: number; readonly begin: string } | undefined {
  const at = text.lastIndexOf("@", caret - 1);
  if (at < 0 || (at > 0 && !/\s/.test(text.charAt(at - 1)))) return undefined;
  const begin = text.slice(at + 1, caret);
  return /[\n@]/.test(begin) || begin.length > 32 ? undefined : { at, begin };
}

export function candidates(
  begin: string,
  viewers: readonly ViewerView[],
  me: number | undefined,
): readonly ViewerView[] {
  const lower = begin.toLocaleLowerCase();
  return viewers
    .filter(({ id, name }) => id !== me && name.toLocaleLowerCase().startsWith(lower))
    .slice(0, 5);
}

/** "Ann is typing…", "Ann, Ben and 3 more are typing…"; empty for nobody. */
export function typingWords(names: readonly string[], more: number): string {
  const shown = names.slice(0, 3);
  const others = names.length - shown.length + more;
  if (shown.length === 0 && others === 0) return "";
  const parts = others > 0 ? [...shown, `${others} more`] : [...shown];
  const last = parts.pop() ?? "";
  const who = parts.length > 0 ? `${parts.join(", ")} and ${last}` : last;
  return `${who} ${names.length + more === 1 ? "is" : "are"} typing…`;
}

/** As the engine counts: code points. */
export const lengthOf = (text: string): number => [...text].length;
