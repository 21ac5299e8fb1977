// The engine goes away and comes back: what the people in front of it see.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, untilLive } from '../harness/browser.mjs';
import { byId, film, look, openViewer, startWithMedia, until, untilPlaying } from './support.mjs';

const rooms = [{ id: 'demo', title: 'The demo', listed: true, media: film }];

describe('the engine comes and goes', { timeout: 120_000 }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  it('a page outlives a restart: it says what is going on, and is back by itself', async () => {
    let engine = await startWithMedia({ rooms });
    const { page, errors, close } = await openViewer(browser, `${engine.url}/r/demo`);
    try {
      await untilLive(page);
      await byId(page, 'play').click();
      await untilPlaying(page);
      const stopped = engine.stop();
      await page.getByText('The server is being restarted.').waitFor();
      assert.equal(await byId(page, 'play').or(byId(page, 'pause')).isDisabled(), true, 'nothing can be asked of a room that is not there');
      await stopped;
      engine = await startWithMedia({ rooms, listen: `127.0.0.1:${engine.port}` });
      await until('the page is back', () => look(page), (seen) => seen.status === 'live', 30_000);
      assert.equal(await byId(page, 'status').count(), 0);
      await byId(page, 'play').click();
      await untilPlaying(page);
      assert.equal((await look(page)).hashMismatches, 0);
      assert.deepEqual(errors, []);
    } finally {
      await close();
      await engine.stop();
    }
  });

  it('a room that did not survive is told apart from a server that is away', async () => {
    let engine = await startWithMedia();
    const { link } = await engine.createRoom({ title: 'Short-lived', media: film });
    const { page, close } = await openViewer(browser, engine.url + link);
    try {
      await untilLive(page);
      await engine.stop();
      engine = await startWithMedia({ listen: `127.0.0.1:${engine.port}` });
      await page.getByText('There is no such room.').waitFor({ timeout: 40_000 });
    } finally {
      await close();
      await engine.stop();
    }
  });
});
