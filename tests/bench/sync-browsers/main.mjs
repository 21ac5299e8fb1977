// How exactly real browsers play together: prints progress, then one flat JSON object as the last line.
//   tests/bench/run sync-browsers [--quick] [--profile local|impaired] [--only clock,steady,seek,join,start,stall,drift,quiet]
import { execFileSync } from 'node:child_process';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { root, serverOrigin, startEngine, startLinks } from '../../harness/engine.mjs';
import * as scenarios from './scenarios.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const quick = process.argv.includes('--quick');
const profiles = option('profile')?.split(',') ?? ['local', 'impaired'];
const chosen = option('only')?.split(',') ?? ['clock', 'steady', 'seek', 'join', 'start', 'stall', 'drift', 'quiet'];
const unknown = [...chosen.filter((each) => typeof scenarios[each] !== 'function'), ...profiles.filter((each) => !['local', 'impaired'].includes(each))];
if (unknown.length > 0) {
  console.error(`sync-browsers: nothing is called ${unknown.join(', ')}`);
  process.exit(2);
}
const effort = quick
  ? { steadyMs: 10_000, driftMs: 15_000, quietMs: 30_000, seeksPerRound: 3, joinsPerRound: 2, startsPerRound: 3,
      rounds: { clock: 1, steady: 1, seek: 1, join: 1, start: 1, stall: 1, drift: 1 } }
  : { steadyMs: 20_000, driftMs: 40_000, quietMs: 600_000, seeksPerRound: 10, joinsPerRound: 10, startsPerRound: 6,
      rounds: { clock: 2, steady: 2, seek: 2, join: 2, start: 3, stall: 3, drift: 1 } };

// Long enough for ten minutes without an end.
const media = path.join(tmpdir(), `playhead-bench-media-${quick ? 150 : 720}`);
execFileSync(path.join(root, 'tools/demo-media'), ['--seconds', quick ? '150' : '720', '--out', media], { stdio: 'inherit' });

const began = Date.now();
const say = (text) => console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`);
// Mean one-way delays as in the table: different for each page, the same both ways, with +- 40 ms of jitter.
const impairedDelaysMs = [40, 120, 70, 95];

const engine = await startEngine({ media_folder: media });
const results = {};
try {
  const origin = await serverOrigin(engine.url);
  say(`true clock known to ${(origin.roundTripMs / 2).toFixed(3)} ms`);
  for (const profile of profiles) {
    const links = profile === 'impaired' ? await startLinks(engine.port, impairedDelaysMs, 40, 7) : undefined;
    const urls = links?.urls ?? [engine.url, engine.url, engine.url, engine.url];
    for (const name of chosen) {
      say(`${name}, ${profile}`);
      const found = await scenarios[name]({ engine, origin, urls, say, ...effort });
      for (const [key, value] of Object.entries(found)) {
        results[`${key}_${profile}`] = Math.round(value * 1000) / 1000;
      }
      say(JSON.stringify(found));
    }
    await links?.stop();
  }
} finally {
  await engine.stop();
}
results.load_average = Math.round(loadavg()[0] * 100) / 100;
results.seconds = Math.round((Date.now() - began) / 1000);
console.log(JSON.stringify(results));
