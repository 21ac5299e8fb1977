// What one message to each of ten thousand viewers costs the engine, beside what it costs servers that do nothing else. All of
// them run at the same time with all their viewers, and take turns. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run fanout [--quick] [--viewers N] [--rounds N] [--changes N]
import { median } from '../../harness/timeline.mjs';
import { Bench, shown } from '../bench.mjs';
import { endWell, startParty } from '../loads.mjs';

const bench = new Bench('fanout', {
  viewers: { value: 10_000, quick: 1000, max: 19_000 },
  rounds: { value: 12, quick: 6, max: 100 },
  changes: { value: 20, max: 1000 },
});
const { viewers, rounds, changes } = bench.values;
const messageBytes = 64;
const tenBytes = 660; // ten of them with their headers
const tens = Math.max(2, Math.round(changes / 4));
const idleSeconds = 10;
// The engine three times: with a system call for each send, with batches of them, and spread over two shards.
const engines = {
  engine: { shards: 1, io_uring: false },
  engine_ring: { shards: 1, io_uring: true },
  engine_two: { shards: 2, io_uring: true, pinned: false },
};
const names = ['send', 'ring', 'ws', 'socketio', ...Object.keys(engines)];

// One turn of everybody: microseconds of processor time a delivery, by server; ten messages at once under `<name>10`.
async function oneRound(parties) {
  const found = { us: {}, wholeMs: {} };
  for (const name of bench.shuffled(names)) {
    const { load, server } = parties[name];
    const bytes = name in engines ? 0 : messageBytes;
    const single = await load.ask(`burst ${changes} 1 ${bytes}`);
    if (single.deliveries < viewers * changes) throw new Error(`${name}: ${single.deliveries} deliveries of ${viewers * changes}`);
    found.us[name] = single.server_cpu_us_per_delivery;
    found.wholeMs[name] = median(single.whole_ms);
    if (name in engines) {
      found.tickWaitMs = median(single.tick_wait_ms);
      found.payloadBytes = single.payload_bytes / single.deliveries;
      const writes = await server.metric('playhead_websocket_writes_total');
      const ten = await load.ask(`burst ${tens} 10 0`);
      found.us[`${name}10`] = ten.server_cpu_us_per_delivery;
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
  bench.set('idle_sends_per_viewer_s', sends / viewers / idleSeconds);
  bench.set('idle_payload_bytes', idle.payload_bytes / idle.messages, 1);
  bench.say(`idle: ${shown(sends / viewers / idleSeconds)} sends a second and viewer, ${shown(idle.payload_bytes / idle.messages, 1)} bytes each`);
}

function conclude(all) {
  const ratios = (over, under) => all.map(({ us }) => us[over] / us[under]);
  bench.spread('ratio_send', ratios('engine', 'send'));
  bench.spread('ratio_ring', ratios('engine_ring', 'send'));
  bench.spread('ratio_bare_ring', ratios('ring', 'send'));
  bench.spread('ratio_ws', ratios('ws', 'send'));
  bench.spread('ratio_socketio', ratios('socketio', 'send'));
  bench.spread('ratio_ten_messages', ratios('engine10', 'send660'));
  bench.spread('ratio_ten_messages_ring', ratios('engine_ring10', 'send660'));
  bench.spread('ratio_ten_messages_ws', ratios('ws10', 'send660'));
  bench.spread('ratio_ten_messages_socketio', ratios('socketio10', 'send660'));
  bench.spread('ratio_two_shards_to_one', ratios('engine_two', 'engine_ring'));
  const pauses = (over, under) => all.map(({ wholeMs }) => wholeMs[over] / wholeMs[under]);
  bench.spread('pause_ratio_p50', pauses('engine', 'send'));
  bench.spread('pause_ratio_ring_p50', pauses('engine_ring', 'send'));
  bench.spread('pause_ratio_two_shards_p50', pauses('engine_two', 'send'));
  bench.spread('sends_per_viewer_tick', all.map(({ sends }) => sends));
  for (const name of names) bench.spread(`${name}_cpu_us`, all.map(({ us }) => us[name]), 2);
  for (const name of names) bench.set(`${name}_whole_ms_p50`, median(all.map(({ wholeMs }) => wholeMs[name])), 1);
  bench.set('tick_wait_ms', median(all.map(({ tickWaitMs }) => tickWaitMs)), 1);
  bench.set('engine_payload_bytes', median(all.map(({ payloadBytes }) => payloadBytes)), 1);
  bench.set('engine_ten_payload_bytes', median(all.map(({ tenBytes: bytes }) => bytes)), 1);
}

await bench.run(async ({ folder, closing }) => {
  const parties = {};
  for (const [key, value] of Object.entries({ viewers, rounds, changes })) bench.set(key, value);
  for (const name of names) {
    parties[name] = await startParty(name, viewers, folder, (text) => bench.say(text), { config: engines[name] });
    closing(parties[name].stop);
    bench.say(`${name}: ${viewers} viewers are in`);
  }
  const all = [];
  for (let round = 0; round < rounds; round++) {
    all.push(await oneRound(parties));
    const load = bench.noteLoad();
    const { us } = all.at(-1);
    const each = names.map((name) => `${name} ${shown(us[name], 2)}`).join(', ');
    bench.say(`round ${round + 1} of ${rounds}: us a delivery: ${each}; engine/send ${shown(us.engine / us.send)}, with a ring ${shown(us.engine_ring / us.send)}; load ${load}`);
  }
  conclude(all);
  await measureIdle(parties.engine);
  for (const name of names) await endWell(name, parties[name].load);
});
