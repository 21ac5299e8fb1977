// What waits, as values, and where a dragged item lands. Pure.
import type { PluginView } from "@playhead/sdk";
import { kindNames, type SourceKind } from "../../players/source";
import { fieldsOf, itemsOf, listOf, mapOf, maybeNumber, numbersOf, textOf } from "../plugin";

export interface QueueItem {
  readonly id: number;
  readonly url: string;
  readonly kind: string;
  /** The title, or what can be read off the address. */
  readonly title: string;
  readonly by: number | undefined;
  readonly byName: string;
  readonly votes: readonly number[];
}

const sites: readonly string[] = ["youtube", "vimeo", "twitch"];

function titleOf(title: string, kind: string, url: string): string {
  if (title !== "") return title;
  // The addresses of sites say nothing to people.
  if (sites.includes(kind)) return `A video on ${kindNames[kind as SourceKind]}`;
  try {
    const { hostname, pathname } = new URL(url, "https://here.invalid");
    const file = decodeURIComponent(pathname.split("/").filter(Boolean).at(-1) ?? "");
    return file || hostname;
  } catch {
    return url;
  }
}

export function queueItems(state: PluginView["state"]): readonly QueueItem[] {
  const votes = mapOf(state.votes);
  return itemsOf(state.items).map(({ id, value }) => {
    const { url, kind, title, by, by_name } = fieldsOf(value);
    return {
      id,
      url: textOf(url),
      kind: textOf(kind),
      title: titleOf(textOf(title), textOf(kind), textOf(url)),
      by: maybeNumber(by),
      byName: textOf(by_name),
      votes: numbersOf(listOf(votes.get(id))),
    };
  });
}

export function currentTitle(state: PluginView["state"]): string | undefined {
  const current = fieldsOf(state.current);
  return maybeNumber(current.item) === undefined
    ? undefined
    : titleOf(textOf(current.title), textOf(current.kind), textOf(current.url));
}

/** The list with one item at another place, which is counted from 0. */
export function moved<T extends { readonly id: number }>(
  items: readonly T[],
  id: number,
  to: number,
): readonly T[] {
  const item = items.find((each) => each.id === id);
  if (item === undefined) return items;
  const rest = items.filter((each) => each !== item);
  const at = Math.max(0, Math.min(rest.length, to));
  return [...rest.slice(0, at), item, ...rest.slice(at)];
}

/** Where a row held at height `y` lands: before the first row whose middle is below it. */
export function landingOf(
  y: number,
  rows: readonly { readonly id: number; readonly middle: number }[],
  held: number,
): number {
  const others = rows.filter(({ id }) => id !== held);
  const at = others.findIndex(({ middle }) => y < middle);
  return at < 0 ? others.length : at;
}
