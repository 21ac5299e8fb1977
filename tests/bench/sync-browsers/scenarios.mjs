// What is measured, one function per row group of the table. Each takes a Stage and returns numbers in milliseconds.
// How: currentTime of every page, sampled 40 times a second on the one true clock; see tests/harness.
import { build } from 'esbuild';
import path from 'node:path';
import { monotonicMs, root } from '../../harness/engine.mjs';
import { launch, openPage as openAnyPage, untilLive } from '../../harness/browser.mjs';
import { adjacentShare, median, percentile, settleMs, skews, withoutMisreadings } from '../../harness/timeline.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// A small window: players are measured here, not how fast a machine without a graphics card composes pages.
const openPage = (browser, url, options = {}) =>
  openAnyPage(browser, url, { contextOptions: { viewport: { width: 480, height: 360 } }, ...options });
const titles = { mp4: { kind: 'file', url: '/media/demo.mp4' }, hls: { kind: 'hls', url: '/media/demo-hls/master.m3u8' } };

const confirmedMotion = ({ page }) => page.evaluate(() => window.playhead.room.view.confirmedMotion);

// A browser with pages in one new room that plays `title`.
async function seat(stage, count, { title = 'mp4', options = () => ({}), startAtMs = 0, play = true } = {}) {
  const { room, link } = await stage.engine.createRoom({ title: 'bench', media: titles[title] });
  const browser = await launch();
  const pages = [];
  for (let n = 0; n < count; n++) pages.push(await openPage(browser, stage.urls[n % stage.urls.length] + link, options(n)));
  await Promise.all(pages.map(({ page }) => untilLive(page)));
  await Promise.all(pages.map(({ page }) => page.waitForFunction(() => window.bench.firstDataMs !== undefined, undefined, { timeout: 30_000 })));
  const party = {
    room, link, browser, pages,
    // Calls a method of the SDK's room on one page; the true time of the call comes back.
    act: async (n, method, ...args) =>
      pages[n].originMs + (await pages[n].page.evaluate(([name, values]) => {
        const at = performance.now();
        window.playhead.room[name](...values);
        return at;
      }, [method, args])),
    take: (sinceMs) => Promise.all(pages.map((each) => each.take(sinceMs))),
    // Where the room is at a true time, from the motion that one page has received: no code of the client computes it.
    expected: async (n = 0) => {
      const motion = await confirmedMotion(pages[n]);
      return (atMs) => {
        const serverMs = atMs - stage.origin.originMs;
        const active = motion.pending && serverMs >= motion.pending.anchorMs ? motion.pending : motion.current;
        return active.positionMs + (active.playing ? Math.max(0, serverMs - active.anchorMs) * active.rate : 0);
      };
    },
    // The true time at which the newest motion takes over.
    startMs: async (n = 0) => {
      const motion = await confirmedMotion(pages[n]);
      return stage.origin.originMs + (motion.pending ?? motion.current).anchorMs;
    },
    close: () => browser.close(),
  };
  if (startAtMs > 0) await party.act(0, 'seek', startAtMs);
  if (play) {
    await party.act(0, 'play');
    await sleep(3000);
  }
  return party;
}

const positions = (taken) => taken.map((each) => withoutMisreadings(each.samples));

