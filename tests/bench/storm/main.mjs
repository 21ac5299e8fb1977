// Storms at a wide room of the shipped engine: people who come late, ten thousand who come within ten seconds, ten thousand who
// are all cut off and come back, and some who read slowly or nothing. Prints progress, then one flat JSON object as the last line.
//   tests/bench/run storm [--quick] [--viewers N] [--rounds N] [--only late|join|reconnect|slow]
import { percentile } from '../../harness/timeline.mjs';
import { Bench, shown } from '../bench.mjs';
import { endWell, makeRoom, startBaseline, startLoad, startShipped, tickCount, ticksSince } from '../loads.mjs';

const bench = new Bench(
  'storm',
  { viewers: { value: 10_000, quick: 1000, max: 10_000 }, rounds: { value: 5, quick: 3, max: 50 } },
  ['late', 'join', 'reconnect', 'slow'],
);
const { viewers, rounds } = bench.values;
const joinSeconds = 10;
const lateSeconds = 20;
const latePerS = 5;
const pauses = 20;
const say = (text) => bench.say(text);
// As a crowd's engine is set up, but everybody holds the remote: that is how a load shows that all are in step.
const crowd = { preset: 'arena', plugins: { host_control: { mode: 'anyone' } } };

async function startCrowd(folder) {
  const engine = await startShipped(folder, crowd);
  return { ...engine, address: (await makeRoom(engine, 'storm')).address };
}

const loadOn = (name, server, count, parameters = []) =>
  startLoad(name, [...server.address, '--viewers', String(count), '--server-pid', String(server.pid), ...parameters], say);

function noErrors(engine) {
  if (engine.errors.length > 0) throw new Error(`the engine logged errors: ${engine.errors[0]}`);
}

// ---- late: five a second come to a room that plays, after as long a time in which nobody does

async function late({ folder, closing }) {
  const engine = await startCrowd(folder);
  closing(engine.stop);
  const crowdLoad = loadOn('the crowd', engine, viewers);
  closing(crowdLoad.stop);
  await crowdLoad.ready();
  await crowdLoad.ask('play');
  const found = { before: [], during: [], p50: [], p99: [], max: [] };
  const skipped = { before: 0, during: 0 };
  for (let round = 0; round < rounds; round++) {
    const quiet = await tickCount(engine);
    await crowdLoad.ask(`idle ${lateSeconds}`);
    const before = await ticksSince(engine, quiet);
    const start = await tickCount(engine);
    const count = lateSeconds * latePerS;
    const comers = loadOn('those who come late', engine, count, ['--connects-per-s', String(latePerS)]);
    closing(comers.stop);
    await comers.ready();
    const during = await ticksSince(engine, start);
    const end = await endWell('those who come late', comers);
    found.before.push(before.msP99);
    found.during.push(during.msP99);
    skipped.before += before.skipped;
    skipped.during += during.skipped;
    for (const share of ['p50', 'p99', 'max']) found[share].push(end[`join_ms_${share}`]);
    bench.say(`late, round ${round + 1}: in after p50 ${shown(end.join_ms_p50)} p99 ${shown(end.join_ms_p99)} ms; tick p99 ${shown(during.msP99)} ms, before ${shown(before.msP99)} ms; load ${bench.noteLoad()}`);
  }
  bench.spread('late_join_ms_p50', found.p50);
  bench.spread('late_join_ms_p99', found.p99);
  bench.set('late_join_ms_max', Math.max(...found.max));
  bench.spread('late_tick_ms_p99', found.during);
  bench.spread('late_before_tick_ms_p99', found.before);
  bench.set('late_ticks_skipped', skipped.during);
  bench.set('late_before_ticks_skipped', skipped.before);
  await endWell('the crowd', crowdLoad);
  noErrors(engine);
  await engine.stop();
}

// ---- join: everybody within ten seconds, into an engine that has just been started; npm's ws takes them the same way

