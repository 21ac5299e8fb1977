// How exact it is, in short: two pages on one true clock, as tests/bench/run sync-browsers measures at length. The figures are
// printed; what is asserted is only that the pages are together at all, so that a machine under load, which slips
// media clocks by tens of milliseconds, does not fail the run.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, openPage, untilLive } from '../harness/browser.mjs';
import { monotonicMs } from '../harness/engine.mjs';
import { adjacentShare, median, percentile, settleMs, skews } from '../harness/timeline.mjs';
import { byId, film, hls, look, startWithMedia, untilPlaying } from './support.mjs';

const steadyMs = 6000;
const steeredMsMax = 200;
const settleWindowMs = 6000;

describe('exactness', { timeout: 180_000 }, () => {
  let engine;
  let browsers;
  let pages = [];

  before(async () => {
    engine = await startWithMedia();
    browsers = await Promise.all([launch(), launch()]);
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((each) => each.close()));
  });
  after(async () => {
    await Promise.all((browsers ?? []).map((each) => each.close()));
    await engine?.stop();
  });

  for (const media of [film, hls]) {
    it(`two pages of ${media.kind} settle after a seek and stay together`, async (t) => {
      const { link } = await engine.createRoom({ title: 'Exact', media });
      pages = await Promise.all(browsers.map((browser) => openPage(browser, engine.url + link, { frames: true })));
      await Promise.all(pages.map(({ page }) => untilLive(page)));
      await byId(pages[0].page, 'play').click();
      await Promise.all(pages.map(({ page }) => untilPlaying(page)));
      await pause(4000); // the clocks converge

      const soughtMs = monotonicMs();
      await pages[1].page.evaluate(() => window.playhead.room.seek(15_000));
      await pause(settleWindowMs);
      const fromMs = monotonicMs();
      for (const { page } of pages) await page.evaluate(() => { window.bench.wantFrames = true; });
      await pause(steadyMs);
      const toMs = monotonicMs();
      const taken = await Promise.all(pages.map((each) => each.take(soughtMs)));
      const samples = taken.map((each) => each.samples);
      const settled = settleMs(samples, soughtMs, soughtMs + settleWindowMs - 200, { withinMs: 10 });
      const spread = skews(samples, fromMs, toMs - 100);
      const share = adjacentShare(taken.map(({ frames }) => frames), fromMs + 200, toMs - 200);
      t.diagnostic(`${media.kind}: settled ${settled} ms after the seek; skew p50 ${median(spread).toFixed(2)}, p95 ${percentile(spread, 0.95).toFixed(2)} ms; `
        + `same or adjacent frame ${(share * 100).toFixed(1)} % of the time`);
      assert.ok(spread.length > steadyMs / 100, `only ${spread.length} moments could be compared`);
      assert.ok(median(spread) <= steeredMsMax, `the pages are ${median(spread)} ms apart`);
      for (const { page } of pages) assert.equal((await look(page)).hashMismatches, 0);
    });
  }
});
