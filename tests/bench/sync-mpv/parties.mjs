// Two real mpv that watch one title together: by playhead-mpv, or by Syncplay's stock clients and server. A party is
// { name, players: [Mpv, Mpv], room?, close() }; the scenarios press keys in its players and look at them, and know nothing else.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, monotonicMs, stop, untilLine } from '../../harness/engine.mjs';
import { Mpv } from '../../harness/mpv.mjs';
import { observe } from '../../harness/observer.mjs';

const names = ['ada', 'bob'];
const startTimeoutMs = 30_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What a client starts as its player: mpv without a display, with `more` options, which tells where its socket is.
function playerProgram(folder, more) {
  mkdirSync(folder, { recursive: true });
  const program = path.join(folder, 'mpv');
  const told = path.join(folder, 'socket');
  writeFileSync(program, `#!/bin/sh
for word in "$@"; do
    case $word in --input-ipc-server=*) printf '%s' "\${word#*=}" >'${told}.new' && mv '${told}.new' '${told}' ;; esac
done
exec mpv "$@" --vo=null --ao=null ${more.join(' ')}
`);
  chmodSync(program, 0o755);
  return { program, told };
}

// A client that was ended may leave its player behind.
function endPlayer({ pid }) {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'mpv') process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

async function untilTold(told, child, output) {
  for (const endMs = monotonicMs() + startTimeoutMs; !existsSync(told); await sleep(50)) {
    if (child.pid === undefined) throw new Error(`${child.spawnfile} cannot be started`);
    if (child.exitCode !== null) throw new Error(`a client ended with ${child.exitCode} before it had started mpv:\n${output()}`);
    if (monotonicMs() > endMs) throw new Error(`a client has not started mpv in ${startTimeoutMs} ms:\n${output()}`);
  }
  return readFileSync(told, 'utf8');
}

// Starts two clients, waits until both players have the title and stand, and gives them back with a way to end it all.
async function seat(name, commands, more) {
  const folder = mkdtempSync(path.join(tmpdir(), 'playhead-party-'));
  const children = [];
  const players = [];
  const close = async () => {
    await Promise.all(children.filter((each) => each.pid !== undefined).map(stop));
    for (const player of players) {
      player.close();
      endPlayer(player);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const n of [0, 1]) {
      const home = path.join(folder, names[n]);
      const { program, told } = playerProgram(home, more[n] ?? []);
      const [binary, ...words] = commands[n]({ name: names[n], program, home });
      const child = spawn(binary, words, {
        stdio: ['pipe', 'pipe', 'pipe'], // an open input: a console client without one would end
        env: { ...process.env, HOME: home, XDG_CONFIG_HOME: path.join(home, 'config'), PYTHONUNBUFFERED: '1' },
      });
      child.on('error', () => {}); // untilTold() says it
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output = (output + chunk).slice(-4000); });
      children.push(child);
      const player = await Mpv.attach(await untilTold(told, child, () => output), startTimeoutMs);
      players.push(player);
      for (const endMs = monotonicMs() + startTimeoutMs; !((await player.get('duration')) > 0); await sleep(50)) {
        if (monotonicMs() > endMs) throw new Error(`${name}: ${names[n]}'s mpv has not opened the title in ${startTimeoutMs} ms:\n${output}`);
      }
    }
    return { name, players, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// hosts: where each viewer finds the engine. more[n]: further options of viewer n's mpv. file: their own copies of the title;
// without one they play the room's.
export async function playheadParty({ engine, origin, hosts, transport, file, more = [] }) {
  const room = await engine.createRoom({ title: 'bench', media: { kind: 'file', url: '/media/demo.mp4' } });
  const observer = await observe(engine, room, origin);
  const command = (host) => ({ name, program }) => [
    path.join(build, 'clients/native/mpv/playhead-mpv'), `http://${host}:${engine.port}${room.link}`, ...(file ? [file] : []),
    '--headless', '--name', name, '--transport', transport, '--mpv', program,
  ];
  const party = await seat('playhead', hosts.map(command), more).catch((error) => {
    observer.leave();
    throw error;
  });
  await observer.until('both viewers are in the room', () => observer.viewer.view.viewerCount >= 3, startTimeoutMs);
  return {
    ...party,
    link: room.link,
    room: observer,
    close: async () => {
      observer.leave();
      await party.close();
    },
  };
}

export const syncplayPort = 18999;

// Debian's server; it listens on every address, which is why all this runs in a network of its own.
export async function startSyncplay() {
  const child = spawn('syncplay-server', ['--port', String(syncplayPort)], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PYTHONUNBUFFERED: '1', HOME: tmpdir() },
  });
  await untilLine(child, /[Ww]elcome to Syncplay server/, "Syncplay's server");
  return { stop: () => stop(child) };
}

// Each viewer's server is "host:port".
let rooms = 0;
export async function syncplayParty({ servers, file, more = [] }) {
  const room = `bench${++rooms}`;
  const command = (server) => ({ name, program, home }) => {
    mkdirSync(path.join(home, 'config'), { recursive: true });
    // Play plays, whoever has not said that they are ready; anything else is as the client comes.
    writeFileSync(path.join(home, 'config/syncplay.ini'), '[client_settings]\nunpauseaction = Always\n');
    return ['syncplay', '--no-gui', '--no-store', '--host', server, '--name', name, '--room', room, '--player-path', program, file];
  };
  const party = await seat('syncplay', servers.map(command), more);
  await sleep(3000); // its clients take turns to learn of each other, once a second
  return party;
}
