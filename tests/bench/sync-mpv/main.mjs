// How exactly two real mpv play together by playhead-mpv, beside Syncplay's stock clients in the same run: prints progress,
// then one flat JSON object as the last line.
//   tests/bench/run sync-mpv [--quick] [--profile local,impaired] [--only steady,pauses,seeks,stall,drift,mixed]
//                            [--rival-only] [--without-rival] [--transport enet|websocket]
import { execFileSync } from 'node:child_process';
import { networkInterfaces, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { root, serverOrigin, startEngine } from '../../harness/engine.mjs';
import { median, percentile } from '../../harness/timeline.mjs';
import { startPaths } from '../paths.mjs';
import { mixed } from './mixed.mjs';
import { playheadParty, startSyncplay, syncplayParty, syncplayPort } from './parties.mjs';
import { pauses, seeks, stall, steady } from './scenarios.mjs';

const flags = ['quick', 'rival-only', 'without-rival'];
const values = { profile: 'local,impaired', only: 'steady,pauses,seeks,stall,drift,mixed', transport: 'enet' };
const words = process.argv.slice(2);
const refuse = (what) => {
  console.error(`sync-mpv: ${what}; see the head of tests/bench/sync-mpv/main.mjs`);
  process.exit(2);
};
const given = new Set();
while (words.length > 0) {
  const word = words.shift();
  const name = word.replace(/^--/, '');
  if (flags.includes(name)) given.add(name);
  else if (!(name in values)) refuse(`unknown option '${word}'`);
  else if (words.length === 0) refuse(`${word} needs a value`);
  else values[name] = words.shift();
}
const listed = (name, known) => {
  const chosen = values[name].split(',');
  for (const each of chosen) if (!known.includes(each)) refuse(`--${name} is '${each}'; expected ${known.join(', ')}`);
  return chosen;
};
const profiles = listed('profile', ['local', 'impaired']);
const chosen = listed('only', ['steady', 'pauses', 'seeks', 'stall', 'drift', 'mixed']);
const [transport] = listed('transport', ['enet', 'websocket']);
if (Object.keys(networkInterfaces()).some((each) => each !== 'lo')) {
  refuse("this machine's network is in reach, and Syncplay's server listens on all of it; start it by tests/bench/run");
}

const quick = given.has('quick');
const effort = quick
  ? { rounds: 1, steadyMs: 15_000, cycles: 2, seeks: 3, stalls: 1, driftMs: 20_000 }
  : { rounds: 2, steadyMs: 60_000, cycles: 6, seeks: 8, stalls: 3, driftMs: 60_000 };
// Of viewer 0 and viewer 1.
const paths = [{ delayMs: 15, jitterMs: 5, lossPercent: 1 }, { delayMs: 60, jitterMs: 20, lossPercent: 1 }];
const enginePort = 18080;
const enetPort = 18081;

const mediaFolder = path.join(tmpdir(), `playhead-bench-media-${quick ? 150 : 720}`);
execFileSync(path.join(root, 'tools/demo-media'), ['--seconds', quick ? '150' : '720', '--out', mediaFolder], { stdio: 'inherit' });
const file = path.join(mediaFolder, 'demo.mp4');

const began = Date.now();
const say = (text) => console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`);
const runMinutesMax = 60;
setTimeout(() => {
  say(`not done after ${runMinutesMax} minutes: giving up`);
  process.exit(1);
}, runMinutesMax * 60_000).unref();

const round = (value) => Math.round(value * 100) / 100;
const results = {};
const put = (key, value) => {
  if (value !== undefined && !Number.isNaN(value)) results[key] = round(value);
};

// One system on one profile. `prefix` is what its keys begin with, `party(more)` makes a fresh party of two.
async function measure(prefix, profile, party) {
  const key = (name) => `${prefix}${name}_${profile}`;
  const told = (name, found) => say(`${prefix || 'playhead_'}${name} ${profile}: ${Object.entries(found).filter(([, list]) => list.length > 0)
    .map(([what, list]) => `${what} p50 ${round(median(list))} p95 ${round(percentile(list, 0.95))} max ${round(Math.max(...list))} n ${list.length}`).join('; ')}`);
  const withParty = async (name, more, run) => {
    const seated = await party(more);
    try {
      const found = await run(seated);
      told(name, found);
      return found;
    } finally {
      await seated.close();
    }
  };
  // Each round anew: what two players start with decides much of Syncplay's difference.
  if (chosen.includes('steady')) {
    const rounds = [];
    for (let n = 0; n < effort.rounds; n++) {
      rounds.push(await withParty('steady', [], (seated) => steady(seated, { steadyMs: effort.steadyMs, author: n % 2 })));
    }
    const all = rounds.flatMap((each) => each.skew);
    const p95s = rounds.map((each) => percentile(each.skew, 0.95));
    const skew = prefix === '' ? 'mpv_skew_ms' : `${prefix}skew_ms`;
    put(`${skew}_p50_${profile}`, median(all));
    put(`${skew}_p95_${profile}`, percentile(all, 0.95));
    put(`${skew}_max_${profile}`, Math.max(...all));
    put(`${skew}_p95_round_min_${profile}`, Math.min(...p95s));
    put(`${skew}_p95_round_max_${profile}`, Math.max(...p95s));
  }
  if (chosen.some((each) => ['pauses', 'seeks', 'stall'].includes(each))) {
    await withParty('actions', [], async (seated) => {
      const summary = {};
      if (chosen.includes('pauses')) {
        await steady(seated, { steadyMs: 1000 }); // plays, and has settled
        const found = await pauses(seated, { cycles: effort.cycles });
        Object.assign(summary, found);
        put(key('paused_apart_frames'), Math.max(...found.pausedApartFrames));
        if (found.pausedApart.length > 0) put(key('paused_apart_ms_max'), Math.max(...found.pausedApart));
        put(key('pause_press_follow_ms'), median(found.pauseFollow));
        put(key('pause_press_follow_ms_max'), Math.max(...found.pauseFollow));
        put(key('play_press_follow_ms'), median(found.playFollow));
        put(key('play_press_follow_ms_max'), Math.max(...found.playFollow));
        if (found.pauseFromTick.length > 0) {
          put(key('pause_follow_ms'), median(found.pauseFromTick));
          put(key('pause_follow_ms_max'), Math.max(...found.pauseFromTick));
        }
        if (found.playFromSchedule.length > 0) {
          put(key('play_follow_ms'), median(found.playFromSchedule));
          put(key('play_follow_ms_max'), Math.max(...found.playFromSchedule));
        }
      }
      if (chosen.includes('seeks')) {
        const found = await seeks(seated, { count: effort.seeks });
        Object.assign(summary, { seekSettle: found.settle, seekSteady: found.steady, seekApart: found.apart });
        put(key('seek_settle_ms'), median(found.settle));
        put(key('seek_settle_ms_max'), Math.max(...found.settle));
        put(key('seek_steady_ms'), median(found.steady));
        put(key('seek_left_apart_ms'), median(found.apart));
      }
      if (chosen.includes('stall')) {
        const found = await stall(seated, { count: effort.stalls });
        Object.assign(summary, found);
        put(key('stall_repair_ms'), median(found.repair));
        put(key('stall_repair_ms_max'), Math.max(...found.repair));
        put(key('stall_other_moved_ms'), Math.max(...found.otherMoved));
        put(key('stall_other_seeks'), Math.max(...found.otherSeeks));
      }
      return summary;
    });
  }
  if (chosen.includes('drift')) {
    const found = await withParty('drift1000', [[], ['--ao-null-speed=1.001']], (seated) => steady(seated, { steadyMs: effort.driftMs }));
    put(key('drift1000_skew_ms_p50'), median(found.skew));
    put(key('drift1000_skew_ms_p95'), percentile(found.skew, 0.95));
  }
}

const withPaths = async (profile, ports, run) => {
  const bad = profile === 'impaired' ? await startPaths(paths, { ...ports, seed: 7 }) : undefined;
  try {
    await run(bad?.hosts ?? ['127.0.0.1', '127.0.0.1']);
    if (bad) say(`TCP segments sent again on the impaired paths: ${bad.sentAgain()}`);
  } finally {
    await bad?.stop();
  }
};

let failed = false;
try {
  if (!given.has('rival-only')) {
    const engine = await startEngine({
      listen: `127.0.0.1:${enginePort}`, enet: { listen: `127.0.0.1:${enetPort}` }, media_folder: mediaFolder,
    });
    try {
      const origin = await serverOrigin(engine.url);
      say(`true clock known to ${(origin.roundTripMs / 2).toFixed(3)} ms`);
      for (const profile of profiles) {
        await withPaths(profile, { tcp: [enginePort], udp: [enetPort] }, async (hosts) => {
          await measure('', profile, (more) => playheadParty({ engine, origin, hosts, transport, file, more }));
          if (!chosen.includes('mixed')) return;
          const party = await playheadParty({ engine, origin, hosts, transport });
          try {
            const found = await mixed(party, engine, { steadyMs: effort.steadyMs });
            for (const [name, list] of Object.entries({ '': found.skew, pages_: found.pages, players_: found.players })) {
              put(`mixed_${name}skew_ms_p50_${profile}`, median(list));
              put(`mixed_${name}skew_ms_p95_${profile}`, percentile(list, 0.95));
            }
            say(`mixed ${profile}: p50 ${round(median(found.skew))} p95 ${round(percentile(found.skew, 0.95))}, a page and an mpv ${round(found.apart[0])} apart`);
          } finally {
            await party.close();
          }
        });
      }
    } finally {
      await engine.stop();
    }
  }
  if (!given.has('without-rival')) {
    const server = await startSyncplay();
    try {
      for (const profile of profiles) {
        const port = profile === 'impaired' ? syncplayPort - 1 : syncplayPort;
        await withPaths(profile, { tcp: [{ port, to: syncplayPort }] }, (hosts) =>
          measure('syncplay_', profile, (more) => syncplayParty({ servers: hosts.map((host) => `${host}:${port}`), file, more })));
      }
    } finally {
      await server.stop();
    }
  }
} catch (error) {
  say(`failed: ${error.stack}`);
  failed = true;
}
// The issue's names, which know no profile: the worse of the two.
for (const name of ['paused_apart_frames', 'play_follow_ms', 'pause_follow_ms', 'seek_settle_ms', 'stall_repair_ms', 'drift1000_skew_ms_p95', 'mixed_skew_ms_p95']) {
  const found = profiles.map((profile) => results[`${name}_${profile}`]).filter((each) => each !== undefined);
  if (found.length > 0) results[name] = Math.max(...found);
}
results.load_average = round(loadavg()[0]);
results.seconds = Math.round((Date.now() - began) / 1000);
console.log(JSON.stringify(results));
process.exit(failed ? 1 : 0);
