// What an idle viewer keeps in memory, of the engine and of servers that do nothing else: each with more and more viewers in one
// process, and the line through what it has resident. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run memory [--quick] [--viewers N] [--rounds N] [--idle-s S] [--only SERVER]
import { readFileSync } from 'node:fs';
import { Bench, shown, sleep } from '../bench.mjs';
import { endWell, makeRoom, residentBytes, startBaseline, startLoad, startShipped } from '../loads.mjs';
import { median } from '../../harness/timeline.mjs';

// Who is measured, and what its keys begin with. `engine`: one room under the rules of scripts/arena.lua, whose viewers report
// and compare clocks as clients do, on one shard; `engine_two_shards`: on two, of which one holds the sockets of half of them.
// `engine_silent`: without plugins, viewers who say nothing. `send`: a bare C++ server.
const servers = { engine: '', engine_two_shards: 'two_shards_', engine_silent: 'silent_', send: 'send_', ws: 'ws_', socketio: 'socketio_' };
const bench = new Bench(
  'memory',
  { viewers: { value: 19_000, quick: 3000, max: 19_000 }, rounds: { value: 3, quick: 1, max: 20 }, 'idle-s': { value: 30, quick: 10, max: 600 } },
  Object.keys(servers),
);
const { viewers, rounds } = bench.values;
const idleS = bench.values['idle-s'];
// The first thousand are not counted: with them come what a server needs only once.
const first = Math.min(1000, Math.round(viewers / 3));
const steps = [0, 1, 2, 3].map((step) => Math.round(first + ((viewers - first) * step) / 3));
const connectsPerS = 1500;

// What the kernel keeps beside it, at both ends of all connections.
function slabBytes() {
  const [, kib] = readFileSync('/proc/meminfo', 'utf8').match(/^Slab:\s+(\d+) kB$/m);
  return Number(kib) * 1024;
}

// Of the line that is nearest to all points [x, y].
function slopeOf(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

async function startServer(name, folder) {
  if (!name.startsWith('engine')) return startBaseline(name);
  const server = await startShipped(folder, { shards: name === 'engine_two_shards' ? 2 : 1, ...(name === 'engine_silent' ? {} : { preset: 'arena' }) });
  return { ...server, address: (await makeRoom(server, 'memory')).address };
}

// What one server has with each number of viewers: [[viewers, bytes resident, bytes of the kernel's slabs]].
async function measure(name, folder) {
  const server = await startServer(name, folder);
  const loads = [];
  const points = [];
  try {
    for (const [step, count] of steps.entries()) {
      const more = count - (steps[step - 1] ?? 0);
      const silent = name === 'engine' || name === 'engine_two_shards' ? [] : ['--silent'];
      const load = startLoad(name, [...server.address, '--viewers', String(more), '--connects-per-s', String(connectsPerS), ...silent], () => {});
      loads.push(load);
      await load.ready();
      await sleep(idleS * 1000);
      points.push([count, residentBytes(server.pid), slabBytes()]);
      bench.say(`${name}: ${count} viewers, ${shown(points.at(-1)[1] / 2 ** 20, 1)} MiB resident`);
    }
    for (const load of loads) await endWell(name, load);
  } finally {
    for (const load of loads) await load.stop();
    await server.stop();
  }
  return points;
}

await bench.run(async ({ folder }) => {
  bench.set('viewers', viewers);
  bench.set('rounds', rounds);
  const names = Object.keys(servers).filter((name) => bench.wants(name));
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of bench.shuffled(names)) found[name].push(await measure(name, folder));
    bench.say(`round ${round + 1} of ${rounds}; load ${bench.noteLoad()}`);
  }
  for (const name of names) {
    const each = found[name].map((points) => slopeOf(points.map(([count, resident]) => [count, resident])));
    bench.spread(`${servers[name]}rss_bytes_per_viewer`, each, 0);
    // How far the points are from the line: what the first and the last step alone would say.
    const parts = (from, to) => median(found[name].map((points) => (points[to][1] - points[from][1]) / (points[to][0] - points[from][0])));
    bench.set(`${servers[name]}rss_bytes_per_viewer_first_third`, parts(0, 1), 0);
    bench.set(`${servers[name]}rss_bytes_per_viewer_last_third`, parts(2, 3), 0);
    bench.set(`${servers[name]}rss_mib_first`, median(found[name].map((points) => points[0][1])) / 2 ** 20, 1);
  }
  const slabs = names.flatMap((name) => found[name].map((points) => slopeOf(points.map(([count, , slab]) => [count, slab]))));
  bench.spread('kernel_slab_bytes_per_connection_pair', slabs, 0);
});
