// A room whose plugin `ready` waits for those who run out of data: with real players, real stalls and real bytes.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import { root } from '../harness/engine.mjs';
import { byId, hls, look, openRoom, openViewer, startWithMedia, until, untilPlayerIs } from './support.mjs';

// Lets through what a player needs to start, then nothing until release() is called.
async function holdSegments(page, segments) {
  let holding = true;
  let passed = 0;
  const held = [];
  await page.route(/demo-hls\/.*\.(m4s|ts)$/, (route) => {
    if (!holding) return route.continue();
    passed += 1;
    if (passed <= segments) return route.continue();
    held.push(route);
  });
  return async () => {
    holding = false;
    await Promise.all(held.map((route) => route.continue()));
  };
}

const roomPlays = (page) => look(page).then(({ playing }) => playing);

describe('a room that waits', { timeout: 180_000 }, () => {
  let engine;
  let browser;
  let other;
  const open = [];
  const enter = async (link, from) => {
    const viewer = await openRoom(from, engine, link);
    open.push(viewer);
    return viewer;
  };

  before(async () => {
    const plugins = { ready: { stalled_timeout_s: 20 } };
    engine = await startWithMedia({ plugins_folder: path.join(root, 'plugins'), plugins });
    [browser, other] = await Promise.all([launch(), launch()]);
  });
  afterEach(() => Promise.all(open.splice(0).map((viewer) => viewer.close())));
  after(async () => {
    await Promise.all([browser?.close(), other?.close()]);
    await engine?.stop();
  });

  const annAndBen = async () => {
    const { link } = await engine.createRoom({ title: 'Waits', media: hls });
    const ann = await enter(link, browser);
    const ben = await openViewer(other, 'about:blank');
    open.push(ben);
    const release = await holdSegments(ben.page, 3);
    await ben.page.goto(engine.url + link);
    await untilLive(ben.page);
    await untilPlayerIs(ben.page, 'is ready to start', (player) => player.readyState >= 3, 15_000);
    await untilPlayerIs(ann.page, 'is ready to start', (player) => player.readyState >= 3, 15_000);
    await byId(ann.page, 'play').click();
    await until('the room plays', () => roomPlays(ann.page), (playing) => playing);
    return { ann, ben, release };
  };

  it('stops for whoever runs dry, says for whom, stands still until there is data, and goes on by itself', async () => {
    const { ann, ben, release } = await annAndBen();
    await until('the room waits', () => roomPlays(ann.page), (playing) => !playing, 25_000);
    await byId(ann.page, 'waiting').waitFor();
    const stoodAt = (await look(ann.page)).roomMs;
    // It does not start and stop again and again while nothing has come.
    for (let turn = 0; turn < 20; turn += 1) {
      assert.equal(await roomPlays(ann.page), false, 'it stands still as long as there is no data');
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await release();
    await until('the room goes on', () => roomPlays(ann.page), (playing) => playing, 10_000);
    for (const { page } of [ann, ben]) {
      await untilPlayerIs(page, 'plays on', (player) => !player.paused && player.positionMs > stoodAt + 500, 10_000);
    }
    assert.equal(await byId(ann.page, 'waiting').count(), 0);
  });

  it('goes on without them when somebody presses play once more', async () => {
    const { ann } = await annAndBen();
    await until('the room waits', () => roomPlays(ann.page), (playing) => !playing, 25_000);
    const stoodAt = (await look(ann.page)).roomMs;
    await byId(ann.page, 'go-on').click();
    await untilPlayerIs(ann.page, 'plays on', (player) => !player.paused && player.positionMs > stoodAt + 1_500, 10_000);
    assert.equal(await roomPlays(ann.page), true);
  });
});
