import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructionsIn } from './instructions.mjs';

test("a dump's sum is found, whichever way it is called", () => {
  assert.equal(instructionsIn('# callgrind format\nversion: 1\nevents: Ir\nsummary: 123456\n\nfn=(1) main\n1 5\n'), 123456);
  assert.equal(instructionsIn('events: Ir\nfn=(1) main\n1 5\n\ntotals: 42\n'), 42);
  assert.throws(() => instructionsIn('events: Ir\n'), /no sum/);
});
