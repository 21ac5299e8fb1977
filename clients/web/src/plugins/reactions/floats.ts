// Which emoji rise from a burst, and where. Pure; chance is an argument.
import { type Fields, fieldsOf, listOf, numberOf, textOf } from "../plugin";

export interface Float {
  readonly id: number;
  readonly emoji: string;
  /** Place on the picture, from its top left, 0 to 1. */
  readonly x: number;
  readonly y: number;
  /** It was put there, and does not come from the edge. */
  readonly placed: boolean;
  readonly delayMs: number;
}

/** However many react, a picture stays visible. */
export const floatsMax = 48;
/** Of one emoji of one burst. */
const perEmojiMax = 10;
/** They leave one after the other, not as a row. */
const spreadMs = 500;

export function floatsOf(burst: Fields, firstId: number, random: () => number): readonly Float[] {
  const floats: Float[] = [];
  const placed = new Map<string, number>();
  const add = (emoji: string, x: number, y: number, isPlaced: boolean, delayMs: number) =>
    floats.push({ id: firstId + floats.length, emoji, x, y, placed: isPlaced, delayMs });
  for (const place of listOf(burst.places)) {
    const { emoji, x, y } = fieldsOf(place);
    add(textOf(emoji), numberOf(x), numberOf(y), true, 0);
    placed.set(textOf(emoji), (placed.get(textOf(emoji)) ?? 0) + 1);
  }
  for (const [emoji, count] of Object.entries(fieldsOf(burst.counts))) {
    const rest = numberOf(count) - (placed.get(emoji) ?? 0);
    for (let n = 0; n < Math.min(rest, perEmojiMax); n += 1) {
      add(emoji, 0.62 + random() * 0.33, 0.95, false, n === 0 ? 0 : random() * spreadMs);
    }
  }
  return floats.slice(0, floatsMax);
}
