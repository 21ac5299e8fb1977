// Reads the text of /metrics (Prometheus text exposition format 0.0.4), as far as the engine writes it. Pure.

// A number without labels; throws for one that is not there.
export function metricOf(text, name) {
  const match = text.match(new RegExp(`^${name} (\\S+)$`, 'm'));
  if (!match) throw new Error(`there is no ${name} in /metrics`);
  return Number(match[1]);
}

// [[upper bound, how many are at most that]], in the order of the bounds, the last one infinite.
export function histogramOf(text, name) {
  const rows = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))];
  if (rows.length === 0) throw new Error(`there is no histogram ${name} in /metrics`);
  return rows.map(([, bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), Number(count)]);
}

// The bound that a share of what came between two looks at a histogram is at most: from above, as fine as the buckets. NaN if
// nothing came.
export function quantileBetween(before, after, share) {
  const came = after.map(([bound, count], n) => [bound, count - before[n][1]]);
  const wanted = share * came.at(-1)[1];
  if (came.at(-1)[1] === 0) return Number.NaN;
  return came.find(([, count]) => count > 0 && count >= wanted)[0];
}
