// What is measured of a party, one function per group of figures. Each takes a party and how much to do, and returns what it
// found as lists of numbers in milliseconds; main.mjs makes medians and percentiles of them. The same for every system.
import { Watch } from '../../harness/mpv.mjs';
import { monotonicMs } from '../../harness/engine.mjs';
import { differenceMs, movedMs, standsFrom, startOfMotion, steadyMs } from '../../harness/motion.mjs';
import { median, settleMs } from '../../harness/timeline.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const watchEveryMs = 8;
// An answer that took longer says little about when the position was read.
const roundTripMsMax = 4;
// The demo title's frames.
const frameMs = 1000 / 30;

const other = (n) => 1 - n;
const differences = (rounds) =>
  rounds.filter((round) => round.every((row) => row.roundTripMs <= roundTripMsMax)).map(([a, b]) => differenceMs(a, b));

// Plays, and lets the first corrections pass.
async function playing(party, author, restMs = 8000) {
  const { players } = party;
  await players[author].play();
  await sleep(restMs);
  for (const player of players) {
    if (player.now.pause) throw new Error(`${party.name}: a player still stands ${restMs} ms after play was pressed`);
  }
}

// Nothing happens: the difference, ten times a second.
export async function steady(party, { steadyMs: lengthMs, author = 0 }) {
  await playing(party, author);
  const watch = new Watch(party.players, 100);
  await sleep(lengthMs);
  const { rounds } = await watch.stop();
  const found = differences(rounds);
  if (found.length < rounds.length / 2) throw new Error(`only ${found.length} of ${rounds.length} samples were answered in ${roundTripMsMax} ms`);
  return { skew: found.map(Math.abs), mean: [found.reduce((sum, each) => sum + each, 0) / found.length] };
}

// Pause and play in turns: how long the other takes, and how far apart they are left.
export async function pauses(party, { cycles }) {
  const { players, room } = party;
  const found = { pauseFollow: [], pauseFromTick: [], pausedApartFrames: [], pausedApart: [], playFollow: [], playFromSchedule: [] };
  for (let n = 0; n < cycles; n++) {
    const author = n % 2;
    let watch = new Watch(players, watchEveryMs);
    await sleep(200);
    const pausedMs = await players[author].pause();
    await sleep(2500);
    await watch.stop();
    const stood = standsFrom(watch.rows[other(author)], pausedMs);
    if (stood === undefined) throw new Error(`${party.name}: pause was not followed`);
    found.pauseFollow.push(stood - pausedMs);
    const tickMs = room?.effectMs(pausedMs, (motion) => !motion.playing);
    if (tickMs !== undefined) found.pauseFromTick.push(Math.max(0, stood - tickMs));
    const [first, second] = await Promise.all(players.map((each) => each.get('time-pos')));
    found.pausedApartFrames.push(Math.round(Math.abs(first - second) * 1000 / frameMs));
    const rows = await Promise.all(players.map((each) => each.sample()));
    if (!rows.includes(undefined)) found.pausedApart.push(Math.abs(differenceMs(...rows)));

    watch = new Watch(players, watchEveryMs);
    await sleep(200);
    const starter = other(author);
    const playedMs = await players[starter].play();
    await sleep(3500);
    await watch.stop();
    // The author's player shows the press at once and may be put back; what counts is when the other starts, and with a
    // schedule when each of them is on its line for the first time.
    const started = startOfMotion(watch.rows[author], playedMs);
    if (started === undefined) throw new Error(`${party.name}: play was not followed`);
    found.playFollow.push(started - playedMs);
    const startMs = room?.effectMs(playedMs, (motion) => motion.playing);
    if (startMs !== undefined) found.playFromSchedule.push(Math.abs(started - startMs));
  }
  return found;
}

// Seeks while playing, by each in turn, until both are together for good.
export async function seeks(party, { count }) {
  const { players } = party;
  await playing(party, 0, 4000);
  const found = { settle: [], steady: [], apart: [] };
  for (let n = 0; n < count; n++) {
    const target = 5000 + ((n * 37_000) % 90_000);
    const watch = new Watch(players, watchEveryMs);
    await sleep(200);
    const fromMs = await players[n % 2].seek(target);
    await sleep(4500);
    const { rows } = await watch.stop();
    const expected = (atMs) => target + (atMs - fromMs);
    found.settle.push(settleMs(rows, fromMs, fromMs + 4000, { expected, nearMs: 2000 }) ?? 4000);
    found.steady.push(steadyMs(rows[0], rows[1], fromMs, fromMs + 4000) ?? 4000);
    const rounds = watch.rounds.filter((round) => round[0][0] > fromMs + 3500);
    found.apart.push(Math.abs(median(differences(rounds))));
  }
  return found;
}

// One player's process is stopped for a second: until both are together again, and whether the other was moved.
export async function stall(party, { count, watchMs = 6000 }) {
  const { players } = party;
  await playing(party, 0, 4000);
  const found = { repair: [], otherMoved: [], otherSeeks: [] };
  for (let n = 0; n < count; n++) {
    const watch = new Watch([players[0]], watchEveryMs);
    await sleep(500);
    const stoppedMs = monotonicMs();
    process.kill(players[1].pid, 'SIGSTOP');
    await sleep(1000);
    process.kill(players[1].pid, 'SIGCONT');
    const fromMs = monotonicMs();
    const victim = new Watch([players[1]], watchEveryMs);
    await sleep(watchMs);
    await Promise.all([watch.stop(), victim.stop()]);
    found.repair.push(settleMs([watch.rows[0], victim.rows[0]], fromMs, fromMs + watchMs - 500, {}) ?? watchMs);
    found.otherMoved.push(movedMs(watch.rows[0], stoppedMs, fromMs + watchMs - 500));
    found.otherSeeks.push(players[0].seeks.filter(([atMs]) => atMs >= stoppedMs).length);
  }
  return found;
}
