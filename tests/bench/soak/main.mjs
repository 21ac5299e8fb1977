// Half an hour with five thousand viewers of one room of the shipped engine who come and go, are cut off, stall, talk, react,
// pause and seek: whether memory stays flat, descriptors come back, ticks are kept and nothing is logged as an error. Prints
// progress, then one flat JSON object as the last line.
//   tests/bench/run soak [--quick] [--viewers N] [--minutes M]
import { median } from '../../harness/timeline.mjs';
import { Bench, shown, sleep } from '../bench.mjs';
import { makeRoom, openDescriptors, residentBytes, startLoad, startShipped, tickCount, ticksSince } from '../loads.mjs';

const bench = new Bench('soak', { viewers: { value: 5000, quick: 1000, max: 19_000 }, minutes: { value: 30, quick: 3, max: 59 } });
const { viewers, minutes } = bench.values;
const graceS = 5;
const sampleMs = 5000;
// Of a thousand viewers, what each does every five seconds; the others watch and report.
const mix = 'watch=900,leave=25,reconnect=25,stall=10,chat=15,react=20,pause=3,seek=2';

// Kibibytes a minute: the median slope between all pairs of samples, which a few that are out of line do not move.
//   Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau (1968).
function slopePerMinute(samples) {
  const slopes = [];
  for (let a = 0; a < samples.length; a++)
    for (let b = a + 1; b < samples.length; b++) slopes.push((samples[b].resident - samples[a].resident) / 1024 / ((samples[b].at - samples[a].at) / 60_000));
  return median(slopes);
}

// When nothing has changed for a second or two, or after ten.
async function settled(look) {
  let last = look();
  for (let tries = 0, same = 0; tries < 20 && same < 4; tries++) {
    await sleep(500);
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

await bench.run(async ({ folder, closing }) => {
  bench.set('viewers', viewers);
  bench.set('minutes', minutes);
  const engine = await startShipped(folder, {
    preset: 'arena',
    plugins: { host_control: { mode: 'anyone' }, chat: {} },
    limits: { silence_timeout_s: 30, viewer_grace_s: graceS },
  });
  closing(engine.stop);
  const { address } = await makeRoom(engine, 'soak');
  const descriptorsBefore = await settled(() => openDescriptors(engine.pid));
  bench.set('rss_mib_empty', residentBytes(engine.pid) / 2 ** 20, 1);

  const load = startLoad('the load', [...address, '--viewers', String(viewers), '--mix', mix, '--server-pid', String(engine.pid)], (text) => bench.say(text));
  closing(load.stop);
  await load.ready();
  // The baseline: the same viewers, and nobody does anything but report.
  await load.ask(`idle ${Math.max(10, Math.round(minutes * 2))}`);
  bench.set('rss_mib_idle', residentBytes(engine.pid) / 2 ** 20, 1);
  bench.set('descriptors_idle', openDescriptors(engine.pid));

  const samples = [];
  const began = Date.now();
  const sampler = setInterval(() => {
    samples.push({ at: Date.now() - began, resident: residentBytes(engine.pid), descriptors: openDescriptors(engine.pid) });
    if (samples.length % 12 !== 0) return;
    const { resident, descriptors } = samples.at(-1);
    bench.say(`${shown(samples.at(-1).at / 60_000, 1)} of ${minutes} minutes: ${shown(resident / 2 ** 20, 1)} MiB, ${descriptors} descriptors; load ${bench.noteLoad()}`);
  }, sampleMs);
  const before = await tickCount(engine);
  const acted = await load.ask(`act ${minutes * 60}`).finally(() => clearInterval(sampler));
  const ticks = await ticksSince(engine, before);

  const late = samples.filter(({ at }) => at >= (minutes * 60_000) / 3);
  bench.set('rss_slope_kib_per_minute', slopePerMinute(late), 1);
  bench.set('rss_mib_first_third', median(samples.filter(({ at }) => at < (minutes * 60_000) / 3).map(({ resident }) => resident)) / 2 ** 20, 1);
  bench.set('rss_mib_last_third', median(samples.filter(({ at }) => at >= (minutes * 120_000) / 3).map(({ resident }) => resident)) / 2 ** 20, 1);
  bench.set('rss_mib_max', Math.max(...samples.map(({ resident }) => resident)) / 2 ** 20, 1);
  bench.set('ticks_skipped', ticks.skipped);
  bench.set('tick_ms_p50', ticks.msP50);
  bench.set('tick_ms_p99', ticks.msP99);
  bench.set('tick_ms_max', ticks.msMax);
  for (const key of ['left', 'reconnected', 'stalled', 'commands', 'applied', 'superseded', 'refused', 'deliveries', 'latency_ms_p50', 'latency_ms_p99'])
    bench.set(key, acted[key]);
  bench.set('server_cores', acted.server_cpu_ms / 1000 / acted.seconds);

  const end = await load.end();
  for (const key of ['gaps', 'behind', 'lost']) bench.set(key, end[key]);
  if (end.complaint) bench.say(`the load's first complaint: ${end.complaint}`);
  await sleep((graceS + 2) * 1000); // until their places are given up
  bench.set('descriptors_before', descriptorsBefore);
  bench.set('descriptors_after', await settled(() => openDescriptors(engine.pid)));
  bench.set('viewers_after', await engine.metric('playhead_viewers'));
  bench.set('sessions_after', await engine.metric('playhead_sessions'));
  bench.set('rss_mib_after', residentBytes(engine.pid) / 2 ** 20, 1);
  bench.set('hash_mismatches', await engine.metric('playhead_hash_mismatches_total'));
  bench.set('malformed_messages', await engine.metric('playhead_malformed_messages_total'));
  bench.set('errors_logged', engine.errors.length);
  for (const line of engine.errors.slice(0, 5)) bench.say(`logged: ${line}`);
});
