// The last two minutes of overviews. The engine tells totals; what happens a second is their difference, by its own clock.
import type { Buckets, Overview } from "./overview";

export const historyMax = 121;

/** The oldest first. An engine that was started again begins a history of its own. */
export function remember(history: readonly Overview[], newest: Overview): Overview[] {
  const last = history.at(-1);
  if (!last || newest.uptimeS < last.uptimeS) return [newest];
  return [...history, newest].slice(-historyMax);
}

/** What a total grew by, a second; 0 where it began anew. */
function rate(from: Overview, to: Overview, total: (overview: Overview) => number): number {
  const seconds = to.uptimeS - from.uptimeS;
  return seconds > 0 ? Math.max(0, total(to) - total(from)) / seconds : 0;
}

/** One value for each pair of neighbours. */
export const ratesOf = (
  history: readonly Overview[],
  total: (overview: Overview) => number,
): number[] => {
  const rates: number[] = [];
  history.forEach((overview, at) => {
    const before = history[at - 1];
    if (before) rates.push(rate(before, overview, total));
  });
  return rates;
};

/** How many overviews lie between the two that numbers are taken from: they can be read before they change. */
const span = 5;

function ends(history: readonly Overview[]): { from: Overview; to: Overview } | null {
  const to = history.at(-1);
  const from = history.at(Math.max(-history.length, -1 - span));
  return to && from && to !== from ? { from, to } : null;
}

/** Over the last few seconds; null until there are two overviews. */
export function recentRate(
  history: readonly Overview[],
  total: (overview: Overview) => number,
): number | null {
  const taken = ends(history);
  return taken && rate(taken.from, taken.to, total);
}

/** The same of each row of a table, by its name; nothing of those that were not there before. */
export function rowRates<Row>(
  history: readonly Overview[],
  rowsOf: (overview: Overview) => readonly Row[],
  nameOf: (row: Row) => string,
  total: (row: Row) => number,
): Map<string, number> {
  const rates = new Map<string, number>();
  const taken = ends(history);
  if (!taken) return rates;
  const seconds = taken.to.uptimeS - taken.from.uptimeS;
  const before = new Map(rowsOf(taken.from).map((row) => [nameOf(row), total(row)]));
  for (const row of rowsOf(taken.to)) {
    const was = before.get(nameOf(row));
    if (was !== undefined && seconds > 0)
      rates.set(nameOf(row), Math.max(0, total(row) - was) / seconds);
  }
  return rates;
}

/** The buckets of all shards together. */
export function allTicks({ shards }: Overview): Buckets {
  const le = shards[0]?.tickMs.le ?? [];
  const sums = le.concat(0).map(() => 0);
  for (const { tickMs } of shards) {
    tickMs.counts.forEach((value, at) => {
      sums[at] = (sums[at] ?? 0) + value;
    });
  }
  return { le, counts: sums };
}

/** The ticks within the history; with one overview only, those since the engine was started. */
export function recentTicks(history: readonly Overview[]): Buckets {
  const newest = history.at(-1);
  const oldest = history[0];
  if (!newest || !oldest) return { le: [], counts: [] };
  const now = allTicks(newest);
  if (newest === oldest) return now;
  const before = allTicks(oldest).counts;
  return {
    le: now.le,
    counts: now.counts.map((value, at) => Math.max(0, value - (before[at] ?? 0))),
  };
}

export const totalOf = ({ counts }: Buckets): number =>
  counts.reduce((sum, value) => sum + value, 0);

/** The bound below which a share `q` lies: as fine as the buckets. Null without any; Infinity above the last bound. */
export function quantileOf(buckets: Buckets, q: number): number | null {
  const wanted = q * totalOf(buckets);
  if (wanted === 0) return null;
  let below = 0;
  for (const [at, value] of buckets.counts.entries()) {
    below += value;
    if (below >= wanted) return buckets.le[at] ?? Number.POSITIVE_INFINITY;
  }
  return null;
}
