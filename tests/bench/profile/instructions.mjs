// How many instructions of its own a server runs for each delivery, counted by callgrind: unlike processor time, the same on every
// machine and beside any load. What the kernel runs is not counted.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { endWell, makeRoom, startBaseline, startLoad, startShipped } from '../loads.mjs';

const warmChanges = 5;
const idleSeconds = 5;

// Of a file that callgrind has dumped; they are added up over all threads.   Errors: throws if there is no sum.
export function instructionsIn(text) {
  const [, sum] = text.match(/^(?:totals|summary): (\d+)/m) ?? [];
  if (sum === undefined) throw new Error('callgrind has dumped no sum');
  return Number(sum);
}

// Starts to count, and gives what has been counted since, over and over.
function counterOf(pid, file) {
  let dumps = 0;
  const control = (option) => execFileSync('callgrind_control', [option, String(pid)], { stdio: 'pipe' });
  return {
    begin: () => control('--zero'),
    end: () => {
      control('--dump');
      return instructionsIn(readFileSync(`${file}.${++dumps}`, 'utf8'));
    },
  };
}

// One server at a time, and its viewers.
async function countOf(name, { viewers, changes, bytes }, folder, say) {
  const file = path.join(folder, `callgrind.${name}`);
  const under = ['valgrind', '--tool=callgrind', '--quiet', `--callgrind-out-file=${file}`];
  const engine = name === 'engine';
  const server = engine ? await startShipped(folder, { io_uring: false, under }) : await startBaseline(name, { under });
  const address = engine ? (await makeRoom(server, 'instructions')).address : server.address;
  const load = startLoad(name, [...address, '--viewers', String(viewers), '--connects-per-s', '200', '--silent'], say);
  try {
    const counter = counterOf(server.pid, file);
    await load.ready();
    await load.ask(`burst ${warmChanges} 1 ${bytes}`);
    counter.begin();
    const { deliveries } = await load.ask(`burst ${changes} 1 ${bytes}`);
    const all = counter.end();
    counter.begin();
    await load.ask(`idle ${idleSeconds}`);
    const idle = counter.end();
    await endWell(name, load);
    say(`${name}: ${all} instructions for ${deliveries} deliveries, ${idle} in ${idleSeconds} s of quiet`);
    return { perDelivery: all / deliveries, idlePerS: idle / idleSeconds, deliveries };
  } finally {
    await load.stop();
    await server.stop();
  }
}

// The engine's, by a system call for each send, and those of the bare loop of send() (tests/bench/fanout).
export async function countInstructions({ viewers, changes }, folder, say) {
  const send = await countOf('send', { viewers, changes, bytes: 64 }, folder, say);
  const engine = await countOf('engine', { viewers, changes, bytes: 0 }, folder, say);
  return {
    instructions_per_delivery: Math.round(engine.perDelivery),
    send_instructions_per_delivery: Math.round(send.perDelivery),
    idle_instructions_per_s: Math.round(engine.idlePerS),
    deliveries: engine.deliveries,
    viewers,
  };
}