// Clock error of many connections 5 s and 30 s after connecting, beside the smallest round trip of eight exchanges a second.
export async function clock(stage) {
  const bundle = await build({
    entryPoints: [path.join(root, 'clients/sdk/src/index.ts')], bundle: true, format: 'iife', globalName: 'PlayheadSdk', write: false,
  });
  const at5 = [];
  const at30 = [];
  const bounds = [];
  const baseline = { 5: [], 30: [] };
  for (let round = 0; round < stage.rounds.clock; round++) {
    const browser = await launch();
    const pages = await Promise.all(stage.urls.map(async (url) => {
      const { room, join_token } = await stage.engine.createRoom({ title: 'clock' });
      const opened = await openPage(browser, `${url}/healthz`);
      await opened.page.addScriptTag({ content: bundle.outputFiles[0].text });
      await opened.page.evaluate(([id, token, connections]) => {
        const socket = `${location.origin.replace('http', 'ws')}/ws/${id}`;
        const forgetful = { take: () => undefined, put: () => undefined };
        window.rooms = Array.from({ length: connections }, (_, n) => window.PlayheadSdk.joinRoom({ url: socket, room: id, joinToken: token, name: `c${n}`, store: forgetful }));
        window.exchanges = [];
        const exchange = async () => {
          const sent = performance.now();
          const answer = await (await fetch('/api/v1/time', { cache: 'no-store' })).json();
          const received = performance.now();
          window.exchanges.push({ at: received, roundTrip: received - sent, offset: answer.server_time_us / 1000 - (sent + received) / 2 });
        };
        for (let n = 0; n < 4; n++) setTimeout(exchange, n * 250);
        setInterval(exchange, 1000);
      }, [room, join_token, 8]);
      return opened;
    }));
    const opened = monotonicMs();
    for (const [seconds, into] of [[5, at5], [30, at30]]) {
      await sleep(Math.max(0, opened + seconds * 1000 - monotonicMs()));
      for (const { page, originMs } of pages) {
        const seen = await page.evaluate(() => ({
          clocks: window.rooms.map((room) => room.view.clock).filter(Boolean),
          best: window.exchanges.slice(-8).reduce((best, each) => (each.roundTrip < best.roundTrip ? each : best)),
        }));
        const truth = originMs - stage.origin.originMs;
        for (const { offsetMs, errorBoundMs } of seen.clocks) {
          into.push(Math.abs(offsetMs - truth));
          bounds.push(Math.abs(offsetMs - truth) <= errorBoundMs ? 1 : 0);
        }
        baseline[seconds].push(Math.abs(seen.best.offset - truth));
      }
    }
    await browser.close();
  }
  return {
    clock_error_ms_p50: median(at5), clock_error_ms_p95: percentile(at5, 0.95),
    clock30_error_ms_p50: median(at30), clock30_error_ms_p95: percentile(at30, 0.95),
    clock_connections: at5.length, clock_within_bound_share: bounds.reduce((sum, each) => sum + each, 0) / bounds.length,
    min_rtt8_clock_error_ms_p95: percentile(baseline[5], 0.95), min_rtt8_clock30_error_ms_p95: percentile(baseline[30], 0.95),
  };
}

// Spread of positions while nothing happens: 2 and 4 pages, mp4 and HLS, several browsers.
export async function steady(stage) {
  const all = [];
  const hls = [];
  const shares = [];
  const perLaunch = [];
  for (let round = 0; round < stage.rounds.steady; round++) {
    for (const [count, title] of [[2, 'mp4'], [4, 'mp4'], [2, 'hls']]) {
      const party = await seat(stage, count, { title, options: () => ({ frames: true }) });
      await sleep(7000);
      const from = monotonicMs();
      await sleep(stage.steadyMs - 5000);
      for (const { page } of party.pages) await page.evaluate(() => { window.bench.wantFrames = true; });
      const framesFrom = monotonicMs();
      await sleep(5000);
      const to = monotonicMs();
      const taken = await party.take(from);
      const found = skews(positions(taken), from + 100, to - 100);
      (title === 'hls' ? hls : all).push(...found);
      perLaunch.push(percentile(found, 0.95));
      const share = adjacentShare(taken.map((each) => each.frames), framesFrom + 500, to - 200);
      if (!Number.isNaN(share)) shares.push(share);
      stage.say(`steady ${count} ${title}: p50 ${median(found).toFixed(2)} p95 ${percentile(found, 0.95).toFixed(2)} p99 ${percentile(found, 0.99).toFixed(2)} frames ${share.toFixed(3)}`);
      await party.close();
    }
  }
  const both = [...all, ...hls];
  return {
    skew_ms_p50: median(both), skew_ms_p95: percentile(both, 0.95), skew_ms_p99: percentile(both, 0.99),
    skew_hls_ms_p95: percentile(hls, 0.95), skew_ms_p95_launch_min: Math.min(...perLaunch), skew_ms_p95_launch_max: Math.max(...perLaunch),
    adjacent_frames_share_min: Math.min(...shares),
  };
}

