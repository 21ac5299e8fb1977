// Where the time goes, as a flame graph: of the shipped engine while it sends a message to each of many viewers, or of a shard's
// ticks with many rooms. The picture is an SVG file; the last line printed is one flat JSON object. Or, without a picture, how many
// instructions a delivery takes the engine, and a bare loop of send().
//   tests/bench/run profile fanout [--viewers N] [--changes N] [--io-uring true|false] [--out FILE.svg]
//   tests/bench/run profile tick [--rooms N] [--seconds N] [--out FILE.svg]
//   tests/bench/run profile instructions [--viewers N] [--changes N]
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build, root, startEngine, stop } from '../../harness/engine.mjs';
import { startLoad } from '../loads.mjs';
import { functionsOf, ownersOf } from './calls.mjs';
import { svgOf } from './flame-graph.mjs';
import { countInstructions } from './instructions.mjs';
import { readPerf, samplesPerSecond, startPerf } from './perf.mjs';

const options = {
  fanout: { viewers: '10000', changes: '100', 'io-uring': 'true', out: 'var/profile/fanout.svg' },
  tick: { rooms: '10000', seconds: '40', out: 'var/profile/tick.svg' },
  instructions: { viewers: '500', changes: '20' },
};
const refuse = (what) => {
  console.error(`profile: ${what}; see the head of tests/bench/profile/main.mjs`);
  process.exit(2);
};
const [what, ...words] = process.argv.slice(2);
if (!(what in options)) refuse(`'${what}' is nothing to profile; expected fanout, tick or instructions`);
const values = options[what];
while (words.length > 0) {
  const name = words.shift().replace(/^--/, '');
  if (!(name in values)) refuse(`unknown option '--${name}'`);
  if (words.length === 0) refuse(`--${name} needs a value`);
  values[name] = words.shift();
}
const whole = (name, max) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1 || value > max) refuse(`--${name} is '${values[name]}'; expected a whole number from 1 to ${max}`);
  return value;
};

