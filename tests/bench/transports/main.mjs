// ENet against WebSocket on a bad path: how long from one client's command until another client has applied it. Both run at the
// same time, over the same path (long_way.py), to one engine. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run transports [--quick] [--loss 1,5] [--commands N] [--rounds N]
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, root, startEngine } from '../../harness/engine.mjs';
import { median, percentile } from '../../harness/timeline.mjs';

const values = { loss: '1,5', commands: '200', rounds: '3' };
const refuse = (what) => {
  console.error(`transports: ${what}; see the head of tests/bench/transports/main.mjs`);
  process.exit(2);
};
const words = process.argv.slice(2);
while (words.length > 0) {
  const word = words.shift();
  const name = word.replace(/^--/, '');
  if (name === 'quick') Object.assign(values, { commands: '40', rounds: '1' });
  else if (!(name in values)) refuse(`unknown option '${word}'`);
  else if (words.length === 0) refuse(`${word} needs a value`);
  else values[name] = words.shift();
}
const whole = (name, max) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1 || value > max) refuse(`--${name} is '${values[name]}'; expected a whole number from 1 to ${max}`);
  return value;
};
const commands = whole('commands', 2000);
const rounds = whole('rounds', 20);
const losses = values.loss.split(',').map((each) => {
  const value = Number(each);
  if (each === '' || !(value >= 0 && value <= 30)) refuse(`--loss is '${each}'; expected percentages from 0 to 30`);
  return value;
});
if (Object.keys(networkInterfaces()).some((each) => each !== 'lo')) refuse('it drops packets, so it wants a network of its own; start it by tests/bench/run');

const delayMs = 60;
const jitterMs = 20;
const enginePort = 18080;
const enetPort = 18081;
const began = Date.now();
const say = (text) => console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`);
const shown = (value) => Math.round(value * 10) / 10;
const results = {};
const longWay = path.join(root, 'tests/bench/transports/long_way.py');
const program = path.join(build, 'tests/bench/transports/playhead_bench_transports');

async function pass(engine, loss, seed) {
  const pairs = [];
  for (const transport of ['enet', 'websocket']) {
    const { link } = await engine.createRoom({ title: transport, media: { kind: 'file', url: '/media/demo.mp4' } });
    const far = `http://10.9.0.1:${enginePort}${link}`;
    pairs.push('--pair', transport, far, far);
  }
  // Twice as long as the commands take, and joining.
  const timeout = 60_000 + commands * 700;
  const { stdout, stderr } = await promisify(execFile)(longWay, [
    '--delay-ms', String(delayMs), '--jitter-ms', String(jitterMs), '--loss-percent', String(loss), '--seed', String(seed),
    program, '--commands', String(commands), '--seed', String(seed), ...pairs,
  ], { timeout, maxBuffer: 8 << 20 });
  say(stderr.trim());
  return stdout.trim().split('\n').map((line) => JSON.parse(line));
}

let failed = false;
// No page is asked for, and no film is played.
const nothing = mkdtempSync(path.join(tmpdir(), 'playhead-transports-'));
const engine = await startEngine({
  listen: `0.0.0.0:${enginePort}`, enet: { listen: `0.0.0.0:${enetPort}` }, web_root: nothing, media_folder: nothing,
});
try {
  for (const loss of losses) {
    const found = { enet: [], websocket: [] };
    const p95s = { enet: [], websocket: [] };
    for (let round = 0; round < rounds; round++) {
      for (const { transport, applied_ms, refused, hash_mismatches } of await pass(engine, loss, 1 + round)) {
        if (refused > 0 || hash_mismatches > 0) throw new Error(`${transport}: ${refused} commands refused, ${hash_mismatches} states differ from the engine's`);
        found[transport].push(...applied_ms);
        p95s[transport].push(percentile(applied_ms, 0.95));
        say(`${loss} % lost, round ${round + 1}, ${transport}: p50 ${shown(median(applied_ms))} p95 ${shown(percentile(applied_ms, 0.95))} p99 ${shown(percentile(applied_ms, 0.99))} max ${shown(Math.max(...applied_ms))}`);
      }
    }
    for (const [transport, list] of Object.entries(found)) {
      for (const [name, share] of [['p50', 0.5], ['p95', 0.95], ['p99', 0.99]]) results[`${transport}_apply_ms_${name}_loss${loss}`] = shown(percentile(list, share));
      results[`${transport}_apply_ms_p95_round_min_loss${loss}`] = shown(Math.min(...p95s[transport]));
      results[`${transport}_apply_ms_p95_round_max_loss${loss}`] = shown(Math.max(...p95s[transport]));
    }
    results[`samples_loss${loss}`] = found.enet.length;
  }
} catch (error) {
  say(`failed: ${error.stack}${error.stderr ?? ''}`);
  failed = true;
} finally {
  await engine.stop();
  rmSync(nothing, { recursive: true, force: true });
}
// Two ways of 60 ms, and half a tick until the engine looks: what nothing can beat.
results.floor_ms = 2 * delayMs + 25;
results.load_average = Math.round(loadavg()[0] * 100) / 100;
results.seconds = Math.round((Date.now() - began) / 1000);
console.log(JSON.stringify(results));
process.exit(failed ? 1 : 0);
