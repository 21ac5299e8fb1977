// Two Chromium pages and two mpv in one room, on the room's own title: how far apart any two of the four are. The pages' clock
// and mpv's answers are on one monotonic clock; a page's position is currentTime, an mpv's is audio-pts.
import { launch, openPage, untilLive } from '../../harness/browser.mjs';
import { monotonicMs } from '../../harness/engine.mjs';
import { Watch } from '../../harness/mpv.mjs';
import { median, skews, withoutMisreadings } from '../../harness/timeline.mjs';
import { sleep } from './scenarios.mjs';

export async function mixed(party, engine, { steadyMs }) {
  const browser = await launch();
  try {
    const pages = [];
    for (let n = 0; n < 2; n++) {
      pages.push(await openPage(browser, engine.url + party.link, { contextOptions: { viewport: { width: 480, height: 360 } } }));
    }
    await Promise.all(pages.map(({ page }) => untilLive(page)));
    await Promise.all(pages.map(({ page }) => page.waitForFunction(() => window.bench.firstDataMs !== undefined, undefined, { timeout: 30_000 })));
    await pages[0].page.evaluate(() => window.playhead.room.play());
    await sleep(10_000);
    const fromMs = monotonicMs();
    const watch = new Watch(party.players, 25);
    await sleep(steadyMs);
    await watch.stop();
    const toMs = monotonicMs();
    const taken = await Promise.all(pages.map((each) => each.take(fromMs)));
    const pageRows = taken.map((each) => withoutMisreadings(each.samples));
    const within = (rows) => skews(rows, fromMs + 200, toMs - 200);
    const [page, player] = [pageRows[0], watch.rows[0]];
    return {
      skew: within([...pageRows, ...watch.rows]), pages: within(pageRows), players: within(watch.rows),
      apart: [median(within([page, player]))],
    };
  } finally {
    await browser.close();
  }
}