const began = Date.now();
const say = (text) => console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const shown = (value, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;
const ticksPerSecond = 20;
const marginSeconds = 10; // that ticks go on for, at least, after the sampling
const loads = [];
const noteLoad = () => loads.push(loadavg()[0]);
const loadNote = () => `load average ${shown(Math.min(...loads), 1)} to ${shown(Math.max(...loads), 1)} on ${cpus().length} processors`;

// The engine on one processor, its viewers on the other, where there are two; perf beside the viewers.
async function profileFanOut(folder) {
  const viewers = whole('viewers', 19_000);
  const changes = whole('changes', 1000);
  if (!['true', 'false'].includes(values['io-uring'])) refuse(`--io-uring is '${values['io-uring']}'; expected true or false`);
  const ring = values['io-uring'] === 'true';
  const engine = await startEngine({
    web_root: folder,
    media_folder: folder,
    log_level: 'info',
    shards: 1,
    io_uring: ring,
    limits: { silence_timeout_s: 600, commands_per_s: 1000, command_burst: 1000, viewers_per_room_max: viewers + 1000 },
  });
  let load;
  try {
    const { pid } = engine.child;
    if (cpus().length > 1) execFileSync('taskset', ['-a', '-p', '-c', '0', String(pid)], { stdio: 'ignore' });
    const { link } = await engine.createRoom({ title: 'fanout', media: { kind: 'file', url: '/media/demo.mp4' } });
    load = startLoad('engine', ['--room', `${engine.url}${link}`, '--viewers', String(viewers), '--server-pid', String(pid), '--silent'], say);
    await load.ready();
    await load.ask(`burst ${Math.min(changes, 10)} 1 0`); // warm
    noteLoad();
    // What a delivery costs is measured without perf, which adds to it.
    const { server_cpu_us_per_delivery: microseconds } = await load.ask(`burst ${changes} 1 0`);
    const perf = await startPerf(pid, folder);
    await perf.begin();
    const burst = await load.ask(`burst ${changes} 1 0`);
    await perf.end();
    noteLoad();
    const { lost, gaps, refused, complaint } = await load.end();
    if (lost > 0 || gaps > 0 || refused > 0) throw new Error(`${lost} connections lost, ${gaps} gaps, ${refused} refused: ${complaint}`);
    const { root: calls } = await readPerf(perf.file);
    return {
      calls,
      title: `A pause told to ${viewers.toLocaleString('en')} WebSocket viewers, ${ring ? 'sends in batches by io_uring' : 'a system call for each send'}`,
      notes: [
        `The shipped engine, one shard, ${burst.deliveries.toLocaleString('en')} deliveries; ${shown(microseconds)} us of its processor time each (${shown(burst.server_cpu_us_per_delivery)} while sampled)`,
        `${calls.samples.toLocaleString('en')} samples, ${samplesPerSecond} a second of processor time; ${loadNote()}`,
      ],
      results: { us_per_delivery: shown(microseconds), us_per_delivery_sampled: shown(burst.server_cpu_us_per_delivery), deliveries: burst.deliveries, seconds: shown(burst.seconds, 1) },
    };
  } finally {
    await load?.stop();
    await engine.stop();
  }
}

// The bench's part `live` works in a child of its own, and says when all its rooms are awake and do the same until the end.
async function profileTicks(folder) {
  const rooms = whole('rooms', 20_000);
  const seconds = whole('seconds', 600);
  const bench = spawn(
    path.join(build, 'tests/bench/plugins/playhead_bench_plugins'),
    ['--only', 'live', '--rooms', String(rooms), '--live-s', String(seconds + marginSeconds)],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  try {
    let output = '';
    bench.stdout.on('data', (chunk) => (output += chunk));
    const ended = new Promise((resolve) => bench.once('exit', resolve));
    say(`${rooms} rooms open and wake, which takes ${Math.round(rooms / 3 / ticksPerSecond + 100)} s at least`);
    const awake = new Promise((resolve) =>
      createInterface({ input: bench.stderr }).on('line', (line) => {
        console.error(line);
        if (line === 'live: all rooms are awake') resolve();
      }),
    );
    const early = await Promise.race([ended, awake]);
    if (early !== undefined) throw new Error(`the bench ended with ${early} before its rooms were awake`);
    const [worker] = readFileSync(`/proc/${bench.pid}/task/${bench.pid}/children`, 'utf8').trim().split(' ');
    if (!worker) throw new Error('the bench has no child that works');
    noteLoad();
    const perf = await startPerf(Number(worker), folder);
    await perf.begin();
    await sleep(seconds * 1000);
    await perf.end();
    noteLoad();
    say('the bench ends');
    const code = await ended;
    if (code !== 0) throw new Error(`the bench ended with ${code}`);
    const found = JSON.parse(output.trim().split('\n').at(-1));
    const { root: calls } = await readPerf(perf.file, { below: /^playhead::Shard::(run_due|fan_out_slice)$/ });
    const tickMs = (calls.samples / samplesPerSecond / (seconds * ticksPerSecond)) * 1000;
    return {
      calls,
      title: `Ticks of ${rooms.toLocaleString('en')} rooms, two viewers each, with the living room's plugins`,
      notes: [
        `One shard, loopback viewers; each room has a seek and a line of chat every ten seconds: ${shown((2 * rooms) / 10 / ticksPerSecond, 0)} commands a tick, ${shown(tickMs, 1)} ms of processor time`,
        `${calls.samples.toLocaleString('en')} samples in ${seconds * ticksPerSecond} ticks, ${samplesPerSecond} a second of processor time; what the viewers do is left out; ${loadNote()}`,
      ],
      results: { tick_cpu_ms: shown(tickMs), ticks: seconds * ticksPerSecond, ticks_skipped: found.rooms10k_ticks_skipped, tick_ms_p50: found.rooms10k_tick_ms },
    };
  } finally {
    await stop(bench);
  }
}

function conclude({ calls, title, notes, results }) {
  const file = path.resolve(root, values.out);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, svgOf({ title, notes, root: calls }));
  for (const key of ['own', 'whole']) {
    console.log(`\n${key === 'own' ? 'by themselves' : 'with what they call'}, % of ${calls.samples} samples`);
    for (const each of functionsOf(calls).sort((a, b) => b[key] - a[key]).slice(0, 40))
      console.log(`${((100 * each[key]) / calls.samples).toFixed(1).padStart(6)} ${each.owner.padEnd(8)} ${each.name}`);
  }
  const owners = Object.entries(ownersOf(calls)).map(([owner, samples]) => [`${owner}_percent`, shown((100 * samples) / calls.samples, 1)]);
  console.log(`\n${values.out}`);
  console.log(JSON.stringify({ samples: calls.samples, ...results, ...Object.fromEntries(owners), load_average_max: shown(Math.max(...loads)) }));
}

const folder = mkdtempSync(path.join(tmpdir(), 'playhead-profile-'));
let failed = false;
try {
  if (what === 'instructions') {
    const found = await countInstructions({ viewers: whole('viewers', 5000), changes: whole('changes', 1000) }, folder, say);
    console.log(JSON.stringify(found));
  } else {
    const profile = await (what === 'fanout' ? profileFanOut : profileTicks)(folder);
    if (profile.calls.samples === 0) throw new Error('there were no samples');
    conclude(profile);
  }
} catch (error) {
  say(`failed: ${error.stack}`);
  failed = true;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
