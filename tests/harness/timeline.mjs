// Arithmetic on what pages showed: positions on one true clock, their spread, and when they settled. Pure.
// A sample is [atMs, positionS, paused, seeking, readyState, rate].

// More than this apart, two samples say nothing about the time between them.
const gapMsMax = 150;
// Positions that move this far from what time explains are a jump, not motion to interpolate.
const jumpMsMax = 120;

export function percentile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
export const median = (values) => percentile(values, 0.5);

// A player cannot leave its line and be back on it within two samples, but a reading can: the process may be
// suspended between reading the clock and reading the position. Such single samples are left out.
export function withoutMisreadings(samples) {
  const awayMs = 4;
  const agreeMs = 2;
  const line = samples.map(([at, position, , , , rate]) => position * 1000 - at * rate);
  return samples.filter((sample, n) => {
    if (n === 0 || n === samples.length - 1) return true;
    const steady = !sample[2] && samples[n - 1][5] === sample[5] && samples[n + 1][5] === sample[5];
    const agree = Math.abs(line[n - 1] - line[n + 1]) < agreeMs;
    return !(steady && agree && Math.abs(line[n] - line[n - 1]) > awayMs && Math.abs(line[n] - line[n + 1]) > awayMs);
  });
}

// The position in ms at `atMs`, interpolated; undefined across jumps, gaps and outside the samples.
export function positionAt(samples, atMs) {
  let low = 0;
  let high = samples.length - 1;
  if (high < 1 || atMs < samples[0][0] || atMs > samples[high][0]) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (samples[middle][0] <= atMs) low = middle;
    else high = middle;
  }
  const before = samples[low];
  const after = samples[high];
  const elapsed = after[0] - before[0];
  const moved = (after[1] - before[1]) * 1000;
  if (elapsed > gapMsMax || moved < -1 || moved > elapsed * Math.max(before[5], after[5], 1) + jumpMsMax) return undefined;
  return before[1] * 1000 + (elapsed > 0 ? (moved * (atMs - before[0])) / elapsed : 0);
}

// The largest minus the smallest position of all pages at each step of [fromMs, toMs]; undefined where a page has none.
export function skewSeries(pages, fromMs, toMs, stepMs = 20) {
  const series = [];
  for (let at = fromMs; at <= toMs; at += stepMs) {
    const positions = pages.map((samples) => positionAt(samples, at));
    series.push([at, positions.includes(undefined) ? undefined : Math.max(...positions) - Math.min(...positions)]);
  }
  return series;
}
export const skews = (pages, fromMs, toMs) => skewSeries(pages, fromMs, toMs).map((each) => each[1]).filter((each) => each !== undefined);

// How long after `fromMs` all pages are within `withinMs` of each other, and near where the room is (`expected(atMs)` in ms,
// within `nearMs`), for good, that is until `toMs`. Undefined if they never are.
export function settleMs(pages, fromMs, toMs, { withinMs = 10, nearMs = 200, expected, stepMs = 10 }) {
  let settled;
  for (const [at, skew] of skewSeries(pages, fromMs, toMs, stepMs)) {
    const near = expected === undefined || pages.every((samples) => {
      const position = positionAt(samples, at);
      return position !== undefined && Math.abs(position - expected(at)) <= nearMs;
    });
    const good = skew !== undefined && skew <= withinMs && near;
    if (!good) settled = undefined;
    else settled ??= at - fromMs;
  }
  return settled;
}

// The frame each page showed at `atMs` ([atMs, mediaTimeS, number] rows); undefined before the first.
export function frameAt(frames, atMs) {
  let shown;
  for (const [at, , number] of frames) {
    if (at > atMs) break;
    shown = number;
  }
  return shown;
}

// The share of moments at which all pages show the same or adjacent frames.
export function adjacentShare(pages, fromMs, toMs, stepMs = 50) {
  let good = 0;
  let all = 0;
  for (let at = fromMs; at <= toMs; at += stepMs) {
    const numbers = pages.map((frames) => frameAt(frames, at));
    if (numbers.includes(undefined)) continue;
    all++;
    if (Math.max(...numbers) - Math.min(...numbers) <= 1) good++;
  }
  return all === 0 ? Number.NaN : good / all;
}
