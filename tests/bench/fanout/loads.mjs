// The servers that are compared, each with its own load of viewers (tools/load), which says line by line what came of it.
import { execFileSync, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build, startEngine, stop, untilLine } from '../../harness/engine.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
// Servers and loads do not take each other's processor where there are two.
const apart = cpus().length > 1;
const serverCpu = '0';
const loadCpu = '1';
const answerMsMax = 900_000;

// Runs playhead-load with --commands. ask(line) resolves with the object it answers; end() with its last one.
export function startLoad(name, parameters, say) {
  const program = path.join(build, 'tools/load/playhead-load');
  const all = [...parameters, '--silent', '--commands', '--join-seconds', '300'];
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
  const answer = () =>
    new Promise((resolve, reject) => {
      if (early.length > 0) return resolve(early.shift());
      if (child.exitCode !== null) return reject(new Error(`${name}: the load has ended with ${child.exitCode}:\n${errors}`));
      const timer = setTimeout(() => reject(new Error(`${name}: the load does not answer`)), answerMsMax);
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
      return answer();
    },
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

async function startServer(name, program, parameters) {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [, port] = await untilLine(child, /ready port=(\d+)/, name);
  pin(child.pid);
  return { pid: child.pid, port: Number(port), stop: () => stop(child) };
}

const bare = (name) => path.join(build, `tests/bench/fanout/playhead_bench_${name}`);

// One of: send, ring, ws, socketio. All of them serve a load in their own dialect.
async function startBaseline(name) {
  if (name === 'send' || name === 'ring') return { ...(await startServer(name, bare(name), [])), dialect: 'tcp' };
  return { ...(await startServer(name, process.execPath, [path.join(here, `${name}-server.mjs`)])), dialect: name };
}

// The engine as it ships, with nothing to show and nobody to be thrown out for being silent.
async function startShipped(viewers, folder) {
  const engine = await startEngine({
    web_root: folder,
    media_folder: folder,
    log_level: 'warn',
    limits: { silence_timeout_s: 600, commands_per_s: 1000, command_burst: 1000, viewers_per_room_max: viewers + 1000 },
  });
  pin(engine.child.pid);
  const { link } = await engine.createRoom({ title: 'fanout', media: { kind: 'file', url: '/media/demo.mp4' } });
  const metric = async (name) => Number((await engine.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
  return { pid: engine.child.pid, room: `${engine.url}${link}`, metric, stop: engine.stop };
}

// A server with all its viewers: { name, server, load, stop() }.
export async function startParty(name, viewers, folder, say) {
  const server = name === 'engine' ? await startShipped(viewers, folder) : await startBaseline(name);
  const address = name === 'engine' ? ['--room', server.room] : ['--raw', server.dialect, '--to', `127.0.0.1:${server.port}`];
  const load = startLoad(name, [...address, '--viewers', String(viewers), '--server-pid', String(server.pid)], say);
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