async function joinOnce(name, folder) {
  const server = name === 'engine' ? await startCrowd(folder) : await startBaseline(name);
  const load = loadOn(name, server, viewers, ['--connects-per-s', String(Math.ceil(viewers / joinSeconds)), '--at-once', '10000', '--silent']);
  try {
    const before = name === 'engine' ? await tickCount(server) : undefined;
    const { seconds } = await load.ready();
    const ticks = before && (await ticksSince(server, before));
    const encoded = before && (await server.metric('playhead_snapshots_encoded_total'));
    const end = await endWell(name, load);
    if (before) noErrors(server);
    return { seconds, ticks, encoded, p50: end.join_ms_p50, p99: end.join_ms_p99, max: end.join_ms_max, turnedAway: end.turned_away };
  } finally {
    await load.stop();
    await server.stop();
  }
}

async function join({ folder }) {
  const found = { engine: [], ws: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of bench.shuffled(['engine', 'ws'])) {
      const one = await joinOnce(name, folder);
      found[name].push(one);
      const ticks = one.ticks ? `; tick p99 ${shown(one.ticks.msP99)} longest ${shown(one.ticks.msMax)} ms, ${one.ticks.skipped} skipped` : '';
      bench.say(`join, round ${round + 1}, ${name}: all in after ${shown(one.seconds, 1)} s, each after p50 ${shown(one.p50)} p99 ${shown(one.p99)} ms${ticks}; load ${bench.noteLoad()}`);
    }
  }
  for (const [name, prefix] of [['engine', 'join'], ['ws', 'join_ws']]) {
    bench.spread(`${prefix}_s`, found[name].map((one) => one.seconds));
    bench.spread(`${prefix}_ms_p50`, found[name].map((one) => one.p50));
    bench.spread(`${prefix}_ms_p99`, found[name].map((one) => one.p99));
    bench.set(`${prefix}_ms_max`, Math.max(...found[name].map((one) => one.max)));
  }
  const ticks = found.engine.map((one) => one.ticks);
  bench.spread('join_tick_ms_p99', ticks.map((one) => one.msP99));
  bench.spread('join_tick_ms_max', ticks.map((one) => one.msMax));
  bench.set('join_ticks_over_budget', Math.max(...ticks.map((one) => one.overruns)));
  bench.set('join_ticks_skipped', Math.max(...ticks.map((one) => one.skipped)));
  bench.set('join_turned_away', Math.max(...found.engine.map((one) => one.turnedAway)));
  bench.spread('join_snapshots_encoded', found.engine.map((one) => one.encoded));
}

// ---- reconnect: all sockets are dropped, everybody comes back in the same moment and says what it held. In step is who has
//      heard of a pause that was pressed when the last one was back.

async function reconnect({ folder, closing }) {
  const names = ['engine', 'send', 'ws', 'socketio'];
  const prefixOf = (name) => (name === 'engine' ? 'reconnect' : `reconnect_${name}`);
  const parties = {};
  for (const name of names) {
    const server = name === 'engine' ? await startCrowd(folder) : await startBaseline(name);
    closing(server.stop);
    const load = loadOn(name, server, viewers, ['--at-once', '10000', '--silent']);
    closing(load.stop);
    await load.ready();
    parties[name] = { server, load };
    bench.say(`reconnect: ${name}: ${viewers} viewers are in`);
  }
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of bench.shuffled(names)) {
      const { server, load } = parties[name];
      const engine = name === 'engine';
      const before = engine && { ticks: await tickCount(server), snapshots: await server.metric('playhead_snapshots_encoded_total') };
      const back = await load.ask('reconnect');
      const pause = await load.ask(`burst 1 1 ${engine ? 0 : 64}`);
      const one = { wholeMs: back.whole_ms, p50: back.back_ms_p50, p99: back.back_ms_p99, inStepMs: back.whole_ms + pause.tick_wait_ms[0] + pause.whole_ms[0], ...back };
      if (engine) {
        one.ticks = await ticksSince(server, before.ticks);
        one.snapshots = (await server.metric('playhead_snapshots_encoded_total')) - before.snapshots;
      }
      found[name].push(one);
      const more = engine ? `; ${back.by_delta} by delta, ${one.snapshots} snapshots encoded, tick p99 ${shown(one.ticks.msP99)} longest ${shown(one.ticks.msMax)} ms, ${one.ticks.skipped} skipped` : '';
      bench.say(`reconnect, round ${round + 1}, ${name}: the last is back after ${shown(one.wholeMs, 0)} ms, half after ${shown(one.p50, 0)} ms${more}; load ${bench.noteLoad()}`);
    }
  }
  for (const name of names) {
    bench.spread(`${prefixOf(name)}_in_step_ms`, found[name].map((one) => one.inStepMs), 0);
    bench.spread(`${prefixOf(name)}_back_ms_p50`, found[name].map((one) => one.p50), 0);
    bench.spread(`${prefixOf(name)}_cpu_us`, found[name].map((one) => (one.server_cpu_ms * 1000) / one.viewers), 1);
    bench.set(`${prefixOf(name)}_lost`, Math.max(...found[name].map((one) => one.lost)));
  }
  const engine = found.engine;
  bench.spread('reconnect_by_delta_share', engine.map((one) => one.by_delta / one.viewers), 4);
  bench.spread('reconnect_snapshots_encoded', engine.map((one) => one.snapshots));
  bench.spread('reconnect_tick_ms_p99', engine.map((one) => one.ticks.msP99));
  bench.spread('reconnect_tick_ms_max', engine.map((one) => one.ticks.msMax));
  bench.set('reconnect_ticks_skipped', Math.max(...engine.map((one) => one.ticks.skipped)));
  bench.set('reconnect_turned_away', Math.max(...engine.map((one) => one.turned_away)));
  for (const name of names) {
    const { gaps, refused, complaint } = await parties[name].load.end();
    if (gaps > 0 || refused > 0) throw new Error(`${name}: ${gaps} gaps, ${refused} refused: ${complaint}`);
  }
  noErrors(parties.engine.server);
  for (const name of names) await parties[name].server.stop();
}

