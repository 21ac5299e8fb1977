// What one message to each of ten thousand viewers costs the engine, beside what it costs servers that do nothing else. All of
// them run at the same time with all their viewers, and take turns. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run fanout [--quick] [--viewers N] [--rounds N] [--changes N]
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { median, percentile } from '../../harness/timeline.mjs';
import { startParty } from './loads.mjs';

const values = { viewers: '10000', rounds: '12', changes: '20' };
const refuse = (what) => {
  console.error(`fanout: ${what}; see the head of tests/bench/fanout/main.mjs`);
  process.exit(2);
};
const words = process.argv.slice(2);
while (words.length > 0) {
  const word = words.shift();
  const name = word.replace(/^--/, '');
  if (name === 'quick') Object.assign(values, { viewers: '1000', rounds: '6' });
  else if (!(name in values)) refuse(`unknown option '${word}'`);
  else if (words.length === 0) refuse(`${word} needs a value`);
  else values[name] = words.shift();
}
const whole = (name, max) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1 || value > max) refuse(`--${name} is '${values[name]}'; expected a whole number from 1 to ${max}`);
  return value;
};
const viewers = whole('viewers', 19_000);
const rounds = whole('rounds', 100);
const changes = whole('changes', 1000);
if (Object.keys(networkInterfaces()).some((each) => each !== 'lo')) refuse('it wants a network of its own; start it by tests/bench/run');

const messageBytes = 64;
const tenBytes = 660; // ten of them with their headers
const tens = Math.max(2, Math.round(changes / 4));
const idleSeconds = 10;
const began = Date.now();
const say = (text) => console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`);
const shown = (value, digits = 3) => Math.round(value * 10 ** digits) / 10 ** digits;
const names = ['send', 'ring', 'ws', 'socketio', 'engine'];

// The same list in another order, from a seed, so that nobody always follows the same neighbour.
let seed = 1;
function shuffled(list) {
  const left = [...list];
  const order = [];
  while (left.length > 0) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    order.push(...left.splice((seed >>> 16) % left.length, 1));
  }
  return order;
}

const results = { viewers, rounds, changes };
const spread = (key, list, digits = 3) => {
  results[key] = shown(median(list), digits);
  results[`${key}_p10`] = shown(percentile(list, 0.1), digits);
  results[`${key}_p90`] = shown(percentile(list, 0.9), digits);
};

// One turn of everybody: microseconds of processor time a delivery, by server; ten messages at once under `<name>10`.
async function oneRound(parties) {
  const found = { us: {}, wholeMs: {} };
  for (const name of shuffled(names)) {
    const { load, server } = parties[name];
    const bytes = name === 'engine' ? 0 : messageBytes;
    const single = await load.ask(`burst ${changes} 1 ${bytes}`);
    if (single.deliveries < viewers * changes) throw new Error(`${name}: ${single.deliveries} deliveries of ${viewers * changes}`);
    found.us[name] = single.server_cpu_us_per_delivery;
    found.wholeMs[name] = median(single.whole_ms);
    if (name === 'engine') {
      found.tickWaitMs = median(single.tick_wait_ms);
      found.payloadBytes = single.payload_bytes / single.deliveries;
      const writes = await server.metric('playhead_websocket_writes_total');
      const ten = await load.ask(`burst ${tens} 10 0`);
      found.us.engine10 = ten.server_cpu_us_per_delivery;
      found.tenBytes = ten.payload_bytes / ten.deliveries;
      found.sends = ((await server.metric('playhead_websocket_writes_total')) - writes) / ten.deliveries;
    } else if (name === 'send') {
      found.us.send660 = (await load.ask(`burst ${tens} 1 ${tenBytes}`)).server_cpu_us_per_delivery;
    } else if (name === 'ws' || name === 'socketio') {
      found.us[`${name}10`] = 10 * (await load.ask(`burst 2 10 ${messageBytes}`)).server_cpu_us_per_delivery;
    }
  }
  return found;
}

async function measureIdle({ load, server }) {
  await load.ask('play');
  const writes = await server.metric('playhead_websocket_writes_total');
  const idle = await load.ask(`idle ${idleSeconds}`);
  const sends = (await server.metric('playhead_websocket_writes_total')) - writes;
  results.idle_sends_per_viewer_s = shown(sends / viewers / idleSeconds);
  results.idle_payload_bytes = shown(idle.payload_bytes / idle.messages, 1);
  say(`idle: ${results.idle_sends_per_viewer_s} sends a second and viewer, ${results.idle_payload_bytes} bytes each`);
}

function conclude(all) {
  const ratios = (over, under) => all.map(({ us }) => us[over] / us[under]);
  spread('ratio_send', ratios('engine', 'send'));
  spread('ratio_ring', ratios('ring', 'send'));
  spread('ratio_ws', ratios('ws', 'send'));
  spread('ratio_socketio', ratios('socketio', 'send'));
  spread('ratio_ten_messages', ratios('engine10', 'send660'));
  spread('ratio_ten_messages_ws', ratios('ws10', 'send660'));
  spread('ratio_ten_messages_socketio', ratios('socketio10', 'send660'));
  spread('pause_ratio_p50', all.map(({ wholeMs }) => wholeMs.engine / wholeMs.send));
  spread('sends_per_viewer_tick', all.map(({ sends }) => sends));
  for (const name of names) spread(`${name}_cpu_us`, all.map(({ us }) => us[name]), 2);
  for (const name of names) results[`${name}_whole_ms_p50`] = shown(median(all.map(({ wholeMs }) => wholeMs[name])), 1);
  results.tick_wait_ms = shown(median(all.map(({ tickWaitMs }) => tickWaitMs)), 1);
  results.engine_payload_bytes = shown(median(all.map(({ payloadBytes }) => payloadBytes)), 1);
  results.engine_ten_payload_bytes = shown(median(all.map(({ tenBytes: bytes }) => bytes)), 1);
}

let failed = false;
const nothing = mkdtempSync(path.join(tmpdir(), 'playhead-fanout-'));
const parties = {};
const loads = [];
try {
  for (const name of names) {
    parties[name] = await startParty(name, viewers, nothing, say);
    say(`${name}: ${viewers} viewers are in`);
  }
  const all = [];
  for (let round = 0; round < rounds; round++) {
    all.push(await oneRound(parties));
    loads.push(loadavg()[0]);
    const { us } = all.at(-1);
    const each = names.map((name) => `${name} ${shown(us[name], 2)}`).join(', ');
    say(`round ${round + 1} of ${rounds}: us a delivery: ${each}; engine/send ${shown(us.engine / us.send)}; load ${shown(loads.at(-1), 1)}`);
  }
  conclude(all);
  await measureIdle(parties.engine);
  for (const name of names) {
    const { lost, gaps, refused, complaint } = await parties[name].load.end();
    if (lost > 0 || gaps > 0 || refused > 0) throw new Error(`${name}: ${lost} connections lost, ${gaps} gaps, ${refused} refused: ${complaint}`);
  }
} catch (error) {
  say(`failed: ${error.stack}`);
  failed = true;
} finally {
  for (const party of Object.values(parties)) await party.stop();
  rmSync(nothing, { recursive: true, force: true });
}
results.load_average_min = shown(Math.min(...loads), 2);
results.load_average_max = shown(Math.max(...loads), 2);
results.seconds = Math.round((Date.now() - began) / 1000);
console.log(JSON.stringify(results));
process.exit(failed ? 1 : 0);
