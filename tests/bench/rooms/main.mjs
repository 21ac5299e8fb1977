// Very many rooms of two, all of whose viewers seek or talk every ten seconds under the rules of scripts/living_room.lua, alone
// and then beside one wide room that changes with every tick: in one process without sockets, and in the shipped engine over
// WebSocket. And what a room's tick costs. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run rooms [--quick] [--rooms N] [--websocket-rooms N] [--wide-viewers N] [--alone-s S] [--beside-s S]
//                         [--only loopback|websocket|ticks]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from '../../harness/engine.mjs';
import { Bench, shown } from '../bench.mjs';
import { endWell, makeRoom, startLoad, startShipped, tickCount, ticksSince } from '../loads.mjs';

const bench = new Bench(
  'rooms',
  {
    rooms: { value: 10_000, quick: 1000, max: 19_000 },
    'websocket-rooms': { value: 4000, quick: 400, max: 6000 },
    'wide-viewers': { value: 5000, quick: 500, max: 10_000 },
    'alone-s': { value: 60, quick: 15, max: 3000 },
    'beside-s': { value: 300, quick: 15, max: 3000 },
  },
  ['loopback', 'websocket', 'ticks'],
);
const { rooms } = bench.values;
const socketRooms = bench.values['websocket-rooms'];
const wideViewers = bench.values['wide-viewers'];
const aloneS = bench.values['alone-s'];
const besideS = bench.values['beside-s'];

// Runs a benchmark written in C++; resolves with the object that is its last line.
function runProgram(name, parameters) {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(build, name), parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '';
    createInterface({ input: child.stdout }).on('line', (line) => (last = line));
    child.once('exit', (code) => (code === 0 ? resolve(JSON.parse(last)) : reject(new Error(`${name} ended with ${code}`))));
  });
}

// ---- in one process, on one core: the shard as shipped, viewers on loopback connections

async function loopback() {
  bench.say(`loopback: ${rooms} rooms start, three a tick; then two minutes until all are awake, ${aloneS} s alone and ${besideS} s beside the wide one`);
  const found = await runProgram('tests/bench/plugins/playhead_bench_plugins', [
    '--only', 'live', '--rooms', String(rooms), '--live-s', String(aloneS), '--wide-viewers', String(wideViewers), '--beside-wide-s', String(besideS),
  ]);
  for (const [from, to] of [['rooms10k_beside_wide', 'loopback'], ['rooms10k', 'loopback_alone']])
    for (const key of ['tick_ms_p99', 'tick_ms_max', 'tick_ms', 'tick_ms_p10', 'tick_ms_p90', 'ticks_skipped', 'commands_per_s']) bench.set(`${to}_${key}`, found[`${from}_${key}`]);
  bench.set('loopback_kib_per_room', found.rooms10k_kib_per_room, 1);
  bench.set('loopback_put_off', found.rooms10k_put_off);
  bench.say(`loopback: beside the wide room p99 ${shown(found.rooms10k_beside_wide_tick_ms_p99)} ms, alone ${shown(found.rooms10k_tick_ms_p99)} ms; load ${bench.noteLoad()}`);
}

// ---- the shipped engine: all rooms on one shard, and that on one core with everything else of the engine

function addTicks(name, ticks, rates) {
  bench.set(`${name}_tick_ms`, ticks.msP50);
  bench.set(`${name}_tick_ms_p99`, ticks.msP99);
  bench.set(`${name}_tick_ms_max`, ticks.msMax);
  bench.set(`${name}_ticks_skipped`, ticks.skipped);
  bench.set(`${name}_ticks_skipped_share`, ticks.skipped / (ticks.ticks + ticks.skipped), 4);
  for (const [key, value] of Object.entries(rates)) bench.set(`${name}_${key}`, value);
  bench.say(`websocket: ${name}: tick p99 ${shown(ticks.msP99)} ms, longest ${shown(ticks.msMax)} ms, ${ticks.skipped} skipped; load ${bench.noteLoad()}`);
}

