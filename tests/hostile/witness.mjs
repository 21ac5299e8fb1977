// A well-behaved viewer of the room next door, in a process of its own: what it sees is the engine's doing, and not that of
// whoever attacks it from the test's process. It is the SDK in the way that the web app uses it: it comes back by itself,
// and asks for a new link where its own is no longer good. Five times a second it changes the rate of its room, and notes
// how long the room took to answer.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { observe } from '../harness/observer.mjs';

const file = fileURLToPath(import.meta.url);
const commandEveryMs = 200; // half of what a viewer may say
const tokenTrouble = new Set(['token_wrong', 'token_stale', 'token_missing']);

// How long a thread was ready to run and had no processor, in milliseconds, since it began (the first one of a process, if no
// name is given). Two processors are shared by the engine, its attackers and whoever else is on the machine: what they take
// from the shard is not the engine's doing, and is known to the kernel to the nanosecond.
export function heldUpMs(pid, thread) {
  const folder = `/proc/${pid}/task`;
  const found = thread === undefined ? pid : readdirSync(folder).find((id) => readFileSync(`${folder}/${id}/comm`, 'utf8').trim() === thread);
  return Number(readFileSync(`${folder}/${found}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

// Far from what a quiet machine shows (the tests print that), and as far from what a shard that is held up would show.
const worstMsMax = 1000;
const skippedShareMax = 0.1;
const tickMs = 50;

// Throws unless the room next door went on all the while, but for what the machine took.
export function assertKept({ answers, unanswered, worstMs, statuses, status, mismatches, ticks, skipped, heldMs }) {
  assert.deepEqual({ unanswered, statuses, status, mismatches }, { unanswered: 0, statuses: [], status: 'live', mismatches: 0 });
  assert.ok(answers > 0 && worstMs < worstMsMax + heldMs, `the slowest of ${answers} answers took ${worstMs} ms, of which the machine took ${heldMs} at most`);
  const allowed = skippedShareMax * (ticks + skipped) + heldMs / tickMs;
  assert.ok(skipped <= allowed, `${skipped} ticks were skipped, ${ticks} run; the machine took ${heldMs} ms`);
}

export const inWords = ({ answers, medianMs, worstMs, ticks, skipped, heldMs }) =>
  `next door: ${answers} answers, median ${medianMs?.toFixed(0)} ms, slowest ${worstMs?.toFixed(0)} ms; ${ticks} ticks, ${skipped} skipped; the machine took ${heldMs.toFixed(0)} ms`;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Joins `room` of `engine` and waits until its answers come at their usual pace.
// Returns { take(), during(work), stop() }; take() gives what was seen since the last time:
//   answers, unanswered   commands
//   worstMs, medianMs     between a command and its answer; a tick passes in between
//   statuses              that the SDK went through, "live" being the good one
//   mismatches            states that were not the engine's, since it joined; must read zero
export async function startWitness(engine, room = 'neighbour') {
  const child = fork(file, [engine.url, room], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ask = (what) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the witness does not answer to ${what}`)), 30_000);
      child.once('message', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      child.send(what);
    });
  const take = () => ask('take');
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await ended;
  };
  // What it saw while `work` went on, how the engine's ticks went, and what the machine took from both.
  const during = async (work) => {
    await take();
    const held = () => heldUpMs(engine.child.pid, 'shard 0') + heldUpMs(child.pid);
    const [before, heldBefore] = [await engine.figures(), held()];
    await work();
    const [seen, after] = [await take(), await engine.figures()];
    const grown = (name) => after[name] - before[name];
    return { ...seen, heldMs: held() - heldBefore, ticks: grown('playhead_ticks_total'), skipped: grown('playhead_ticks_skipped_total') };
  };
  const end = Date.now() + 60_000;
  while ((await take()).answers < 2) {
    if (Date.now() > end) throw new Error('the witness gets no answers');
    await sleep(300);
  }
  return { take, during, stop };
}

async function run(url, room) {
  let seen;
  const fresh = () => ({ times: [], unanswered: 0, statuses: [] });
  seen = fresh();
  const linkOf = async () => {
    const response = await fetch(`${url}/api/v1/rooms/${room}`);
    return { room, ...(await response.json()) };
  };
  let viewer;
  const join = async () => {
    const observed = await observe({ url }, await linkOf(), { originMs: 0 });
    viewer = observed.viewer;
    let status;
    viewer.subscribe(() => {
      if (viewer.view.status === status) return;
      status = viewer.view.status;
      seen.statuses.push(status);
      if (status === 'closed') seen.statuses.push(viewer.view.problem?.code);
    });
  };
  // Where much else runs on the machine the first attempt may come too late for the engine's short deadlines.
  for (let joined = false; !joined; ) joined = await join().then(() => true, () => sleep(500));
  let mismatches = 0;
  process.on('message', () => {
    const times = seen.times.sort((a, b) => a - b);
    process.send({
      answers: times.length,
      unanswered: seen.unanswered,
      medianMs: times[Math.floor(times.length / 2)],
      worstMs: times.at(-1),
      statuses: seen.statuses,
      status: viewer.view.status,
      mismatches: mismatches + viewer.view.hashMismatches,
    });
    seen = fresh();
  });
  process.once('disconnect', () => {
    viewer.leave();
    process.exit(0);
  });
  for (let n = 0; ; n++) {
    if (viewer.view.status === 'closed' && tokenTrouble.has(viewer.view.problem?.code)) {
      mismatches += viewer.view.hashMismatches;
      await join().catch(() => sleep(500));
      continue;
    }
    const since = performance.now();
    const { verdict } = await viewer.setRate(n % 2 === 0 ? 1.001 : 1);
    const took = performance.now() - since;
    if (verdict === 'applied') seen.times.push(took);
    else seen.unanswered += 1;
    await sleep(Math.max(0, commandEveryMs - took));
  }
}

if (process.argv[1] === file) await run(process.argv[2], process.argv[3]);
