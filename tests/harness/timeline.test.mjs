import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjacentShare, percentile, positionAt, settleMs, skews, withoutMisreadings } from './timeline.mjs';

const playing = (offsetMs, fromMs = 0, toMs = 2000) => {
  const rows = [];
  for (let at = fromMs; at <= toMs; at += 25) rows.push([at, (at + offsetMs) / 1000, 0, 0, 4, 1]);
  return rows;
};

test('a percentile is one of the values', () => {
  assert.equal(percentile([5, 1, 3], 0.5), 3);
  assert.equal(percentile([1, 2, 3, 4], 0.95), 4);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('positions are interpolated between samples and unknown across a jump or a gap', () => {
  const rows = playing(100);
  assert.ok(Math.abs(positionAt(rows, 1012) - 1112) < 1e-6);
  assert.equal(positionAt(rows, 5000), undefined);
  const jump = [...playing(0, 0, 1000), ...playing(5000, 1025, 2000)];
  assert.equal(positionAt(jump, 1010), undefined);
  assert.equal(positionAt([...playing(0, 0, 500), ...playing(0, 1000, 1500)], 700), undefined);
});

test('skew is the spread over all pages', () => {
  const found = skews([playing(0), playing(7), playing(3)], 100, 1900);
  assert.ok(found.length > 80 && found.every((each) => Math.abs(each - 7) < 1e-6));
});

test('settling counts from the last bad moment, and agreeing at the wrong place is not settling', () => {
  const late = [...playing(40, 0, 1000), ...playing(0, 1025, 2000)];
  const settled = settleMs([playing(0), late], 0, 2000, { expected: (at) => at });
  assert.ok(settled > 1000 && settled <= 1050, `${settled}`);
  assert.equal(settleMs([playing(0), playing(0)], 100, 1900, { expected: (at) => at + 5000 }), undefined);
  assert.equal(settleMs([playing(0), playing(50)], 100, 1900, {}), undefined);
});

test('frames two apart are not adjacent', () => {
  const shown = (first) => Array.from({ length: 60 }, (_, n) => [n * 33.3, n / 30, first + n]);
  assert.equal(adjacentShare([shown(10), shown(11)], 100, 1800), 1);
  assert.equal(adjacentShare([shown(10), shown(12)], 100, 1800), 0);
});

test('a single misreading is left out, a slip that stays is not', () => {
  const rows = playing(0);
  rows[20][1] -= 0.012;
  assert.equal(withoutMisreadings(rows).length, rows.length - 1);
  const slipped = playing(0).map((row, n) => (n < 20 ? row : [row[0], row[1] - 0.012, ...row.slice(2)]));
  assert.equal(withoutMisreadings(slipped).length, slipped.length);
  const twice = playing(0);
  twice[20][1] -= 0.012;
  twice[21][1] -= 0.012;
  assert.equal(withoutMisreadings(twice).length, twice.length);
});
