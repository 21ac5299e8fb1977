// Runs the native programs as a person would, and mpv behind them: presses its keys, asks it what it shows.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../harness/engine.mjs';
import { until } from './support.mjs';

const build = process.env.PLAYHEAD_BUILD ?? path.join(root, 'build/release');
const mpvProgram = path.join(build, 'clients/native/mpv/playhead-mpv');
const cliProgram = path.join(build, 'clients/native/cli/playhead-cli');

function watchOutput(child) {
  const seen = { lines: [], errors: '' };
  createInterface({ input: child.stdout }).on('line', (line) => seen.lines.push(line));
  child.stderr.on('data', (chunk) => (seen.errors += chunk));
  return seen;
}

export function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  return ended.finally(() => clearTimeout(timer));
}

// mpv's own IPC socket: what a person's keyboard and eyes are to it.
export async function openMpv(socketPath) {
  const socket = net.connect(socketPath);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const waiting = new Map();
  let last = 0;
  createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.request_id)?.(message);
    waiting.delete(message.request_id);
  });
  socket.on('error', () => {});
  const ask = (...command) => new Promise((resolve, reject) => {
    last += 1;
    const timer = setTimeout(() => reject(new Error(`mpv does not answer ${JSON.stringify(command)}`)), 5000);
    waiting.set(last, (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    socket.write(`${JSON.stringify({ command, request_id: last })}\n`);
  });
  return {
    ask,
    get: async (property) => (await ask('get_property', property)).data,
    press: (key) => ask('keypress', key),
    close: () => socket.destroy(),
  };
}

// playhead-mpv in a room. `state` is its newest, `news` what it has told, `screen` what stood on mpv's screen.
export async function joinWithMpv(link, options = []) {
  const child = spawn(mpvProgram, [link, '--headless', '--json', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = watchOutput(child);
  const events = (kind) => output.lines.map((line) => JSON.parse(line)).filter((each) => each.event === kind);
  const viewer = {
    child,
    errors: () => output.errors,
    state: () => events('state').at(-1),
    news: () => events('news').map(({ text }) => text),
    screen: () => events('screen').map(({ text }) => text),
    answers: () => events('answer'),
    mpv: undefined,
    ask: (...command) => viewer.mpv.ask(...command),
    press: (key) => viewer.mpv.press(key),
    // The player itself, not what the program thinks of it. What is heard is not known while nothing is, after a seek.
    player: async () => {
      const asked = ['pause', 'audio-pts', 'time-pos', 'speed'];
      const [paused, heard, seen, speed] = await Promise.all(asked.map((each) => viewer.mpv.get(each)));
      return { paused, positionMs: (heard ?? seen) * 1000, speed };
    },
    untilPlayer: (what, holds, timeoutMs) => until(`mpv: ${what}`, viewer.player, holds, timeoutMs),
    untilSaid: (pattern, timeoutMs) =>
      until(`mpv's screen says ${pattern}`, () => viewer.screen(), (lines) => lines.some((line) => pattern.test(line)), timeoutMs),
    // Its own mpv, once there is one and it has the room's media; again after it was started anew.
    async ready(pid) {
      const is = ({ state, code }) => code !== null || (state?.status === 'live' && state.mpv.loaded && state.mpv.pid !== pid);
      const { code } = await until('playhead-mpv plays', () => ({ state: viewer.state(), code: child.exitCode }), is, 20_000);
      if (code !== null) throw new Error(`playhead-mpv ended with ${code}: ${output.errors}`);
      viewer.mpv?.close();
      viewer.mpv = await openMpv(viewer.state().mpv.socket);
    },
    async leave() {
      viewer.mpv?.close();
      return end(child);
    },
  };
  await viewer.ready();
  return viewer;
}

// Runs a program to its end.
export function run(program, parameters, timeoutMs = 30_000) {
  const child = spawn(program === 'cli' ? cliProgram : mpvProgram, parameters, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = watchOutput(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out: output.lines.join('\n'), errors: output.errors });
    });
  });
}
