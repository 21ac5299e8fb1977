// Arithmetic on what players did: when they began to move, when they stood, how far apart they were. Pure.
// Rows are those of timeline.mjs: [atMs, positionS, paused, seeking, readyState, rate].
import { positionAt } from './timeline.mjs';

// Less movement than this between two samples is none.
const stillMs = 1;

// One player's position minus another's at one moment, from two rows taken back to back: the older is carried on at its rate.
export function differenceMs(a, b) {
  const carried = (row, atMs) => row[1] * 1000 + (row[2] ? 0 : (atMs - row[0]) * row[5]);
  const atMs = Math.max(a[0], b[0]);
  return carried(a, atMs) - carried(b, atMs);
}

// When a player that stood at `fromMs` began to move: the line of its first moving samples, carried back to where it stood.
// Undefined if it did not stand, or never moved. A jump is no motion: positions are followed from the last one.
export function startOfMotion(rows, fromMs) {
  const seen = rows.filter((row) => row[0] >= fromMs);
  for (let n = 1; n < seen.length; n++) {
    const [before, after] = [seen[n - 1], seen[n]];
    const moved = (after[1] - before[1]) * 1000;
    const elapsed = after[0] - before[0];
    if (moved < stillMs || moved > elapsed * after[5] * 1.5 + 10) continue;
    if (n === 1) return undefined;
    const next = seen[n + 1];
    if (next === undefined || (next[1] - after[1]) * 1000 < stillMs) continue;
    return after[0] - moved / after[5];
  }
  return undefined;
}

// The first moment from `fromMs` on at which a player stands, and goes on standing for `forMs`. Undefined if there is none.
export function standsFrom(rows, fromMs, forMs = 40) {
  const seen = rows.filter((row) => row[0] >= fromMs);
  for (let n = 0; n < seen.length; n++) {
    const later = seen.findIndex((row) => row[0] >= seen[n][0] + forMs);
    if (later < 0) return undefined;
    if (seen.slice(n, later + 1).every((row) => Math.abs(row[1] - seen[n][1]) * 1000 < stillMs)) return seen[n][0];
  }
  return undefined;
}

// How long after `fromMs` the difference of two players is what it is at the end, within `withinMs`, for good. For players who
// never come together: they are done when nothing changes any more.
export function steadyMs(a, b, fromMs, toMs, withinMs = 10, stepMs = 10) {
  const apart = [];
  for (let at = fromMs; at <= toMs; at += stepMs) {
    const [first, second] = [positionAt(a, at), positionAt(b, at)];
    apart.push(first === undefined || second === undefined ? undefined : first - second);
  }
  const last = apart.findLast((each) => each !== undefined);
  if (last === undefined) return undefined;
  const bad = apart.findLastIndex((each) => each === undefined || Math.abs(each - last) > withinMs);
  return bad === apart.length - 1 ? undefined : (bad + 1) * stepMs;
}

// How far a player has left the line it was on before `fromMs`: the largest step off it until `toMs`.
export function movedMs(rows, fromMs, toMs) {
  const line = (row) => row[1] * 1000 - row[0];
  const before = rows.findLast((row) => row[0] < fromMs);
  if (before === undefined) return undefined;
  return Math.max(0, ...rows.filter((row) => row[0] >= fromMs && row[0] <= toMs).map((row) => Math.abs(line(row) - line(before))));
}
