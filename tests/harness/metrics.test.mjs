import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { histogramOf, metricOf, quantileBetween } from './metrics.mjs';

const page = (counts) => `# HELP a_total What it is.
# TYPE a_total counter
a_total 42
a_total_more 1
b{shard="0"} 7
t_seconds_bucket{le="0.001000"} ${counts[0]}
t_seconds_bucket{le="0.002000"} ${counts[1]}
t_seconds_bucket{le="+Inf"} ${counts[2]}
t_seconds_sum 1.5
`;

describe('/metrics', () => {
  it('is read by whole names', () => {
    assert.equal(metricOf(page([0, 0, 0]), 'a_total'), 42);
    assert.throws(() => metricOf(page([0, 0, 0]), 'a'), /no a in/);
    assert.throws(() => metricOf(page([0, 0, 0]), 'b'), /no b in/);
    assert.deepEqual(histogramOf(page([1, 2, 3]), 't_seconds'), [[0.001, 1], [0.002, 2], [Infinity, 3]]);
    assert.throws(() => histogramOf(page([1, 2, 3]), 'u_seconds'), /no histogram u_seconds/);
  });

  it('tells what came between two looks', () => {
    const between = (before, after, share) => quantileBetween(histogramOf(page(before), 't_seconds'), histogramOf(page(after), 't_seconds'), share);
    // 90 short ones came before, and ten longer ones since.
    assert.equal(between([90, 90, 90], [90, 99, 100], 0.5), 0.002);
    assert.equal(between([90, 90, 90], [90, 99, 100], 0.9), 0.002);
    assert.equal(between([90, 90, 90], [90, 99, 100], 0.91), Infinity);
    assert.equal(between([0, 0, 0], [90, 99, 100], 0.5), 0.001);
    assert.equal(between([0, 0, 0], [0, 9, 9], 0), 0.002);
    assert.ok(Number.isNaN(between([1, 2, 3], [1, 2, 3], 0.5)));
  });
});