// From the command until all pages are together, for good.
async function seeks(stage, title) {
  const settled = [];
  for (let round = 0; round < stage.rounds.seek; round++) {
    const count = round % 2 === 0 ? 4 : 2;
    const party = await seat(stage, count, { title });
    await sleep(3000);
    for (let n = 0; n < stage.seeksPerRound; n++) {
      const target = 5000 + ((n * 17_000 + round * 7000) % 60_000);
      const from = await party.act(n % count, 'seek', target);
      await sleep(4200);
      const took = settleMs(positions(await party.take(from - 500)), from, from + 4000, { expected: await party.expected() });
      settled.push(took ?? 4000);
    }
    stage.say(`seek ${title} ${count} pages: ${settled.slice(-stage.seeksPerRound).map((each) => each.toFixed(0)).join(' ')}`);
    await party.close();
  }
  return settled;
}
export async function seek(stage) {
  const mp4 = await seeks(stage, 'mp4');
  const hls = await seeks(stage, 'hls');
  return {
    settle_seek_ms_p50: median(mp4), settle_seek_ms_p95: percentile(mp4, 0.95), settle_seek_ms_max: Math.max(...mp4),
    settle_seek_hls_ms_p50: median(hls), settle_seek_hls_ms_p95: percentile(hls, 0.95), settle_seek_hls_ms_max: Math.max(...hls),
  };
}

// A page that opens the link while two others play: from its first picture until it is with them for good.
export async function join(stage) {
  const settled = [];
  for (let round = 0; round < stage.rounds.join; round++) {
    const party = await seat(stage, 2, { startAtMs: 4000 });
    await sleep(3000);
    for (let n = 0; n < stage.joinsPerRound; n++) {
      const late = await openPage(party.browser, stage.urls[(2 + n) % stage.urls.length] + party.link);
      await late.page.waitForFunction(() => window.bench.firstDataMs !== undefined, undefined, { timeout: 20_000 });
      await sleep(5000);
      const seen = await late.take();
      const from = seen.firstDataMs;
      const others = await party.take(from - 500);
      settled.push(settleMs(positions([...others, seen]), from, from + 4500, { expected: await party.expected() }) ?? 4500);
      await late.close();
    }
    stage.say(`join: ${settled.slice(-stage.joinsPerRound).map((each) => each.toFixed(0)).join(' ')}`);
    await party.close();
  }
  return { settle_join_ms_p50: median(settled), settle_join_ms_p95: percentile(settled, 0.95) };
}

// Play after a pause: the spread at the common instant before any correction can act, and 400 ms after it.
export async function start(stage) {
  const at150 = [];
  const at400 = [];
  for (let round = 0; round < stage.rounds.start; round++) {
    const count = round % 2 === 0 ? 4 : 2;
    const party = await seat(stage, count);
    for (let n = 0; n < stage.startsPerRound; n++) {
      await party.act(n % count, 'pause');
      await sleep(1500);
      const from = await party.act((n + 1) % count, 'play');
      await sleep(2000);
      const instant = await party.startMs();
      const samples = positions(await party.take(from - 200));
      const early = skews(samples, instant + 110, instant + 190);
      const later = skews(samples, instant + 390, instant + 430);
      if (early.length > 0) at150.push(median(early));
      if (later.length > 0) at400.push(median(later));
    }
    stage.say(`start ${count} pages: ${at150.slice(-stage.startsPerRound).map((each) => each.toFixed(1)).join(' ')}; +400: ${at400.slice(-stage.startsPerRound).map((each) => each.toFixed(1)).join(' ')}`);
    await party.close();
  }
  return {
    start_spread_ms_p50: median(at150), start_spread_ms_p95: percentile(at150, 0.95),
    start400_spread_ms_p50: median(at400), start400_spread_ms_p95: percentile(at400, 0.95),
  };
}