// ---- slow: two engines with a full room each take turns; in one of them two more are there, of whom one reads 1 KB/s and one
//      nothing. The engine closes both after a while, as it should, and they come back.

async function slow({ folder, closing }) {
  const parties = {};
  for (const [name, count, parameters] of [['without', viewers, []], ['with', viewers + 2, ['--slow', '1:1024', '--never-read', '1']]]) {
    const server = await startCrowd(folder);
    closing(server.stop);
    const load = loadOn(name, server, count, ['--silent', ...parameters]);
    closing(load.stop);
    await load.ready();
    parties[name] = { server, load };
    bench.say(`slow: ${name}: ${count} viewers are in`);
  }
  const names = Object.keys(parties);
  for (const name of names) await parties[name].load.ask('burst 500 1 0'); // what the kernel holds for who does not read is full: 64 KB of 140 bytes each
  const found = { with: [], without: [] };
  const turns = 4 * rounds;
  for (let round = 0; round < turns; round++) {
    for (const name of bench.shuffled(names)) found[name].push(await parties[name].load.ask(`burst ${pauses} 1 0`));
    const [a, b] = names.map((name) => shown(percentile(found[name].at(-1).whole_ms, 0.5), 1));
    bench.say(`slow, round ${round + 1} of ${turns}: the last has it after ${a} ms without, ${b} ms with; load ${bench.noteLoad()}`);
  }
  const ratios = (of) => found.with.map((one, round) => of(one) / of(found.without[round]));
  bench.spread('slow_whole_ratio_p50', ratios((one) => percentile(one.whole_ms, 0.5)));
  bench.spread('slow_whole_ratio_p95', ratios((one) => percentile(one.whole_ms, 0.95)));
  bench.spread('slow_cpu_ratio', ratios((one) => one.server_cpu_us_per_delivery));
  for (const name of names) {
    const each = found[name].flatMap((one) => one.whole_ms);
    bench.set(`slow_${name}_whole_ms_p50`, percentile(each, 0.5), 1);
    bench.set(`slow_${name}_whole_ms_p99`, percentile(each, 0.99), 1);
  }
  const lagged = await parties.with.server.metric('playhead_slow_sessions_total');
  if (lagged === 0) throw new Error('nobody was slow: this measures nothing');
  bench.set('slow_sessions_total', lagged);
  bench.set('slow_closed_total', await parties.with.server.metric('playhead_slow_closed_total'));
  for (const name of names) {
    await endWell(name, parties[name].load);
    noErrors(parties[name].server);
    await parties[name].server.stop();
  }
}

await bench.run(async (stage) => {
  bench.set('viewers', viewers);
  bench.set('rounds', rounds);
  for (const [name, part] of Object.entries({ late, join, reconnect, slow })) if (bench.wants(name)) await part(stage);
});
