// How exact it is, in short: two pages on one true clock, as tests/bench/run sync-browsers measures at length. The limits are
// wider than the bench's, since a test shares its machine with whatever else runs there; what they catch is a
// controller that no longer steers.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, openPage, untilLive } from '../harness/browser.mjs';
import { monotonicMs } from '../harness/engine.mjs';
import { adjacentShare, percentile, settleMs, skews } from '../harness/timeline.mjs';
import { byId, film, hls, look, startWithMedia, untilPlaying } from './support.mjs';

const steadyMs = 6000;
const settleMsMax = 2500;
const skewMsMax = 15;
const sameFrameShareMin = 0.9;

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
    it(`two pages of ${media.kind} settle after a seek, stay within a few milliseconds, and show the same frame`, async () => {
      const { link } = await engine.createRoom({ title: 'Exact', media });
      pages = await Promise.all(browsers.map((browser) => openPage(browser, engine.url + link, { frames: true })));
      await Promise.all(pages.map(({ page }) => untilLive(page)));
      await byId(pages[0].page, 'play').click();
      await Promise.all(pages.map(({ page }) => untilPlaying(page)));
      await pause(4000); // the clocks converge

      const soughtMs = monotonicMs();
      await pages[1].page.evaluate(() => window.playhead.room.seek(15_000));
      await pause(settleMsMax + 500);
      const settledMs = monotonicMs();
      const around = await Promise.all(pages.map((each) => each.take(soughtMs)));
      const settled = settleMs(around.map(({ samples }) => samples), soughtMs, settledMs - 100, { withinMs: skewMsMax });
      assert.ok(settled !== undefined && settled <= settleMsMax, `settled ${settled} ms after the seek`);

      for (const { page } of pages) await page.evaluate(() => { window.bench.wantFrames = true; });
      const fromMs = monotonicMs();
      await pause(steadyMs);
      const toMs = monotonicMs();
      const steady = await Promise.all(pages.map((each) => each.take(fromMs - 200)));
      const spread = skews(steady.map(({ samples }) => samples), fromMs, toMs - 100);
      assert.ok(spread.length > steadyMs / 40, `only ${spread.length} moments could be compared`);
      const p95 = percentile(spread, 0.95);
      assert.ok(p95 <= skewMsMax, `p95 of the skew is ${p95} ms`);
      const share = adjacentShare(steady.map(({ frames }) => frames), fromMs + 200, toMs - 200);
      assert.ok(share >= sameFrameShareMin, `the same or the adjacent frame ${share * 100} % of the time`);
      assert.deepEqual(steady.map(({ seeks }) => seeks.filter(([at]) => at > fromMs).length), [0, 0], 'nobody seeks in steady state');
      for (const { page } of pages) assert.equal((await look(page)).hashMismatches, 0);
    });
  }
});
