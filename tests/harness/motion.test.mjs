import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceMs, movedMs, standsFrom, startOfMotion, steadyMs } from './motion.mjs';

// Rows every 8 ms of a player whose position at a time `place` tells.
const rows = (place, fromMs = 0, toMs = 2000) => {
  const found = [];
  for (let at = fromMs; at <= toMs; at += 8) found.push([at, place(at) / 1000, 0, 0, 4, 1]);
  return found;
};
const near = (value, expected, within = 0.01) => assert.ok(Math.abs(value - expected) <= within, `${value} is not ${expected}`);

test('positions taken one after the other are compared at one moment', () => {
  near(differenceMs([1000, 5.1, 0, 0, 4, 1], [1004, 5.0, 0, 0, 4, 1]), 104);
  near(differenceMs([1004, 5.1, 0, 0, 4, 1], [1000, 5.0, 0, 0, 4, 2]), 92);
  near(differenceMs([1000, 5.1, 1, 0, 4, 1], [1004, 5.0, 1, 0, 4, 1]), 100);
});

test('motion starts where its line leaves the place it stood at', () => {
  near(startOfMotion(rows((at) => 400 + Math.max(0, at - 901)), 100), 901);
  assert.equal(startOfMotion(rows(() => 400), 100), undefined);
  assert.equal(startOfMotion(rows((at) => at), 100), undefined, 'it did not stand');
});

test('a jump before the start is not the start', () => {
  near(startOfMotion(rows((at) => (at < 500 ? 400 : 700) + Math.max(0, at - 901)), 100), 901);
  near(startOfMotion(rows((at) => (at < 500 ? 400 : 430) + Math.max(0, at - 901)), 100), 901);
});

test('a player stands from the first of its samples that agree', () => {
  near(standsFrom(rows((at) => Math.min(at, 803)), 100), 808);
  assert.equal(standsFrom(rows((at) => at), 100), undefined);
  near(standsFrom(rows((at) => Math.min(at, 803) + (at > 900 ? 50 : 0)), 100), 808, 0.01);
});

test('two that stay apart are steady once nothing changes, and not before', () => {
  const still = steadyMs(rows((at) => at), rows((at) => at - (at < 600 ? 300 : 90)), 0, 1900);
  assert.ok(still >= 600 && still <= 620, `${still}`);
  const growing = steadyMs(rows((at) => at), rows((at) => at * 0.9), 0, 1900);
  assert.ok(growing >= 1790 && growing <= 1820, `${growing}`);
  assert.equal(steadyMs([], rows((at) => at), 0, 1900), undefined);
});

test('leaving the line is seen, staying on it is nothing', () => {
  near(movedMs(rows((at) => at + (at > 1000 ? 30 : 0)), 500, 1500), 30);
  near(movedMs(rows((at) => at), 500, 1500), 0);
  assert.equal(movedMs(rows((at) => at), -1, 10), undefined);
});