// A load acts for so long: what came of it, and of the engine's ticks meanwhile.
async function watchTicks(engine, acting) {
  const before = await tickCount(engine);
  const answers = await acting();
  return { ticks: await ticksSince(engine, before), answers };
}

const ratesOf = (answer) => ({
  latency_ms_p50: answer.latency_ms_p50,
  latency_ms_p99: answer.latency_ms_p99,
  commands_per_s: answer.applied / answer.seconds,
  deliveries_per_s: answer.deliveries_per_s,
});

async function websocket({ folder, closing }) {
  const engine = await startShipped(folder, { preset: 'living_room', limits: { rooms_max: 20_000 } });
  closing(engine.stop);
  const say = (text) => bench.say(text);
  const links = [];
  for (let n = 0; n < socketRooms; n++) links.push((await makeRoom(engine, `Room ${n}`)).link);
  const file = path.join(folder, 'rooms.txt');
  writeFileSync(file, `${links.join('\n')}\n`);
  const many = startLoad(
    'rooms',
    ['--rooms', file, '--viewers', String(2 * socketRooms), '--mix', 'seek=1,chat=1', '--every-ms', '10000', '--connects-per-s', '400', '--server-pid', String(engine.pid)],
    say,
  );
  closing(many.stop);
  await many.ready();
  bench.say(`websocket: ${socketRooms} rooms of two are in`);
  await many.ask('act 20'); // their plugins are awake from then on
  const alone = await watchTicks(engine, () => many.ask(`act ${aloneS}`));
  addTicks('websocket_alone', alone.ticks, ratesOf(alone.answers));

  const { address } = await makeRoom(engine, 'The wide one');
  const mix = ['--mix', `watch=${wideViewers - 1},seek=1`, '--every-ms', '50'];
  const wide = startLoad('the wide room', [...address, '--viewers', String(wideViewers), ...mix, '--connects-per-s', '500', '--server-pid', String(engine.pid)], say);
  closing(wide.stop);
  await wide.ready();
  bench.say(`websocket: ${wideViewers} viewers of the wide room are in`);
  const cpu = [];
  const beside = await watchTicks(engine, async () => {
    const [small, large] = await Promise.all([many.ask(`act ${besideS}`), wide.ask(`act ${besideS}`)]);
    cpu.push(small.server_cpu_ms / 1000 / small.seconds);
    return { small, large };
  });
  addTicks('websocket', beside.ticks, ratesOf(beside.answers.small));
  const { large } = beside.answers;
  bench.set('websocket_wide_commands_per_s', large.applied / large.seconds);
  bench.set('websocket_wide_updates_per_viewer_s', large.updates / wideViewers / large.seconds);
  bench.set('websocket_wide_latency_ms_p50', large.latency_ms_p50);
  bench.set('websocket_wide_latency_ms_p99', large.latency_ms_p99);
  bench.set('websocket_server_cores', cpu[0]);
  for (const [name, load] of [['rooms', many], ['the wide room', wide]]) await endWell(name, load);
  if (engine.errors.length > 0) throw new Error(`the engine logged errors: ${engine.errors[0]}`);
}

// ---- what a tick costs

async function ticks() {
  const cold = await runProgram('tests/bench/engine/playhead_bench_engine', ['--only', 'cold']);
  const change = await runProgram('tests/bench/engine/playhead_bench_engine', ['--only', 'change']);
  for (const [key, value] of Object.entries({ ...cold, ...change })) bench.set(key, value);
  bench.say(`ticks: a cold room ${shown(cold.room_tick_ns_idle)} ns, one with two viewers ${shown(cold.room_tick_ns_idle_2_viewers, 0)} ns, a change ${shown(change.room_tick_ns_change_1, 0)} ns`);
}

await bench.run(async (stage) => {
  for (const [key, value] of Object.entries({ rooms, websocket_rooms: socketRooms, wide_viewers: wideViewers, alone_s: aloneS, beside_s: besideS })) bench.set(key, value);
  if (bench.wants('ticks')) await ticks();
  if (bench.wants('loopback')) await loopback();
  if (bench.wants('websocket')) await websocket(stage);
});
