// The servers that are measured and compared, and loads of viewers (tools/load), which say line by line what came of it.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build, startEngine, startTimeoutMsUnder, stop, untilLine } from '../harness/engine.mjs';
import { histogramOf, metricOf, quantileBetween } from '../harness/metrics.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
// Servers and loads do not take each other's processor where there are two.
const apart = cpus().length > 1;
const serverCpu = '0';
const loadCpu = '1';
const answerMsMax = 900_000;

// Runs playhead-load with --commands. ask(line) resolves with the object it answers; end() with its last one.
export function startLoad(name, parameters, say) {
  const program = path.join(build, 'tools/load/playhead-load');
  const all = [...parameters, '--commands', '--join-seconds', '300'];
  const child = apart
    ? spawn('taskset', ['-c', loadCpu, program, ...all], { stdio: ['pipe', 'pipe', 'pipe'] })
    : spawn(program, all, { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = [];
  const early = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const object = JSON.parse(line);
    if (waiting.length > 0) waiting.shift().resolve(object);
    else early.push(object);
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors = `${errors}${line}\n`.slice(-2000);
    if (line.includes('coming in')) say(`${name}: ${line}`);
  });
  child.stdin.on('error', () => {}); // told by its end
  child.once('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`${name}: the load ended with ${code}:\n${errors}`));
  });
  const answer = (ms = answerMsMax) =>
    new Promise((resolve, reject) => {
      if (early.length > 0) return resolve(early.shift());
      if (child.exitCode !== null) return reject(new Error(`${name}: the load has ended with ${child.exitCode}:\n${errors}`));
      const timer = setTimeout(() => reject(new Error(`${name}: the load does not answer`)), ms);
      const settle = (how) => (value) => {
        clearTimeout(timer);
        how(value);
      };
      waiting.push({ resolve: settle(resolve), reject: settle(reject) });
    });
  return {
    ready: answer,
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      const [, seconds = 0] = line.match(/^(?:act|idle) (\d+)$/) ?? [];
      return answer(answerMsMax + 1000 * seconds);
    },
    // Its last word.
    end: () => {
      const last = answer();
      child.stdin.end();
      return last;
    },
    stop: () => stop(child),
  };
}

function pin(pid) {
  if (apart) execFileSync('taskset', ['-a', '-p', '-c', serverCpu, String(pid)], { stdio: 'ignore' });
}

// What the process keeps in memory, its code among it, in bytes; exact, as it costs the kernel a walk over all of it.
export function residentBytes(pid) {
  const [, kib] = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Rss:\s+(\d+) kB$/m);
  return Number(kib) * 1024;
}

export const openDescriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

// The end of a load that must have lost nobody and nothing.
export async function endWell(name, load) {
  const last = await load.end();
  const { lost, gaps, behind, refused, complaint } = last;
  if (lost > 0 || gaps > 0 || behind > 0 || refused > 0)
    throw new Error(`${name}: ${lost} connections lost, ${gaps} gaps, ${behind} behind, ${refused} refused: ${complaint}`);
  return last;
}

async function startServer(name, [program, ...parameters], timeoutMs) {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [, port] = await untilLine(child, /ready port=(\d+)/, name, timeoutMs);
  pin(child.pid);
  return { pid: child.pid, port: Number(port), stop: () => stop(child) };
}

const bare = (name) => path.join(build, `tests/bench/fanout/playhead_bench_${name}`);

// One of: send, ring, ws, socketio. All of them serve a load in their own dialect. `under`: as of startEngine.
export async function startBaseline(name, { under = [] } = {}) {
  const timeoutMs = under.length > 0 ? startTimeoutMsUnder : undefined;
  const server =
    name === 'send' || name === 'ring'
      ? { ...(await startServer(name, [...under, bare(name)], timeoutMs)), dialect: 'tcp' }
      : { ...(await startServer(name, [...under, process.execPath, path.join(here, 'fanout', `${name}-server.mjs`)], timeoutMs)), dialect: name };
  return { ...server, address: ['--raw', server.dialect, '--to', `127.0.0.1:${server.port}`] };
}

// The engine as it ships, with nothing to show, nobody to be thrown out for being silent, and commands as many as one likes.
// It has one processor, so it has one shard unless it is told otherwise.
// `preset`: the plugins and limits of a script in scripts/. `config`: what else is to be said, as in a config script.
// Returns { pid, address, metric(name), ticks(), errors, stop(), ... what startEngine does }.
// It has one processor for itself unless `pinned` is false.
export async function startShipped(folder, { preset, limits, pinned = true, under, ...config } = {}) {
  const engine = await startEngine(
    {
      web_root: folder,
      media_folder: folder,
      log_level: 'warn',
      shards: 1,
      limits: { silence_timeout_s: 600, commands_per_s: 1000, command_burst: 1000, viewers_per_room_max: 20_000, rooms_created_per_minute: 100_000, ...limits },
      ...config,
    },
    { preset, under },
  );
  const { pid } = engine.child;
  if (pinned) pin(pid);
  // What it logs; at this level a warning is a line, too.
  const errors = [];
  createInterface({ input: engine.child.stderr }).on('line', (line) => {
    if (errors.length < 1000 && /^\S+Z \W*(error|critical)\b/.test(line)) errors.push(line);
  });
  engine.child.stdout.resume();
  return { ...engine, pid, errors, metric: async (name) => metricOf(await engine.metrics(), name) };
}

// A room of it that plays a title, as parameters of a load: { address, link }.
export async function makeRoom(engine, title) {
  const { link } = await engine.createRoom({ title, media: { kind: 'file', url: '/media/demo.mp4' } });
  return { link: `${engine.url}${link}`, address: ['--room', `${engine.url}${link}`] };
}

// What the engine's ticks did since `tickCount(engine)` was asked, of all shards together: how long the 99th percentile and the
// longest took (from above, by a quarter at most), how many there were, were skipped, and took longer than a tick lasts.
export async function tickCount(engine) {
  const page = await engine.metrics();
  return {
    durations: histogramOf(page, 'playhead_tick_duration_seconds'),
    ticks: metricOf(page, 'playhead_ticks_total'),
    skipped: metricOf(page, 'playhead_ticks_skipped_total'),
    overruns: metricOf(page, 'playhead_tick_overruns_total'),
  };
}
export async function ticksSince(engine, before) {
  const after = await tickCount(engine);
  const ms = (share) => quantileBetween(before.durations, after.durations, share) * 1000;
  return {
    ticks: after.ticks - before.ticks,
    skipped: after.skipped - before.skipped,
    overruns: after.overruns - before.overruns,
    msP50: ms(0.5),
    msP99: ms(0.99),
    msMax: ms(1),
  };
}

// A server with all its viewers: { name, server, load, stop() }. `name` is a baseline's; with a `config`, it is the engine.
export async function startParty(name, viewers, folder, say, { config, parameters = [] } = {}) {
  let server;
  if (config) {
    server = await startShipped(folder, config);
    server.address = (await makeRoom(server, 'bench')).address;
  } else {
    server = await startBaseline(name);
  }
  const all = [...server.address, '--viewers', String(viewers), '--server-pid', String(server.pid), '--silent', ...parameters];
  const load = startLoad(name, all, say);
  const end = async () => {
    await load.stop();
    await server.stop();
  };
  try {
    await load.ready();
  } catch (error) {
    await end();
    throw error;
  }
  return { name, server, load, stop: end };
}