// One page's segments are withheld until it has truly been waiting for a second. The others must not notice.
export async function stall(stage) {
  const repaired = [];
  let othersMoved = 0;
  for (let round = 0; round < stage.rounds.stall; round++) {
    const party = await seat(stage, 3, { title: 'hls', startAtMs: 2000 });
    const victim = party.pages[2];
    await victim.page.evaluate(() => {
      const { config } = document.querySelector('hls-video').api;
      config.maxBufferLength = 3;
      config.maxMaxBufferLength = 4;
      config.backBufferLength = 2;
    });
    let release;
    let holding = false;
    const gate = new Promise((resolve) => { release = resolve; });
    await victim.page.route('**/*.m4s', async (route) => {
      if (holding) await gate;
      await route.continue().catch(() => undefined);
    });
    // Past everything that was buffered before the cap.
    await party.act(0, 'seek', 40_000);
    await sleep(6000);
    holding = true;
    const from = monotonicMs();
    const frozen = await victim.page.waitForFunction(() => {
      const rows = window.bench.samples;
      const now = performance.now();
      const old = rows.findLast((row) => row[0] < now - 1000);
      const last = rows.at(-1);
      return old && last && last[1] - old[1] < 0.005 && last[4] < 3;
    }, undefined, { timeout: 40_000, polling: 20 }).then(() => true, () => false);
    holding = false;
    release();
    if (!frozen) throw new Error('the page never ran dry');
    const released = monotonicMs();
    await sleep(6000);
    const taken = await party.take(from);
    const ended = taken[2].samples.find((row) => row[0] >= released && row[4] >= 3)[0];
    repaired.push(settleMs(positions(taken), ended, ended + 4500, { expected: await party.expected() }) ?? 4500);
    othersMoved += taken[0].seeks.length + taken[1].seeks.length;
    stage.say(`stall: ${repaired.at(-1).toFixed(0)} ms, seeks of others ${othersMoved}`);
    await party.close();
  }
  return { stall_repair_ms: median(repaired), stall_repair_ms_max: Math.max(...repaired), stall_others_seeks: othersMoved };
}

// One page's media clock runs 500 ppm fast.
export async function drift(stage) {
  const found = [];
  const writes = [];
  for (let round = 0; round < stage.rounds.drift; round++) {
    const party = await seat(stage, 2, { options: (n) => ({ driftPpm: n === 0 ? 500 : 0 }) });
    await sleep(12_000);
    const from = monotonicMs();
    await sleep(stage.driftMs);
    const to = monotonicMs();
    const taken = await party.take(from);
    found.push(...skews(positions(taken), from, to));
    writes.push(taken[0].rateWrites.length / ((to - from) / 60_000));
    stage.say(`drift: p95 ${percentile(found, 0.95).toFixed(2)}, ${writes.at(-1).toFixed(1)} writes/min`);
    await party.close();
  }
  return { drift500_skew_ms_p50: median(found), drift500_skew_ms_p95: percentile(found, 0.95), drift500_rate_writes_per_min: median(writes) };
}

// Nothing happens for a long time: how often is anything written to a player?
export async function quiet(stage) {
  const party = await seat(stage, 2);
  await sleep(5000);
  const from = monotonicMs();
  await sleep(stage.quietMs);
  const to = monotonicMs();
  const taken = await party.take(from);
  const found = skews(positions(taken), from, to);
  const minutes = (to - from) / 60_000;
  await party.close();
  return {
    rate_writes_per_min: Math.max(...taken.map((each) => each.rateWrites.length / minutes)),
    seeks_in_10_min: Math.max(...taken.map((each) => each.seeks.length)),
    steady_rate_dev_max: Math.max(...taken.flatMap((each) => each.samples.map((row) => Math.abs(row[5] - 1)))),
    quiet_skew_ms_p95: percentile(found, 0.95), quiet_skew_ms_p99: percentile(found, 0.99), quiet_minutes: minutes,
  };
}
